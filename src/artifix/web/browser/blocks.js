// Pieces of a JPEG's component, in samples, and the intervals that its coefficients stand for (`artifix.jpeg.intervals`).

const DCT = Float32Array.from({ length: 64 }, (_, place) => {
  const [frequency, position] = [place >> 3, place % 8];
  return Math.cos((Math.PI * (2 * position + 1) * frequency) / 16) * Math.sqrt((frequency ? 2 : 1) / 8);
});
const CENTRE = 128 * 8; // of the lowest frequency: samples are coded less 128
const ROOM = new Float32Array(64);
const EDGE = 0.6; // the least difference of two tiles' means, in steps of the lowest frequency across the edge

// The coefficients of the 8 x 8 samples at `from`, `line` from one row to the next, into `found`, block after block.
export function forward(samples, from, line, found, to) {
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      let sum = 0;
      for (let index = 0; index < 8; index += 1) sum += DCT[8 * row + index] * samples[from + index * line + column];
      ROOM[8 * row + column] = sum;
    }
  }
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      let sum = 0;
      for (let index = 0; index < 8; index += 1) sum += ROOM[8 * row + index] * DCT[8 * column + index];
      found[to + 8 * row + column] = sum;
    }
  }
}

// Its inverse.
export function backward(found, from, samples, to, line) {
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      let sum = 0;
      for (let index = 0; index < 8; index += 1) sum += found[from + 8 * row + index] * DCT[8 * index + column];
      ROOM[8 * row + column] = sum;
    }
  }
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      let sum = 0;
      for (let index = 0; index < 8; index += 1) sum += DCT[8 * index + row] * ROOM[8 * index + column];
      samples[to + row * line + column] = sum;
    }
  }
}

// One unit of a picture, of `rows` x `columns` pixels, which holds whole blocks of every component.
export class Unit {
  // The parts of `components` that lie in the unit of a number, counted across and down.
  constructor({ rows, columns, components }, down, across) {
    this.rows = rows;
    this.columns = columns;
    this.parts = components.map((component) => new Part(component, rows, columns, down, across));
  }
}

// A component's blocks in a unit.
class Part {
  constructor(component, rows, columns, down, across) {
    this.component = component;
    this.high = rows / component.down; // samples
    this.wide = columns / component.across;
    this.blocks = []; // the places of their coefficients; -1 where the file has none
    this.tiles = [];
    const [high, wide] = [this.high / 8, this.wide / 8];
    for (let index = 0; index < high * wide; index += 1) {
      const [row, column] = [down * high + Math.floor(index / wide), across * wide + (index % wide)];
      const there = row < component.rows && column < component.columns;
      this.blocks.push(there ? 64 * (row * component.stride + column) : -1);
      this.tiles.push(there && component.tiles[row * component.columns + column] === 1);
    }
    this.samples = new Float32Array(this.high * this.wide);
    this.offsets = new Float32Array(this.samples.length);
  }

  // Fill `offsets`, block after block, with how far the coefficients of a plane lie from the middles of the intervals.
  measure(plane) {
    const { component, samples, offsets, wide, high } = this;
    const { down, across, table, values } = component;
    samples.fill(0);
    for (let row = 0, from = 0; row < high * down; row += 1) {
      const to = Math.floor(row / down) * wide;
      for (let column = 0; column < wide * across; column += 1, from += 1) {
        samples[to + Math.floor(column / across)] += plane[from] / (down * across);
      }
    }
    for (const [index, block] of this.blocks.entries()) {
      const to = 64 * index;
      forward(samples, this.#start(index), wide, offsets, to);
      offsets[to] -= CENTRE;
      if (block >= 0) for (let place = 0; place < 64; place += 1) offsets[to + place] -= values[block + place] * table[place];
    }
  }

  // Take from the plane what `offsets` now hold: from each pixel of a sample what the sample is to lose.
  subtract(plane) {
    const { component, samples, offsets, wide, high } = this;
    const { down, across } = component;
    for (const index of this.blocks.keys()) backward(offsets, 64 * index, samples, this.#start(index), wide);
    for (let row = 0; row < high * down; row += 1) {
      const from = Math.floor(row / down) * wide;
      const to = row * wide * across;
      for (let column = 0; column < wide * across; column += 1) plane[to + column] -= samples[from + Math.floor(column / across)];
    }
  }

  // The samples that the file's coefficients make, neither rounded nor cut off, at the picture's resolution.
  decode(plane) {
    const { component, samples, offsets, wide, high } = this;
    const { down, across, table, values } = component;
    for (const [index, block] of this.blocks.entries()) {
      for (let place = 0; place < 64; place += 1) offsets[64 * index + place] = block < 0 ? 0 : values[block + place] * table[place];
      backward(offsets, 64 * index, samples, this.#start(index), wide);
    }
    for (let place = 0; place < plane.length; place += 1) {
      const [row, column] = [Math.floor(place / (wide * across)), place % (wide * across)];
      plane[place] = 128 + samples[Math.floor(row / down) * wide + Math.floor(column / across)];
    }
  }

  #start(index) {
    const wide = this.wide / 8;
    return 8 * (Math.floor(index / wide) * this.wide + (index % wide));
  }
}

// Which blocks of a component are tiles (`artifix.jpeg.tiles`): flat beside a flat one of another level, in 0 and 1.
export function findTiles({ rows, columns, stride, values, table }) {
  const tiles = new Uint8Array(rows * columns);
  const means = new Float32Array(rows * columns).fill(NaN); // of those that are flat
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const block = 64 * (row * stride + column);
      let place = 1;
      while (place < 64 && !values[block + place]) place += 1;
      if (place === 64) means[row * columns + column] = (values[block] * table[0]) / 8;
    }
  }
  const mark = (one, other, step) => {
    if (Math.abs(means[one] - means[other]) > EDGE * step) tiles[one] = tiles[other] = 1;
  };
  for (let place = 0; place < tiles.length; place += 1) {
    if ((place + 1) % columns) mark(place, place + 1, table[1]);
    if (place + columns < tiles.length) mark(place, place + columns, table[8]);
  }
  return tiles;
}
