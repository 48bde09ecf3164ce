// One scan of a JPEG into the coefficients of its components, baseline or progressive (ITU-T T.81, Annexes F and G).

// The place in a block, row by row, of each coefficient in the order of the file.
export const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42,
  49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

// Read the scan of `parts`, each { component, dc, ac }: a component and its tables of codes. A component has `values`
// (64 for each block), `stride` blocks in a row of them, `rows` and `columns` of its own, and `across` and `down` in
// a unit of `frame`. `first`, `last`, `before` and `shift` are the scan's Ss, Se, Ah and Al; `interval` is that of the
// restarts, 0 for none.
export function readScan(bits, frame, parts, { first, last, before, shift }, interval) {
  const scan = new Scan(bits, first, last, shift);
  const decode = !frame.progressive ? "whole" : first === 0 ? (before ? "dcAgain" : "dc") : before ? "acAgain" : "ac";
  const single = parts.length === 1;
  const [rows, columns] = single ? [parts[0].component.rows, parts[0].component.columns] : [frame.rows, frame.columns];
  const total = rows * columns;
  for (let number = 0; number < total; number += 1) {
    if (interval && number && number % interval === 0) {
      bits.restart();
      scan.restart();
    }
    const [row, column] = [Math.floor(number / columns), number % columns];
    for (const part of parts) {
      const { component } = part;
      const [down, across] = single ? [1, 1] : [component.vertical, component.horizontal];
      for (let block = 0; block < down * across; block += 1) {
        const place = (row * down + Math.floor(block / across)) * component.stride + column * across + (block % across);
        scan[decode](part, component.values, 64 * place);
      }
    }
    bits.check();
  }
}

class Scan {
  constructor(bits, first, last, shift) {
    Object.assign(this, { bits, first, last, shift });
    this.restart();
  }

  restart() {
    this.means = new Map(); // the last block's first coefficient, by component
    this.run = 0; // blocks to come in which nothing new begins
  }

  whole(part, values, block) {
    this.mean(part, values, block, 0);
    const { bits } = this;
    for (let index = 1; index < 64; index += 1) {
      const code = bits.code(part.ac);
      const size = code & 15;
      if (!size && code >> 4 < 15) return;
      index += code >> 4;
      if (size) values[block + at(index)] = bits.signed(size);
    }
  }

  mean({ component, dc }, values, block, shift) {
    const mean = (this.means.get(component) ?? 0) + this.bits.signed(this.bits.code(dc) & 15);
    this.means.set(component, mean);
    values[block] = mean << shift;
  }

  dc(part, values, block) {
    this.mean(part, values, block, this.shift);
  }

  dcAgain(part, values, block) {
    if (this.bits.read(1)) values[block] |= 1 << this.shift;
  }

  ac({ ac }, values, block) {
    const { bits, last, shift } = this;
    if (this.run) {
      this.run -= 1;
      return;
    }
    for (let index = this.first; index <= last; index += 1) {
      const code = bits.code(ac);
      const [zeros, size] = [code >> 4, code & 15];
      if (!size && zeros < 15) {
        this.run = (1 << zeros) - 1 + bits.read(zeros);
        return;
      }
      index += zeros;
      if (size) values[block + at(index)] = bits.signed(size) << shift;
    }
  }

  acAgain({ ac }, values, block) {
    const { bits, last } = this;
    const one = 1 << this.shift;
    const again = (place) => {
      if (bits.read(1) && !(values[place] & one)) values[place] += values[place] > 0 ? one : -one;
    };
    let index = this.first;
    for (; !this.run && index <= last; index += 1) {
      const code = bits.code(ac);
      let zeros = code >> 4;
      let found = 0;
      if (code & 15) found = bits.read(1) ? one : -one;
      else if (zeros < 15) {
        this.run = (1 << zeros) + bits.read(zeros);
        break;
      }
      for (; index <= last; index += 1) {
        const place = block + ZIGZAG[index];
        if (values[place]) again(place);
        else if ((zeros -= 1) < 0) break;
      }
      if (found) values[block + at(index)] = found;
    }
    if (!this.run) return;
    for (; index <= last; index += 1) if (values[block + ZIGZAG[index]]) again(block + ZIGZAG[index]);
    this.run -= 1;
  }
}

function at(index) {
  if (index > 63) throw new Error("a block in its scans is too long");
  return ZIGZAG[index];
}
