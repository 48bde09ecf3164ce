// The panel beside the picture: what was found in it, its settings, its download.

import { found, foundIn, percent, seconds, sentence, size } from "./words.js";

const element = (id) => document.getElementById(id);
const LABELS = { jpeg: "JPEG", png: "PNG", webp: "WebP", tiff: "TIFF", bmp: "BMP", avif: "AVIF", jpeg2000: "JPEG 2000" };
const NONE = "–"; // no model's name

let choices = [];
let models = [];
let usual = ""; // the model for most formats
let used = ""; // the one that the picture was restored by
let chosen = ""; // the parameter, of a choice or of a model
let clip = null; // the facts of a video

// Fill the lists. `on` has strength(value, final), settings(), format(), frame(at), forAll(), download(), cancel() and
// downloadAll().
export function prepare(catalog, on) {
  ({ choices, models, default: usual } = catalog);
  element("choices").append(...choices.map(card));
  element("choices").hidden = !choices.length;
  const named = new Set(choices.map(({ model, by_format }) => (by_format ? usual : model)));
  const rest = models.filter(({ name }) => !named.has(name)).map(({ name }) => new Option(name, name));
  const none = choices.length ? "none of them" : "what suits the picture";
  element("model").replaceChildren(new Option(none, NONE), ...rest);
  element("research").hidden = !rest.length;
  element("research").open = !choices.length;
  const formats = Object.keys(catalog.formats).map((name) => new Option(LABELS[name] ?? name, name));
  element("format").replaceChildren(new Option("Same as the original", ""), ...formats);

  for (const type of ["input", "change"]) {
    element("strength").addEventListener(type, () => {
      showValues();
      on.strength(Number(element("strength").value), type === "change");
    });
  }
  element("detail").addEventListener("input", showValues);
  const settings = () => {
    showModel();
    on.settings({ model: chosen, detail: hasDetail() ? Number(element("detail").value) : 0 });
  };
  element("choices").addEventListener("change", (event) => {
    chosen = event.target.value;
    settings();
  });
  element("model").addEventListener("change", () => {
    chosen = element("model").value === NONE ? "" : element("model").value;
    settings();
  });
  element("detail").addEventListener("change", settings);
  element("format").addEventListener("change", () => on.format(element("format").value));
  element("frame").addEventListener("input", showValues);
  element("frame").addEventListener("change", () => on.frame(Number(element("frame").value)));
  element("settings").addEventListener("submit", (event) => event.preventDefault());
  element("for-all").addEventListener("click", on.forAll);
  element("download").addEventListener("click", on.download);
  element("cancel").addEventListener("click", on.cancel);
  element("download-all").addEventListener("click", on.downloadAll);
}

// A model's name for people.
export function label(model) {
  return choices.find((one) => one.model === model)?.label ?? (model || usual);
}

// Show a picture and its settings.
export function show(picture, total) {
  const { settings, file, result } = picture;
  ({ clip } = picture);
  element("name").textContent = picture.folder + picture.name;
  element("name").title = picture.folder + picture.name;
  const own = picture.taken && !settingsDiffer(picture) ? picture.taken : exact(picture);
  const { width, height } = clip ?? result?.record ?? {};
  const sides = width ? `${width} × ${height} pixels · ${clip ? `${seconds(clip.seconds)} · ` : ""}` : "";
  element("facts").textContent = sides + size(file.size) + (own ? ` before, ${size(own.blob.size)} after` : "");
  element("found").textContent = clip ? foundIn(clip) : picture.found ? found(picture.found) : "";
  element("frame-row").hidden = !clip;
  element("frame").value = picture.at;
  element("format-row").hidden = Boolean(clip);
  chosen = settings.model;
  used = result?.record?.model ?? "";
  element("strength").value = settings.strength;
  element("detail").value = settings.detail;
  element("format").value = settings.format;
  element("for-all").hidden = total < 2;
  const ready = picture.state === "done" && !picture.taking;
  element("download").setAttribute("aria-disabled", !ready);
  element("download").textContent = picture.taking ? picture.taking : "Download";
  element("cancel").hidden = !picture.making;
  const words = picture.trouble || picture.left || (own?.record?.notes ?? []).join("; ");
  element("lost").textContent = words && sentence(`${words}.`);
  element("lost").classList.toggle("failed", Boolean(picture.trouble));
  showModel();
  showValues();
}

// Offer the pictures that are done, so many, while others are worked on or not.
export function offerAll(ready, busy, making = "") {
  const button = element("download-all");
  button.hidden = ready < 2 && !making;
  button.setAttribute("aria-disabled", Boolean(making));
  button.textContent = making || (busy ? `Download ${ready} ready` : `Download all ${ready}`);
}

export function sayOfArchive(outcome) {
  element("archive").textContent = outcome;
}

// Its file, where it is the very one that is shown.
function exact({ settings, result }) {
  return !clip && settings.strength === 1 && result?.format === settings.format ? result : null;
}

function settingsDiffer({ settings, taken }) {
  const { model, strength, detail, format } = settings;
  return taken.settings !== JSON.stringify([model, strength, detail, format]);
}

function card({ role, label, model }) {
  const [box, input, image, text] = ["label", "input", "img", "span"].map((name) => document.createElement(name));
  input.type = "radio";
  input.name = "choice";
  input.value = model;
  image.src = `samples/${role}.webp`;
  image.alt = "";
  image.width = image.height = 72;
  text.textContent = label;
  box.append(input, image, text);
  return box;
}

function showModel() {
  const choice = choices.find(({ model }) => model === chosen);
  for (const input of document.getElementsByName("choice")) input.checked = input.value === chosen && Boolean(choice);
  element("model").value = choice || !chosen ? NONE : chosen;
  if (!choice && chosen) element("research").open = true;
  element("model-words").textContent = choice?.words ?? sentence(modelCard()?.summary ?? "");
  element("detail-row").hidden = !hasDetail();
}

function hasDetail() {
  return !clip && Boolean(modelCard()?.detail);
}

function modelCard() {
  return models.find(({ name }) => name === (chosen || used || usual));
}

function showValues() {
  for (const id of ["strength", "detail"]) {
    const words = percent(element(id).value);
    element(`${id}-value`).textContent = words;
    element(id).setAttribute("aria-valuetext", words);
  }
  if (!clip) return;
  const at = seconds(element("frame").value * (clip.seconds - clip.seconds / clip.frames));
  element("frame-value").textContent = at;
  element("frame").setAttribute("aria-valuetext", at);
}
