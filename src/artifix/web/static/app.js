// The page: its parts, and what each tells the others.

import { ask } from "./api.js";
import * as download from "./download.js";
import * as intake from "./intake.js";
import * as keys from "./keys.js";
import * as panel from "./panel.js";
import { Picture, Pictures } from "./pictures.js";
import { Runner } from "./runner.js";
import * as strip from "./strip.js";
import { Viewer } from "./viewer.js";
import { count, percent, sentence, size, state } from "./words.js";
import { zip } from "./zip.js";

const element = (id) => document.getElementById(id);
const pictures = new Pictures();
const viewer = new Viewer(showView);
const early = []; // files that come before the server has told of itself
let take = (files) => {
  early.push(...files);
  element("early").textContent = `${count(early.length, "picture")} waiting`;
};
intake.listen((files) => take(files));

const [{ limits }, catalog] = await begin();
const runner = new Runner(pictures, limits.workers);
let last = { model: "", strength: 1, detail: 0, format: "" }; // what the next picture begins with

element("allowed").textContent += ` · up to ${size(limits.max_bytes)} · forgotten after ${count(Math.round(limits.kept_seconds / 60), "minute")}`;

take = (files) => {
  pictures.add(files.map((file) => prepare(file)));
  say(files.length === 1 ? `${files[0].name} added` : `${count(files.length, "picture")} added`);
};

// What the server tells of itself; as long as it cannot be had, that is said, and files wait.
async function begin() {
  for (;;) {
    try {
      return await Promise.all([ask("api/health"), ask("api/models")]);
    } catch (failure) {
      element("away-text").textContent = sentence(`${failure.message}.`);
      element("away").hidden = false;
      await new Promise((resolve) => element("away-button").addEventListener("click", resolve, { once: true }));
      element("away").hidden = true;
    }
  }
}

function prepare(file) {
  const picture = new Picture(file, last);
  if (file.size > limits.max_bytes) {
    picture.state = "failed";
    picture.error = `it has ${size(file.size)}; this server takes up to ${size(limits.max_bytes)}`;
  }
  return picture;
}

panel.prepare(catalog, {
  strength(strength) {
    last = { ...last, strength };
    pictures.selected.settings.strength = viewer.strength = strength;
  },
  settings(changed) {
    last = { ...last, ...changed };
    Object.assign(pictures.selected.settings, changed);
    runner.restart(pictures.selected);
  },
  format(format) {
    last = { ...last, format };
    pictures.selected.settings.format = format;
    pictures.selected.taken = null;
    pictures.changed(pictures.selected);
  },
  forAll() {
    const { settings } = pictures.selected;
    for (const picture of pictures.list) {
      const { model, detail } = picture.settings;
      picture.settings = { ...settings };
      if (model !== settings.model || detail !== settings.detail) runner.restart(picture);
    }
    say("All pictures now have these settings");
  },
  download: () => save(pictures.selected),
  downloadAll: saveAll,
});

async function save(picture) {
  if (picture?.state !== "done" || picture.taking) return;
  const made = await make(picture);
  if (!made) return;
  download.save(made);
  say(`${picture.name} downloaded`);
}

// One archive: browsers allow a page only so many downloads of its own.
async function saveAll() {
  const all = [...pictures.list];
  const files = [];
  const left = [];
  for (const [number, picture] of all.entries()) {
    panel.showArchive(`Making it, ${number + 1} of ${all.length}`);
    const made = picture.state === "done" && (await make(picture));
    if (made) files.push(made);
    else left.push(`${picture.name}: ${picture.state === "done" ? picture.trouble : state(picture)}`);
  }
  let outcome = [`${files.length} of ${count(all.length, "picture")} downloaded`, ...left].join("; ");
  try {
    if (files.length) download.save({ name: "artifix.zip", blob: await zip(files) });
  } catch (failure) {
    outcome = failure.message;
  }
  panel.showArchive("", outcome);
  say(outcome);
}

// The picture's file with its settings, or null, and why is said.
async function make(picture) {
  picture.trouble = "";
  try {
    return await download.make(picture, () => pictures.changed(picture));
  } catch (failure) {
    picture.trouble = failure.message;
    pictures.changed(picture);
    say(failure.message);
    return null;
  }
}

pictures.addEventListener("list", () => {
  document.body.classList.toggle("empty", !pictures.list.length);
  showStrip();
});
pictures.addEventListener("select", ({ detail: picture }) => {
  showStrip();
  if (!picture) return;
  strip.reveal(picture);
  show(picture);
});
pictures.addEventListener("change", ({ detail: picture }) => {
  strip.update(picture, pictures.selected);
  if (picture === pictures.selected) show(picture);
  if (picture.state !== picture.said && ["done", "failed"].includes(picture.state)) {
    say(`${picture.name}: ${state(picture)}`);
  }
  picture.said = picture.state;
});

function showStrip() {
  strip.show(pictures, {
    onSelect: (picture) => pictures.select(picture),
    onRemove: (picture) => pictures.remove(picture),
  });
}

function show(picture) {
  viewer.show(picture.url, picture.result?.url ?? "");
  viewer.strength = picture.settings.strength;
  panel.show(picture, pictures.list.length);
  showNotice(picture);
}

function showNotice(picture) {
  const { progress } = picture;
  element("notice").hidden = picture.state === "done";
  element("notice").classList.toggle("failed", picture.state === "failed");
  element("notice-text").textContent = state(picture);
  element("notice-button").textContent = picture.state === "failed" ? "Try again" : "Cancel";
  const bar = element("notice-bar");
  bar.hidden = picture.state === "failed";
  if (progress?.share) bar.value = progress.share;
  else bar.removeAttribute("value");
}

element("notice-button").addEventListener("click", () => {
  const picture = pictures.selected;
  if (picture.state === "failed") runner.restart(picture);
  else runner.cancel(picture);
});

function showView({ view, zoom, fitted }) {
  for (const input of document.getElementsByName("view")) input.checked = input.value === view;
  element("zoom-value").textContent = fitted ? "Fit" : percent(zoom);
}

for (const input of document.getElementsByName("view")) {
  input.addEventListener("change", () => (viewer.view = input.value));
}
const flip = () => {
  viewer.flip();
  say(viewer.view === "after" ? "After" : "Before");
};
for (const [id, action] of Object.entries({
  "zoom-in": () => viewer.zoomBy(1),
  "zoom-out": () => viewer.zoomBy(-1),
  "zoom-fit": () => viewer.fit(),
  "zoom-full": () => viewer.full(),
  help: () => element("keys").showModal(),
})) {
  element(id).addEventListener("click", action);
}
keys.listen({
  f: flip,
  b: () => (viewer.view = "both"),
  "+": () => viewer.zoomBy(1),
  "=": () => viewer.zoomBy(1),
  "-": () => viewer.zoomBy(-1),
  0: () => viewer.fit(),
  1: () => viewer.full(),
  n: () => pictures.step(1),
  p: () => pictures.step(-1),
  s: () => save(pictures.selected),
  "?": () => element("keys").showModal(),
});

element("early").textContent = "";
if (early.length) take(early);

function say(text) {
  element("live").textContent = text;
}
