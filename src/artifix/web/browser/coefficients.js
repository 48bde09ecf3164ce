// The quantised DCT coefficients of a JPEG, as its encoder wrote them (ITU-T T.81, Annex B), baseline or progressive.

import { Bits, codes } from "./bits.js";
import { readScan, ZIGZAG } from "./scans.js";

const [SOI, EOI, SOS, DQT, DHT, DRI, APP0, APP14] = [0xd8, 0xd9, 0xda, 0xdb, 0xc4, 0xdd, 0xe0, 0xee];
const [BASELINE, EXTENDED, PROGRESSIVE] = [0xc0, 0xc1, 0xc2];
const MOST_SCANS = 200; // since a scan of a few bytes may go over every block
const MOST_SAMPLES = 160_000_000; // of all components

// A JPEG's { height, width, space, components }, as the file stores it; `space` is "L", "YCbCr" or "RGB". A component
// has `rows` x `columns` blocks of its own, `stride` blocks from one row of them to the next, 64 `values` for each
// block, row by row, its quantisation `table`, and how many pixels `across` and `down` a sample covers. An Error says
// why they cannot be read: CMYK, arithmetic coding, a broken file.
export function readCoefficients(bytes) {
  const reading = new Reading(bytes);
  while (reading.next());
  const { frame } = reading;
  if (!reading.scans) throw new Error("it has no scan");
  for (const component of frame.components) {
    component.table = reading.tables[component.tableNumber];
    if (!component.table || component.table.includes(0)) throw new Error("it has no tables");
  }
  return { height: frame.height, width: frame.width, space: reading.space, components: frame.components };
}

class Reading {
  tables = []; // of quantisation, by number, row by row
  frame = null;
  scans = 0;
  #codes = new Map(); // of Huffman, by kind and number
  #interval = 0;
  #place = 2;
  #jfif = false;
  #transform = null; // of colours, as Adobe's segment has it

  constructor(bytes) {
    this.bytes = bytes;
    if (bytes[0] !== 0xff || bytes[1] !== SOI) throw new Error("it is no JPEG");
  }

  get space() {
    if (this.frame.components.length === 1) return "L";
    const names = String.fromCharCode(...this.frame.components.map(({ name }) => name));
    return this.#jfif || (this.#transform !== 0 && names !== "RGB") ? "YCbCr" : "RGB";
  }

  // Read the next segment; false at the file's end.
  next() {
    const { bytes } = this;
    while (bytes[this.#place] === 0xff && bytes[this.#place + 1] === 0xff) this.#place += 1;
    const marker = bytes[this.#place + 1];
    if (bytes[this.#place] !== 0xff || marker === undefined) throw new Error("a segment of it is missing");
    if (marker === EOI) return false;
    const length = (bytes[this.#place + 2] << 8) | bytes[this.#place + 3];
    const data = bytes.subarray(this.#place + 4, this.#place + 2 + length);
    if (!(length >= 2) || data.length !== length - 2) throw new Error("a segment of it is cut off");
    this.#place += 2 + length;
    this.#take(marker, data);
    return true;
  }

  #take(marker, data) {
    if (marker === DQT) this.#takeTables(data);
    else if (marker === DHT) this.#takeCodes(data);
    else if (marker === DRI) this.#interval = (data[0] << 8) | data[1];
    else if (marker === SOS) this.#takeScan(data);
    else if (marker === APP0 && starts(data, "JFIF\0")) this.#jfif = true;
    else if (marker === APP14 && starts(data, "Adobe") && data.length >= 12) this.#transform = data[11];
    else if ([BASELINE, EXTENDED, PROGRESSIVE].includes(marker)) this.#takeFrame(data, marker === PROGRESSIVE);
    else if (marker >= 0xc3 && marker <= 0xcf) throw new Error("it is coded arithmetically, or without loss");
  }

  #takeTables(data) {
    for (let place = 0; place < data.length; ) {
      const [size, number] = [data[place] >> 4 ? 2 : 1, data[place] & 15];
      if (place + 1 + 64 * size > data.length) throw new Error("a table of it is cut off");
      const table = new Uint16Array(64);
      for (let index = 0; index < 64; index += 1) {
        const at = place + 1 + index * size;
        table[ZIGZAG[index]] = size === 2 ? (data[at] << 8) | data[at + 1] : data[at];
      }
      // One that is defined anew between two scans would be another one for the components that came before it.
      if (this.scans && String(this.tables[number]) !== String(table)) throw new Error("its tables change");
      this.tables[number] = table;
      place += 1 + 64 * size;
    }
  }

  #takeCodes(data) {
    for (let place = 0; place < data.length; ) {
      const counts = data.subarray(place + 1, place + 17);
      const number = counts.reduce((sum, count) => sum + count, 0);
      this.#codes.set(data[place], { counts, values: data.subarray(place + 17, place + 17 + number) });
      place += 17 + number;
    }
  }

  #takeFrame(data, progressive) {
    if (this.frame || data[0] !== 8 || ![1, 3].includes(data[5])) throw new Error("its colours are not known here");
    const [height, width] = [(data[1] << 8) | data[2], (data[3] << 8) | data[4]];
    const components = Array.from({ length: data[5] }, (_, index) => {
      const [name, factors, tableNumber] = data.subarray(6 + 3 * index);
      return { name, horizontal: factors >> 4, vertical: factors & 15, tableNumber };
    });
    const most = { across: 0, down: 0 };
    for (const { horizontal, vertical } of components) {
      if (!within(horizontal, 1, 4) || !within(vertical, 1, 4)) throw new Error("its sampling is not known here");
      most.across = Math.max(most.across, horizontal);
      most.down = Math.max(most.down, vertical);
    }
    const [rows, columns] = [Math.ceil(height / (8 * most.down)), Math.ceil(width / (8 * most.across))]; // of units
    const samples = components.reduce((sum, each) => sum + each.horizontal * each.vertical * rows * columns * 64, 0);
    if (!samples || samples > MOST_SAMPLES) throw new Error("it is too large for that");
    for (const component of components) {
      component.across = most.across / component.horizontal;
      component.down = most.down / component.vertical;
      if (component.across % 1 || component.down % 1) throw new Error("its chroma is subsampled by a fraction");
      component.rows = Math.ceil(height / (8 * component.down));
      component.columns = Math.ceil(width / (8 * component.across));
      component.stride = columns * component.horizontal;
      component.values = new Int16Array(64 * component.stride * rows * component.vertical);
    }
    this.frame = { height, width, progressive, rows, columns, components };
  }

  #takeScan(data) {
    if ((this.scans += 1) > MOST_SCANS) throw new Error("it has too many scans");
    if (!this.frame || data.length < 4 + 2 * data[0]) throw new Error("a scan of it is cut off");
    const [first, last, shifts] = data.subarray(1 + 2 * data[0]);
    const how = { first, last, before: shifts >> 4, shift: shifts & 15 };
    const single = data[0] === 1;
    if (this.frame.progressive && !(within(first, 0, 63) && within(last, first, first && single ? 63 : first ? -1 : 0))) {
      throw new Error("a scan of it is none");
    }
    const parts = Array.from({ length: data[0] }, (_, index) => {
      const [name, numbers] = data.subarray(1 + 2 * index);
      const component = this.frame.components.find((each) => each.name === name);
      if (!component || how.shift > 13) throw new Error("a scan of it is none");
      const needs = this.frame.progressive ? { dc: !first && !how.before, ac: first > 0 } : { dc: true, ac: true };
      return {
        component,
        dc: needs.dc ? this.#codesOf(numbers >> 4) : null,
        ac: needs.ac ? this.#codesOf(16 | (numbers & 15)) : null,
      };
    });
    if (!parts.length || new Set(parts.map(({ component }) => component)).size < parts.length) throw new Error("a scan of it is none");
    const bits = new Bits(this.bytes, this.#place);
    readScan(bits, this.frame, parts, how, this.#interval);
    this.#place = bits.place;
    const { bytes } = this;
    while (this.#place < bytes.length && !isMarker(bytes[this.#place], bytes[this.#place + 1])) this.#place += 1;
  }

  #codesOf(number) {
    const found = this.#codes.get(number);
    if (!found) throw new Error("its Huffman codes are missing");
    return codes(found.counts, found.values);
  }
}

function isMarker(first, second) {
  return first === 0xff && second !== 0 && second !== 0xff && (second & 0xf8) !== 0xd0;
}

function within(value, least, most) {
  return value >= least && value <= most;
}

function starts(data, letters) {
  return [...letters].every((letter, index) => data[index] === letter.charCodeAt(0));
}
