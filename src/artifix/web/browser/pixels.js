// Files to pixels and back, by the browser's own decoders; PNG is written here, without loss.

import * as jpeg from "./jpeg.js";
import * as png from "./png.js";

export const FORMATS = { jpeg: ".jpg", png: ".png", webp: ".webp" }; // what is written, and its suffix
const QUALITY = 0.95; // of JPEG

export function formatOf(bytes) {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG")) return "png";
  return text.startsWith("RIFF") && text.endsWith("WEBP") ? "webp" : "";
}

// The upright pixels of a file as an ImageData, the colours as the file has them, and notes on what was not kept.
export async function decode(file, bytes, most) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  if (width * height > most) {
    const megapixels = (pixels) => `${Math.round(pixels / 1e6)} megapixels`;
    throw new RangeError(`it has ${megapixels(width * height)}; up to ${megapixels(most)} are restored here`);
  }
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const notes = formatOf(bytes) === "png" && png.depth(bytes) === 16 ? ["16 bits became 8"] : [];
  return { image: context.getImageData(0, 0, width, height), notes };
}

// A file of an ImageData, with what is kept of the metadata in the source's bytes, and notes on what is lost.
export async function encode(image, format, source) {
  const from = formatOf(source);
  if (format === "png") {
    const kept = from === "png" ? png.metadata(source) : from === "jpeg" ? await png.fromJpeg(jpeg.metadata(source)) : [];
    return { blob: await png.encode(image, kept), lost: from && from !== "webp" ? [] : ["no metadata"] };
  }
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: `image/${format}`, quality: format === "jpeg" ? QUALITY : 1 });
  if (blob.type !== `image/${format}`) throw new Error(`this browser does not write ${format}`);
  if (format !== "jpeg") return { blob, lost: ["no metadata"] };
  const lost = ["lossy JPEG, quality 95", ...(from === "jpeg" ? [] : ["no metadata"])];
  if (from !== "jpeg") return { blob, lost };
  const made = new Uint8Array(await blob.arrayBuffer());
  return { blob: new Blob(jpeg.withMetadata(made, jpeg.metadata(source)), { type: blob.type }), lost };
}
