// The bits of a JPEG's scans, and the Huffman codes that they are made of (ITU-T T.81, Annex F.2.2).

const LONGEST = 16; // bits of a code

export class Bits {
  #buffer = 0; // the last `#count` of its bits are not read yet
  #count = 0;
  #padding = 0; // of those, so many lie beyond the scan's end
  #ended = false;

  constructor(bytes, place) {
    this.bytes = bytes;
    this.place = place; // of the byte after those in the buffer: at a scan's end, of the marker
  }

  // The next bits as a number, at most 16; beyond the end they are 0, which `check` reports.
  read(count) {
    if (this.#count < count) this.#fill(count);
    this.#count -= count;
    return (this.#buffer >> this.#count) & ((1 << count) - 1);
  }

  // A difference or a coefficient of so many bits, whose first bit is its sign.
  signed(count) {
    if (!count) return 0;
    const value = this.read(count);
    return value < 1 << (count - 1) ? value - (1 << count) + 1 : value;
  }

  // The value of the next code of a table that `codes` made.
  code(table) {
    if (this.#count < LONGEST) this.#fill(LONGEST);
    const entry = table[(this.#buffer >> (this.#count - LONGEST)) & 0xffff];
    if (!entry) throw new Error("a code in its scans has no meaning");
    this.#count -= entry >> 8;
    return entry & 0xff;
  }

  check() {
    if (this.#count < this.#padding) throw new Error("its scans end too early");
  }

  // Go on after the restart marker that stands here.
  restart() {
    this.#buffer = this.#count = this.#padding = 0;
    this.#ended = false;
    while (this.bytes[this.place] === 0xff && this.bytes[this.place + 1] === 0xff) this.place += 1;
    if (this.bytes[this.place] !== 0xff || (this.bytes[this.place + 1] & 0xf8) !== 0xd0) throw new Error("a restart is missing");
    this.place += 2;
  }

  #fill(count) {
    while (this.#count < count) {
      let byte = 0;
      if (!this.#ended) {
        byte = this.bytes[this.place];
        const stuffed = byte === 0xff && this.bytes[this.place + 1] === 0;
        this.#ended = byte === undefined || (byte === 0xff && !stuffed);
        if (!this.#ended) this.place += stuffed ? 2 : 1;
      }
      if (this.#ended) [byte, this.#padding] = [0, this.#padding + 8];
      this.#buffer = (this.#buffer << 8) | byte;
      this.#count += 8;
    }
  }
}

// A code's length (high byte) and value (low byte) for each 16 bits that begin with it, of a segment's counts of codes
// by length, and their values; 0 where no code begins so.
export function codes(counts, values) {
  const table = new Uint16Array(1 << LONGEST);
  let place = 0;
  let number = 0;
  for (let length = 1; length <= LONGEST; length += 1) {
    const each = 1 << (LONGEST - length);
    for (let index = 0; index < counts[length - 1]; index += 1, number += 1, place += each) {
      if (place + each > table.length || number >= values.length) throw new Error("its Huffman codes are no codes");
      table.fill((length << 8) | values[number], place, place + each);
    }
  }
  return table;
}
