// One pixel of a picture on one of the screen's: whether that has room, and where it must lie.

const CAPTION = 26; // CSS pixels below a picture
export const GAP = 20;
const ID_1 = 85.6; // millimetres: the width of a bank card (ISO/IEC 7810)
const ARC_MINUTE = Math.PI / 180 / 60;

/** How so many pictures of this size have room: "beside", "below" or "" for not at all. */
export function roomFor(count, width, height, wide, high) {
  const [w, h] = [width / devicePixelRatio, height / devicePixelRatio];
  if (count * w + (count - 1) * GAP <= wide && h + CAPTION <= high) return "beside";
  return w <= wide && count * (h + CAPTION) + (count - 1) * GAP <= high ? "below" : "";
}

/** Move a picture by less than a pixel of the screen, so that it begins where one of those does. */
export function align(image) {
  image.style.left = image.style.top = "0";
  const { left, top } = image.getBoundingClientRect();
  const off = (place) => `${Math.round(place * devicePixelRatio) / devicePixelRatio - place}px`;
  [image.style.left, image.style.top] = [off(left), off(top)];
}

/** The screen's pixels in a millimetre, where a card is so many CSS pixels wide. */
export const density = (card) => (card * devicePixelRatio) / ID_1;

/** From how many millimetres a pixel is seen under one minute of arc, the design viewing distance of ITU-R BT.2022. */
export const viewingDistance = (pixelsPerMillimetre) => 1 / pixelsPerMillimetre / Math.tan(ARC_MINUTE);

/** The size of the screen in its own pixels. */
export const screenSize = () =>
  `${Math.round(screen.width * devicePixelRatio)}x${Math.round(screen.height * devicePixelRatio)}`;
