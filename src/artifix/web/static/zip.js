// Files in one ZIP archive, stored as they are: pictures are compressed already.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20; // 2.0
const UTF8 = 0x0800; // the flag for names
const STORED = 0;
const LARGEST = 0xffffffff; // bytes, and
const MOST = 0xffff; // files, that do without ZIP64

// The archive of `files`, each { name, blob }; equal names are made distinct.
export async function zip(files) {
  const names = distinct(files.map(({ name }) => name));
  const [time, date] = now();
  const body = [];
  const directory = [];
  let offset = 0;
  for (const [number, { blob }] of files.entries()) {
    const name = new TextEncoder().encode(names[number]);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const head = pack("2222244422", VERSION, UTF8, STORED, time, date, crc, blob.size, blob.size, name.length, 0);
    body.push(pack("4", LOCAL), head, name, blob);
    directory.push(pack("42", CENTRAL, VERSION), head, pack("22244", 0, 0, 0, 0, offset), name);
    offset += 4 + head.byteLength + name.length + blob.size;
  }
  if (files.length > MOST || offset > LARGEST) throw new Error("this is more than one archive can hold");
  const length = new Blob(directory).size;
  return new Blob([...body, ...directory, pack("42222442", END, 0, 0, files.length, files.length, length, offset, 0)], {
    type: "application/zip",
  });
}

// Numbers as bytes, little-endian; `sizes` has a digit for each, 2 or 4.
function pack(sizes, ...numbers) {
  const view = new DataView(new ArrayBuffer([...sizes].reduce((sum, size) => sum + Number(size), 0)));
  let place = 0;
  for (const [index, number] of numbers.entries()) {
    if (sizes[index] === "2") view.setUint16(place, number, true);
    else view.setUint32(place, number, true);
    place += Number(sizes[index]);
  }
  return view.buffer;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = (byte >>> 1) ^ (byte & 1 ? 0xedb88320 : 0);
  return byte;
});

// The checksum of ZIP and PNG.
export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

// As MS-DOS had them: two seconds, and years since 1980.
function now() {
  const at = new Date();
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1);
  return [time, ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate()];
}

// "a.jpg", "a (2).jpg", ...; capitals make no difference to some systems.
function distinct(names) {
  const taken = new Set();
  return names.map((name) => {
    const [, stem, suffix = ""] = name.match(/^(.*?)(\.[^.]*)?$/);
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number += 1) free = `${stem} (${number})${suffix}`;
    taken.add(free.toLowerCase());
    return free;
  });
}
