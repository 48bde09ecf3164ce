// What the picture is compared with: as it came, or with other settings that were looked at.

import { percent } from "./words.js";

const select = document.getElementById("against");
let shown = "";

const BOUND = "bound"; // not one of the settings: a map of what the file changed

// `onChange` hears which of the settings that were seen, or null for the picture as it came, and whether it is the map.
export function listen(onChange) {
  select.addEventListener("change", () => {
    const { value } = select;
    onChange(value === "" || value === BOUND ? null : Number(value), value === BOUND);
  });
}

// Whether the file bounds what is shown.
const isBounded = ({ shown: result }) => Boolean(result?.record?.bound?.startsWith("kept"));

// The two versions that a viewer shows of a picture; `label` gives a model's name for people.
export function versions(picture, label) {
  const { settings, shown: result, against } = picture;
  const current = result ? { ...settings, model: result.model, detail: result.detail } : settings;
  if (picture.mapped && isBounded(picture)) {
    const map = { name: result.map ? "Where the file bounds it" : "Before", url: result.map ?? "", strength: 1 };
    return [map, { name: "After", url: result.url, strength: settings.strength }];
  }
  const left = against ? { name: words(against, label), url: picture.resultOf(against)?.url ?? "", strength: against.strength } : null;
  return [
    left ?? { name: "Before", url: "", strength: 0 },
    { name: left ? words(current, label) : "After", url: result?.url ?? "", strength: settings.strength },
  ];
}

// Offer what there is to compare with.
export function show(picture, label) {
  const { seen, settings, against } = picture;
  const options = [["", "the original"]];
  if (isBounded(picture)) options.push([BOUND, "the file’s bound"]);
  for (const [place, one] of seen.entries()) {
    const present = one.model === settings.model && one.detail === settings.detail && one.strength === settings.strength;
    if (!present) options.push([String(place), words(one, label)]);
  }
  if (JSON.stringify(options) !== shown) select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  shown = JSON.stringify(options);
  const mapped = picture.mapped && isBounded(picture);
  select.value = mapped ? BOUND : against ? String(seen.indexOf(against)) : "";
  document.getElementById("bound-words").hidden = !mapped;
  select.closest(".against").hidden = options.length < 2;
}

function words({ model, detail, strength }, label) {
  const parts = [label(model)];
  if (detail) parts.push(`detail ${percent(detail)}`);
  if (strength !== 1) parts.push(percent(strength));
  return parts.join(", ");
}
