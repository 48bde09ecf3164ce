// The file's bound: bring a restored picture to where its JPEG says that the original lay, as `artifix.jpeg.project`.

import { findTiles, Unit } from "./blocks.js";
import { toRgb, toYcbcr } from "./colours.js";
import { isBeyond, settle } from "./settling.js";

const [FINE, COARSE] = [0.05, 0.4]; // the share of a step that is used, by the step: `artifix.jpeg.share`
const [HALFWAY, HALFWAY_BUSY] = [3, 0.25]; // the step at which it is halfway, by the coefficients that are not 0
const HALF_TRUSTED = 0.3; // of a block's change lies outside, and it is trusted by half
const LEAST_CHANGE = 1e-6;
const ROWS = 16; // of units, from one report to the next
const TURNS = 10_000; // of settling, for a row of units

// Bring restored planes, full-range YCbCr or grey Float32Arrays in 0..255 of an upright picture, inside, in place;
// `place` is where its stored pixels stand, see `turn`. `onProgress` receives the share done, and may throw.
export async function bound(planes, coefficients, place, onProgress) {
  const { width, height, space, components } = coefficients;
  for (const component of components) {
    component.tiles = findTiles(component);
    component.blank = !component.values.some(Boolean);
  }
  const rows = 8 * Math.max(...components.map(({ down }) => down));
  const columns = 8 * Math.max(...components.map(({ across }) => across));
  const cells = components.map(() => new Float32Array(rows * columns));
  for (let top = 0; top < height; top += rows) {
    if ((top / rows) % ROWS === 0) await onProgress(top / height);
    const left = { turns: TURNS + 10 * Math.ceil(width / columns) };
    for (let start = 0; start < width; start += columns) {
      const seen = { rows: Math.min(rows, height - top), columns: Math.min(columns, width - start) };
      const step = { ...place, origin: place.origin + top * place.down + start * place.across };
      for (const [number, cell] of cells.entries()) take(planes[number], cell, columns, seen, step);
      if (space === "RGB") toRgb(cells);
      const unit = new Unit({ rows, columns, components }, top / rows, start / columns);
      for (const [number, part] of unit.parts.entries()) bringWellInside(cells[number], part);
      const atEdge = seen.rows < rows || seen.columns < columns;
      if (atEdge || isBeyond(cells, space)) settle(cells, unit, space, seen, left);
      if (space === "RGB") toYcbcr(cells);
      for (const [number, cell] of cells.entries()) put(planes[number], cell, columns, seen, step);
    }
  }
}

// Bring a component's plane inside the intervals, by the share and the trust that experience has.
function bringWellInside(plane, part) {
  const { component, offsets, tiles, blocks } = part;
  const { table, values } = component;
  if (component.blank) {
    plane.fill(128); // a grey picture's chroma, of which no network may make colour
    return;
  }
  part.measure(plane);
  for (const [index, tile] of tiles.entries()) {
    let [change, outside] = [0, 0];
    for (let place = 0; place < 64; place += 1) {
      const value = offsets[64 * index + place];
      change += value ** 2;
      outside += Math.max(0, Math.abs(value) - table[place] / 2) ** 2;
    }
    const share = outside / (change + 64 * LEAST_CHANGE);
    const halfway = HALFWAY + HALFWAY_BUSY * busy(values, blocks[index]);
    const trust = tile ? 0 : 1 / (1 + (share / HALF_TRUSTED ** 2) ** 3);
    for (let place = 0; place < 64; place += 1) {
      const step = table[place];
      const limit = step * (FINE + ((COARSE - FINE) * step ** 2) / (step ** 2 + halfway ** 2));
      const value = offsets[64 * index + place];
      offsets[64 * index + place] = value - trust * Math.min(limit, Math.max(-limit, value));
    }
  }
  part.subtract(plane);
}

// How many coefficients of a block but the lowest are not 0; `block` is the place of the lowest, -1 where there is none.
function busy(values, block) {
  let count = 0;
  for (let place = 1; block >= 0 && place < 64; place += 1) count += values[block + place] !== 0;
  return count;
}

// A unit of an upright plane as the file stores it; beyond the picture its last pixels again.
function take(plane, cell, columns, seen, { origin, down, across }) {
  for (let row = 0, to = 0; to < cell.length; row += 1) {
    const from = origin + Math.min(row, seen.rows - 1) * down;
    for (let column = 0; column < columns; column += 1, to += 1) {
      cell[to] = plane[from + Math.min(column, seen.columns - 1) * across];
    }
  }
}

function put(plane, cell, columns, seen, { origin, down, across }) {
  for (let row = 0; row < seen.rows; row += 1) {
    const to = origin + row * down;
    for (let column = 0; column < seen.columns; column += 1) plane[to + column * across] = cell[row * columns + column];
  }
}
