// The panel beside the picture: what was found in it, its settings, its download.

import { found, percent, sentence, size } from "./words.js";

const element = (id) => document.getElementById(id);
const LABELS = { jpeg: "JPEG", png: "PNG", webp: "WebP", tiff: "TIFF", bmp: "BMP", avif: "AVIF", jpeg2000: "JPEG 2000" };

let models = [];
let usual = ""; // the model for most formats
let used = ""; // the one that the picture was restored by

// Fill the lists. `on` has strength(), settings(), format(), forAll(), download() and downloadAll().
export function prepare(catalog, on) {
  models = catalog.models;
  usual = catalog.default;
  const names = models.map(({ name }) => new Option(name, name));
  element("model").replaceChildren(new Option("As the format needs", ""), ...names);
  const formats = Object.keys(catalog.formats).map((name) => new Option(LABELS[name] ?? name, name));
  element("format").replaceChildren(new Option("As it came", ""), ...formats);

  element("strength").addEventListener("input", () => {
    showValues();
    on.strength(Number(element("strength").value));
  });
  element("detail").addEventListener("input", showValues);
  for (const id of ["model", "detail"]) {
    element(id).addEventListener("change", () => {
      showModel();
      on.settings({ model: element("model").value, detail: hasDetail() ? Number(element("detail").value) : 0 });
    });
  }
  element("format").addEventListener("change", () => on.format(element("format").value));
  element("settings").addEventListener("submit", (event) => event.preventDefault());
  element("for-all").addEventListener("click", on.forAll);
  element("download").addEventListener("click", on.download);
  element("download-all").addEventListener("click", on.downloadAll);
}

// Show a picture and its settings.
export function show(picture, count) {
  const { settings, file, result } = picture;
  element("name").textContent = picture.name;
  const sides = result?.record ? `${result.record.width} × ${result.record.height} pixels, ` : "";
  element("facts").textContent = sides + size(file.size);
  element("found").textContent = picture.found ? found(picture.found) : "";
  element("model").value = settings.model;
  used = result?.record?.model ?? "";
  element("strength").value = settings.strength;
  element("detail").value = settings.detail;
  element("format").value = settings.format;
  element("for-all").hidden = element("download-all").hidden = count < 2;
  element("download").disabled = picture.state !== "done" || Boolean(picture.taking);
  element("download").textContent = picture.taking ? picture.taking : "Download";
  const lost = (picture.taken ?? result)?.record?.notes ?? [];
  element("lost").textContent = picture.trouble || lost.length ? sentence(`${picture.trouble || lost.join("; ")}.`) : "";
  element("lost").classList.toggle("failed", Boolean(picture.trouble));
  showModel();
  showValues();
}

// Show how the archive of all pictures comes on, and at its end what came of it.
export function showArchive(progress, outcome = "") {
  element("download-all").disabled = Boolean(progress);
  element("download-all").textContent = progress || "Download all";
  element("archive").textContent = outcome && `${outcome}.`;
}

function showModel() {
  element("model-words").textContent = sentence(chosen()?.summary ?? "");
  element("detail-row").hidden = !hasDetail();
}

function hasDetail() {
  return Boolean(chosen()?.detail);
}

function chosen() {
  return models.find(({ name }) => name === (element("model").value || used || usual));
}

function showValues() {
  for (const id of ["strength", "detail"]) {
    const words = percent(element(id).value);
    element(`${id}-value`).textContent = words;
    element(id).setAttribute("aria-valuetext", words);
  }
}
