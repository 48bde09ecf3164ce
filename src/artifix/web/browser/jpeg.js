// What a JPEG says of itself before its first scan: tables, sampling, and metadata (ITU-T T.81, Annex B).

const [SOS, DQT, COM, APP0, APP1, APP2, APP13] = [0xda, 0xdb, 0xfe, 0xe0, 0xe1, 0xe2, 0xed];
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca]; // baseline, extended and progressive; Huffman- and arithmetic-coded
const PROGRESSIVE = [0xc2, 0xca];
const EXIF = "Exif\0\0";
const ICC = "ICC_PROFILE\0";
const ORIENTATION = 0x0112;

// Annex K.1 of the standard, luma, in zigzag order.
const LUMA = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57,
  51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120,
  92, 101, 103, 99,
];

// The segments before the first scan, each { marker, data, whole }; `whole` has the marker and the length with it.
function* segments(bytes) {
  for (let place = 2; place + 4 <= bytes.length && bytes[place] === 0xff; ) {
    const marker = bytes[place + 1];
    if (marker === 0xff) {
      place += 1; // fill bytes
      continue;
    }
    const length = (bytes[place + 2] << 8) | bytes[place + 3];
    yield { marker, data: bytes.subarray(place + 4, place + 2 + length), whole: bytes.subarray(place, place + 2 + length) };
    if (marker === SOS) return;
    place += 2 + length;
  }
}

// The quality in libjpeg's terms, the subsampling and the kind of coding, as the page's words take them.
export function inspect(bytes) {
  const tables = [];
  let frame = null;
  for (const { marker, data } of segments(bytes)) {
    if (marker === DQT) readTables(data, tables);
    if (FRAMES.includes(marker)) frame = { marker, data };
  }
  if (!frame || !tables[frame.data[8]]) throw new Error("it has no tables");
  const { quality, exact } = qualityOf(tables[frame.data[8]]);
  return {
    format: "JPEG",
    quality,
    quality_exact: exact,
    subsampling: subsamplingOf(frame.data),
    progressive: PROGRESSIVE.includes(frame.marker),
    frames: 1,
    grid: null,
    summary: "",
  };
}

function readTables(data, tables) {
  for (let place = 0; place < data.length; ) {
    const [size, number] = [data[place] >> 4 ? 2 : 1, data[place] & 15];
    tables[number] = Array.from({ length: 64 }, (_, index) => {
      const at = place + 1 + index * size;
      return size === 2 ? (data[at] << 8) | data[at + 1] : data[at];
    });
    place += 1 + 64 * size;
  }
}

function qualityOf(table) {
  let best = { quality: 1, apart: Infinity };
  for (let quality = 1; quality <= 100; quality += 1) {
    const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
    const scaled = LUMA.map((step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))));
    const apart = scaled.reduce((sum, step, index) => sum + Math.abs(step - table[index]), 0);
    if (apart < best.apart) best = { quality, apart };
  }
  return { quality: best.quality, exact: best.apart === 0 };
}

function subsamplingOf(frame) {
  if (frame[5] !== 3) return null; // grey, or four colours
  const [across, down] = [frame[7] >> 4, frame[7] & 15].map((luma, axis) => {
    const chroma = axis ? frame[10] & 15 : frame[10] >> 4;
    return luma / chroma;
  });
  return { "1 1": "4:4:4", "2 1": "4:2:2", "2 2": "4:2:0", "1 2": "4:4:0", "4 1": "4:1:1" }[`${across} ${down}`] ?? null;
}

// What is kept of a file: { exif, profile, segments }; its EXIF says that the picture stands upright, as it now does.
export function metadata(bytes) {
  const kept = [];
  const profile = [];
  let exif = null;
  for (const { marker, data, whole } of segments(bytes)) {
    if (marker === APP1 && starts(data, EXIF)) {
      const copy = whole.slice();
      exif = copy.subarray(4 + EXIF.length);
      standUpright(exif);
      kept.push(copy);
    } else if (marker === APP2 && starts(data, ICC)) {
      profile[data[ICC.length]] = data.subarray(ICC.length + 2);
      kept.push(whole);
    } else if ([APP1, APP13, COM].includes(marker)) kept.push(whole);
  }
  const parts = profile.filter(Boolean);
  return { exif, profile: parts.length ? concatenated(parts) : null, segments: kept };
}

// A browser's JPEG with the metadata of another one in place of its own: pieces of a Blob.
export function withMetadata(made, { segments: kept }) {
  const own = [...segments(made)];
  const scan = own.find(({ marker }) => marker === SOS).whole;
  const needed = own.filter(({ marker }) => ![SOS, APP0, APP1, APP2].includes(marker));
  const head = own.filter(({ marker }) => marker === APP0);
  const whole = (list) => list.map((segment) => segment.whole);
  return [made.subarray(0, 2), ...whole(head), ...kept, ...whole(needed), made.subarray(scan.byteOffset - made.byteOffset)];
}

// How the stored picture is turned to stand upright: EXIF's 1..8.
export function orientationOf(bytes) {
  for (const { marker, data } of segments(bytes)) {
    if (marker !== APP1 || !starts(data, EXIF)) continue;
    for (const { view, place, little } of orientationsIn(data.subarray(EXIF.length))) {
      const value = view.getUint16(place, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}

function standUpright(exif) {
  for (const { view, place, little } of orientationsIn(exif)) view.setUint16(place, 1, little);
}

// Where the first directory of EXIF has an orientation.
function* orientationsIn(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    for (let index = 0; index < view.getUint16(directory, little); index += 1) {
      const entry = directory + 2 + 12 * index;
      if (view.getUint16(entry, little) === ORIENTATION) yield { view, place: entry + 8, little };
    }
  } catch (failure) {
    if (!(failure instanceof RangeError)) throw failure; // a directory beyond its end has no orientation
  }
}

function starts(data, letters) {
  return [...letters].every((letter, index) => data[index] === letter.charCodeAt(0));
}

function concatenated(parts) {
  const made = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    made.set(part, place);
    place += part.length;
  }
  return made;
}
