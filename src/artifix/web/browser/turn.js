// Where the stored pixels of a picture stand when it is turned upright, by EXIF's orientation 1..8 (EXIF 2.32, 4.6.4.A).

// The upright picture's { width, height }, and of the stored pixel in `row` and `column` its place there, row by row:
// origin + row * down + column * across.
export function turn(orientation, storedWidth, storedHeight) {
  const transposed = orientation > 4;
  const [width, height] = transposed ? [storedHeight, storedWidth] : [storedWidth, storedHeight];
  const fromRight = [2, 3, 6, 7].includes(orientation); // the first stored pixel stands in the last column
  const fromBottom = [3, 4, 7, 8].includes(orientation); // and in the last row
  const [alongRow, alongColumn] = [fromRight ? -1 : 1, fromBottom ? -width : width];
  return {
    width,
    height,
    origin: (fromBottom ? (height - 1) * width : 0) + (fromRight ? width - 1 : 0),
    down: transposed ? alongRow : alongColumn,
    across: transposed ? alongColumn : alongRow,
  };
}
