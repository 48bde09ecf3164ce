// PNG: chunks of metadata are read, and pictures written without loss (ISO/IEC 15948).

import { crc32 } from "./zip.js"; // one of the page's own scripts, which a build puts beside these

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEPT = ["cHRM", "gAMA", "iCCP", "sRGB", "cICP", "pHYs", "eXIf", "tEXt", "zTXt", "iTXt", "tIME"];

export function depth(bytes) {
  return bytes[24];
}

// The chunks of metadata of a file, each { type, data }.
export function metadata(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = [];
  for (let place = 8; place + 12 <= bytes.length; ) {
    const length = view.getUint32(place);
    const type = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    if (KEPT.includes(type)) found.push({ type, data: bytes.slice(place + 8, place + 8 + length) });
    place += 12 + length;
  }
  return found;
}

// The same of what a JPEG holds: { exif, profile }, each bytes or null.
export async function fromJpeg({ exif, profile }) {
  const chunks = [];
  if (profile) chunks.push({ type: "iCCP", data: join(text("ICC\0\0"), await deflated(profile)) });
  if (exif) chunks.push({ type: "eXIf", data: exif });
  return chunks;
}

// A file of an ImageData: grey, RGB or RGBA by what is in it.
export async function encode({ width, height, data }, chunks = []) {
  const { grey, opaque } = kind(data);
  const channels = opaque ? (grey ? [0] : [0, 1, 2]) : [0, 1, 2, 3];
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, { 1: 0, 3: 2, 4: 6 }[channels.length]);
  const lines = filtered(data, width, height, channels);
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...chunks.map(({ type, data: kept }) => chunk(type, kept)),
    chunk("IDAT", await deflated(lines)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob(parts, { type: "image/png" });
}

function kind(data) {
  let grey = true;
  let opaque = true;
  for (let place = 0; place < data.length; place += 4) {
    grey &&= data[place] === data[place + 1] && data[place] === data[place + 2];
    opaque &&= data[place + 3] === 255;
  }
  return { grey, opaque };
}

// Lines of bytes, each behind its filter: of Sub, Up and Paeth the one whose differences are the smallest in sum.
function filtered(data, width, height, channels) {
  const depth = channels.length;
  const length = width * depth;
  const made = new Uint8Array(height * (length + 1));
  let above = new Uint8Array(length);
  let line = new Uint8Array(length);
  const tries = [1, 2, 4].map((filter) => ({ filter, values: new Uint8Array(length) }));
  for (let row = 0; row < height; row += 1) {
    for (let column = 0, to = 0, from = 4 * row * width; column < width; column += 1, from += 4) {
      for (const channel of channels) line[to++] = data[from + channel];
    }
    let best = null;
    for (const one of tries) {
      one.sum = 0;
      for (let place = 0; place < length; place += 1) {
        const left = place < depth ? 0 : line[place - depth];
        const corner = place < depth ? 0 : above[place - depth];
        const guess = one.filter === 1 ? left : one.filter === 2 ? above[place] : paeth(left, above[place], corner);
        const value = (one.values[place] = line[place] - guess);
        one.sum += Math.abs((value << 24) >> 24);
      }
      if (!best || one.sum < best.sum) best = one;
    }
    made[row * (length + 1)] = best.filter;
    made.set(best.values, row * (length + 1) + 1);
    [above, line] = [line, above];
  }
  return made;
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type, data) {
  const made = new Uint8Array(12 + data.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(text(type), 4);
  made.set(data, 8);
  view.setUint32(8 + data.length, crc32(made.subarray(4, 8 + data.length)));
  return made;
}

function text(letters) {
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

function join(first, second) {
  const made = new Uint8Array(first.length + second.length);
  made.set(first);
  made.set(second, first.length);
  return made;
}
