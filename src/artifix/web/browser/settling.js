// Units of a picture of which more is known than the intervals: colours lie within 0..255, and beyond the picture's
// edges the encoder repeated the last pixels or samples. By projections in turns, as in `artifix.jpeg.settling`.

import { toRgb, toYcbcr } from "./colours.js";

const CLOSE = 0.25; // grey levels that a pixel may be left from where it should lie
const TURNS = 200; // for one unit
const FEASIBLE = 4; // a unit that is further from the intervals at an edge was padded in another way

// Whether any colour of the unit lies beyond what can be written.
export function isBeyond(planes, space) {
  const colours = copied(planes);
  if (space === "YCbCr") toRgb(colours);
  return colours.some((plane) => plane.some((value) => value < -CLOSE || value > 255 + CLOSE));
}

// Bring a unit's planes into the intervals and the colours, in place; `seen` { rows, columns } of it are in the
// picture. `left` counts the turns that are left for all units.
export function settle(planes, unit, space, seen, left) {
  for (let turn = 0; turn < TURNS && left.turns > 0; turn += 1) {
    const wanted = copied(planes);
    clip(wanted, space);
    pad(wanted, unit, seen);
    if (isClose(wanted, planes)) break;
    left.turns -= 1;
    bringInside(wanted, unit, seen);
    wanted.forEach((plane, number) => planes[number].set(plane));
  }
  if (seen.rows === unit.rows && seen.columns === unit.columns) return;
  const padded = copied(planes);
  pad(padded, unit, seen);
  if (farthest(padded, unit, seen) <= FEASIBLE) return;
  for (const [number, part] of unit.parts.entries()) {
    const decoded = new Float32Array(planes[number].length);
    part.decode(decoded);
    for (let place = 0; place < decoded.length; place += 1) {
      const hidden = Math.floor(place / unit.columns) >= seen.rows || place % unit.columns >= seen.columns;
      if (hidden) planes[number][place] = decoded[place];
    }
  }
  bringInside(planes, unit, seen);
}

function bringInside(planes, unit, seen) {
  for (const [number, part] of unit.parts.entries()) {
    part.measure(planes[number]);
    leaveExcess(part, seen);
    part.subtract(planes[number]);
  }
}

function farthest(planes, unit, seen) {
  let most = 0;
  for (const [number, part] of unit.parts.entries()) {
    part.measure(planes[number]);
    leaveExcess(part, seen);
    for (const value of part.offsets) most = Math.max(most, Math.abs(value));
  }
  return most;
}

// Of the offsets of a part, what lies outside of the intervals. Blocks that lie wholly beyond the picture have none.
function leaveExcess({ component, offsets, blocks, wide }, seen) {
  const across = wide / 8;
  const rows = Math.ceil(seen.rows / (8 * component.down));
  const columns = Math.ceil(seen.columns / (8 * component.across));
  for (const index of blocks.keys()) {
    const there = Math.floor(index / across) < rows && index % across < columns;
    for (let place = 0; place < 64; place += 1) {
      const value = offsets[64 * index + place];
      const limit = component.table[place] / 2;
      offsets[64 * index + place] = there ? value - Math.min(limit, Math.max(-limit, value)) : 0;
    }
  }
}

function clip(planes, space) {
  if (space === "YCbCr") toRgb(planes);
  for (const plane of planes) {
    for (let place = 0; place < plane.length; place += 1) plane[place] = Math.min(255, Math.max(0, plane[place]));
  }
  if (space === "YCbCr") toYcbcr(planes);
}

function isClose(planes, others) {
  for (const [number, plane] of planes.entries()) {
    for (let place = 0; place < plane.length; place += 1) {
      if (Math.abs(plane[place] - others[number][place]) > CLOSE) return false;
    }
  }
  return true;
}

function copied(planes) {
  return planes.map((plane) => plane.slice());
}

// The nearest planes that are padded beyond the picture as libjpeg does it: columns repeat the last one, and so do rows,
// up to a whole row of samples, and then the last row of samples.
function pad(planes, { rows, columns, parts }, seen) {
  for (const [number, plane] of planes.entries()) {
    const { down, across } = parts[number].component;
    for (let column = 0; seen.rows < rows && column < columns; column += 1) {
      const line = { plane, from: column, step: columns, length: rows };
      if (seen.rows % down === 0) repeatSample(line, seen.rows - down, reach(seen.rows, down), down);
      else repeat(line, seen.rows, reach(seen.rows, down));
    }
    for (let row = 0; seen.columns < columns && row < rows; row += 1) {
      repeat({ plane, from: row * columns, step: 1, length: columns }, seen.columns, reach(seen.columns, across));
    }
  }
}

// Where the last block of a component ends that holds some of so many pixels; beyond, no block says anything.
function reach(count, scale) {
  return Math.ceil(count / (8 * scale)) * 8 * scale;
}

// Make all values of a line from the last that is seen the mean of those that end at `end`.
function repeat({ plane, from, step, length }, seen, end) {
  const mean = meanOf({ plane, from, step }, seen - 1, end);
  for (let index = seen - 1; index < length; index += 1) plane[from + index * step] = mean;
}

// Move a line as little as makes the mean of each `count` values from `start` the same.
function repeatSample({ plane, from, step, length }, start, end, count) {
  const mean = meanOf({ plane, from, step }, start, end);
  for (let first = start; first < end; first += count) {
    const change = mean - meanOf({ plane, from, step }, first, first + count);
    for (let index = first; index < first + count; index += 1) plane[from + index * step] += change;
  }
  for (let index = end; index < length; index += 1) plane[from + index * step] = mean;
}

function meanOf({ plane, from, step }, start, end) {
  let sum = 0;
  for (let index = start; index < end; index += 1) sum += plane[from + index * step];
  return sum / (end - start);
}
