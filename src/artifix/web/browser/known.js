// The vector that a network is conditioned on: a JPEG's tables and subsampling, in the layout of `artifix.models.known`.

const [SIZE, CHROMA, JPEG, ACROSS, DOWN, COLOUR] = [144, 64, 128, 129, 130, 131];
const STEPS = 8; // powers of two in the range of a step of 8 bits

// The vector for the result of `readCoefficients`, null for other files, and the picture's EXIF `orientation`. It is all
// zeros without a JPEG, for RGB, and if the turned picture begins with a part of a block.
export function known(coefficients, orientation) {
  const told = new Float32Array(SIZE);
  if (!coefficients || coefficients.space === "RGB") return told;
  const { width, height, components } = coefficients;
  const [luma, ...chroma] = components;
  const [across, down] = chroma.length ? [chroma[0].across, chroma[0].down] : [1, 1];
  const alike = chroma.every((each) => each.across === across && each.down === down && luma.across * luma.down === 1);
  if (!alike || across > 2 || down > 2) return told; // networks have not been trained on those
  if ([2, 3, 7, 8].includes(orientation) && width % (8 * across)) return told;
  if ([3, 4, 6, 7].includes(orientation) && height % (8 * down)) return told;
  const transposed = orientation > 4;
  told.set(logarithms(luma.table, transposed));
  told[JPEG] = 1;
  if (!chroma.length) return told;
  told.set(logarithms(chroma[0].table, transposed), CHROMA);
  told[transposed ? DOWN : ACROSS] = Math.log2(across);
  told[transposed ? ACROSS : DOWN] = Math.log2(down);
  told[COLOUR] = 1;
  return told;
}

function logarithms(table, transposed) {
  const places = Uint8Array.from({ length: 64 }, (_, place) => (transposed ? 8 * (place % 8) + (place >> 3) : place));
  return Float32Array.from(places, (place) => Math.log2(table[place]) / STEPS);
}
