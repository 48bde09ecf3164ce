// The samples that a JPEG decodes to, just as libjpeg-turbo makes them: its accurate integer DCT (jidctint.c), and its
// smooth enlarging of chroma (jdsample.c). What the browser itself shows is RGB, rounded and cut off.

const ROOM = new Int32Array(64);

// A component at its own resolution: { samples, line, width, height }, `line` samples from one row to the next.
export function samplesOf({ height, width }, component) {
  const { rows, columns, stride, values, table, across, down } = component;
  const line = 8 * columns;
  const samples = new Uint8ClampedArray(8 * rows * line);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      transform(values, 64 * (row * stride + column), table, samples, 8 * (row * line + column), line);
    }
  }
  return { samples, line, width: Math.ceil(width / across), height: Math.ceil(height / down) };
}

// The inverse DCT of 64 coefficients at `from`, of the steps in `table`, into 8 x 8 samples at `to`.
function transform(values, from, table, samples, to, line) {
  for (let column = 0; column < 8; column += 1) {
    const at = (row) => values[from + 8 * row + column] * table[8 * row + column];
    butterfly(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), ROOM, column, 8, 11, 0);
  }
  for (let row = 0; row < 8; row += 1) {
    const at = 8 * row;
    const [a, b, c, d] = [ROOM[at], ROOM[at + 1], ROOM[at + 2], ROOM[at + 3]];
    butterfly(a, b, c, d, ROOM[at + 4], ROOM[at + 5], ROOM[at + 6], ROOM[at + 7], samples, to + row * line, 1, 18, 128);
  }
}

// Eight values into eight, in numbers of 13 binary places that are then rounded off by `shift` places.
function butterfly(v0, v1, v2, v3, v4, v5, v6, v7, out, to, step, shift, centre) {
  const half = 1 << (shift - 1);
  const common = (v2 + v6) * 4433;
  const [e2, e3] = [common - v6 * 15137, common + v2 * 6270];
  const [e0, e1] = [(v0 + v4) * 8192, (v0 - v4) * 8192];
  const five = (v7 + v3 + v5 + v1) * 9633;
  const [z1, z2] = [(v7 + v1) * -7373, (v5 + v3) * -20995];
  const [z3, z4] = [(v7 + v3) * -16069 + five, (v5 + v1) * -3196 + five];
  const o0 = v7 * 2446 + z1 + z3;
  const o1 = v5 * 16819 + z2 + z4;
  const o2 = v3 * 25172 + z2 + z3;
  const o3 = v1 * 12299 + z1 + z4;
  out[to] = ((e0 + e3 + o3 + half) >> shift) + centre;
  out[to + 7 * step] = ((e0 + e3 - o3 + half) >> shift) + centre;
  out[to + step] = ((e1 + e2 + o2 + half) >> shift) + centre;
  out[to + 6 * step] = ((e1 + e2 - o2 + half) >> shift) + centre;
  out[to + 2 * step] = ((e1 - e2 + o1 + half) >> shift) + centre;
  out[to + 5 * step] = ((e1 - e2 - o1 + half) >> shift) + centre;
  out[to + 3 * step] = ((e0 - e3 + o0 + half) >> shift) + centre;
  out[to + 4 * step] = ((e0 - e3 - o0 + half) >> shift) + centre;
}

// The component's plane at the picture's resolution, upright: `place` is where a stored pixel stands, see `turn`.
export function planeOf(coefficients, component, place) {
  const { height, width } = coefficients;
  const { across, down } = component;
  const made = samplesOf(coefficients, component);
  const plane = new Uint8ClampedArray(height * width);
  const smoothAcross = across === 2 && down <= 2 && made.width > 2;
  const smoothDown = down === 2 && (across === 1 || smoothAcross);
  const sums = new Int32Array(made.width); // of two rows, the nearer one three times
  for (let row = 0; row < height; row += 1) {
    const near = Math.floor(row / down);
    const other = smoothDown ? Math.min(made.height - 1, Math.max(0, row % 2 ? near + 1 : near - 1)) : near;
    for (let column = 0; column < made.width; column += 1) {
      const value = made.samples[near * made.line + column];
      sums[column] = smoothDown ? 3 * value + made.samples[other * made.line + column] : value;
    }
    const to = place.origin + row * place.down;
    for (let column = 0; column < width; column += 1) {
      plane[to + column * place.across] = smoothAcross
        ? between(sums, column, made.width, smoothDown)
        : smoothDown
          ? (sums[column] + 1 + (row % 2)) >> 2
          : sums[Math.floor(column / across)];
    }
  }
  return plane;
}

// A column between two of a row of samples, or of sums of four.
function between(row, column, length, sums) {
  const near = column >> 1;
  const right = column & 1;
  const other = right ? near + 1 : near - 1;
  if (other < 0 || other >= length) return sums ? (4 * row[near] + (right ? 7 : 8)) >> 4 : row[near];
  const mixed = 3 * row[near] + row[other];
  return sums ? (mixed + (right ? 7 : 8)) >> 4 : (mixed + 1 + right) >> 2;
}
