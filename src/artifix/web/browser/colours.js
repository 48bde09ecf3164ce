// RGB and full-range YCbCr, as JFIF has them (ITU-T T.871, section 7), in 0..255, neither rounded nor cut off.

// Turn three planes of RGB into YCbCr, in place.
export function toYcbcr([first, second, third]) {
  for (let place = 0; place < first.length; place += 1) {
    const [red, green, blue] = [first[place], second[place], third[place]];
    first[place] = 0.299 * red + 0.587 * green + 0.114 * blue;
    second[place] = 128 - 0.168735892 * red - 0.331264108 * green + 0.5 * blue;
    third[place] = 128 + 0.5 * red - 0.418687589 * green - 0.081312411 * blue;
  }
}

// The inverse, in place.
export function toRgb([first, second, third]) {
  for (let place = 0; place < first.length; place += 1) {
    const [luma, blueness, redness] = [first[place], second[place] - 128, third[place] - 128];
    first[place] = luma + 1.402 * redness;
    second[place] = luma - 0.344136286 * blueness - 0.714136286 * redness;
    third[place] = luma + 1.772 * blueness;
  }
}
