// What a network reads of a picture, and the pixels of what it makes of that.

import { readCoefficients } from "./coefficients.js";
import { toRgb, toYcbcr } from "./colours.js";
import { planeOf } from "./decoded.js";
import { orientationOf } from "./jpeg.js";
import { turn } from "./turn.js";

// The planes of a decoded file, full-range YCbCr or grey alone, in 0..255: { planes, width, height }. Of a JPEG they are
// as the file stores them, before the browser made RGB of them, and `coefficients`, `orientation` and `place` (`turn`)
// come with them; `reason` says why they do not.
export function sourceOf(image, bytes, format) {
  const { width, height } = image;
  if (format !== "jpeg") return { planes: planesOf(image), width, height };
  try {
    const coefficients = readCoefficients(bytes);
    const orientation = orientationOf(bytes);
    const place = turn(orientation, coefficients.width, coefficients.height);
    if (place.width !== width || place.height !== height) throw new Error("the browser shows another size");
    let planes = coefficients.components.map((component) => planeOf(coefficients, component, place));
    if (coefficients.space === "RGB") toYcbcr((planes = planes.map((plane) => Float32Array.from(plane))));
    return { planes, width, height, coefficients, orientation, place };
  } catch (failure) {
    return { planes: planesOf(image), width, height, reason: failure.message };
  }
}

function planesOf({ width, height, data }) {
  const planes = [0, 1, 2].map((channel) => Float32Array.from({ length: width * height }, (_, place) => data[4 * place + channel]));
  const [red, ...others] = planes;
  if (others.every((plane) => plane.every((value, place) => value === red[place]))) return [red];
  toYcbcr(planes);
  return planes;
}

// An image blended with restored planes of it; hidden pixels stay, and all keep their alpha.
export function blended(image, restored, strength) {
  const { data } = image;
  const made = new ImageData(image.width, image.height);
  const colours = restored.map((plane) => plane.slice());
  if (colours.length === 3) toRgb(colours);
  for (let place = 0; place < data.length; place += 1) {
    const channel = place % 4;
    const before = data[place];
    const after = channel === 3 || data[place | 3] === 0 ? before : colours[channel % colours.length][place >> 2];
    made.data[place] = before + strength * (after - before);
  }
  return made;
}
