// The page: its parts, and what each tells the others.

import { ask, send } from "./api.js";
import { Batch } from "./batch.js";
import * as compare from "./compare.js";
import * as intake from "./intake.js";
import * as keys from "./keys.js";
import * as panel from "./panel.js";
import { Picture, Pictures } from "./pictures.js";
import { Runner } from "./runner.js";
import { Saving } from "./saving.js";
import * as strip from "./strip.js";
import { Viewer } from "./viewer.js";
import { count, frameOf, percent, sentence, size, state } from "./words.js";

const element = (id) => document.getElementById(id);
const pictures = new Pictures();
const batch = new Batch(pictures);
const saving = new Saving(pictures, batch, say);
const viewer = new Viewer(showView);
const early = []; // files that come before the server has told of itself
let take = (files) => {
  early.push(...files);
  element("early").textContent = `${count(early.length, "picture")} waiting`;
};
intake.listen((files) => take(files), trouble);
element("sample").addEventListener("click", openSample);

const [{ limits, local, videos }, catalog] = await begin();
const runner = new Runner(pictures, limits.workers);
let last = { model: "", strength: 1, detail: 0, format: "" }; // what the next picture begins with

const here = local || /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
const kept = count(Math.round(limits.kept_seconds / 60), "minute");
element("privacy").textContent = here
  ? "Your pictures stay on this machine."
  : `Your pictures are sent to ${location.host}, which forgets them after ${kept}.`;
element("allowed").textContent += `, up to ${size(limits.max_bytes)} each`;
if (videos) {
  element("allowed").textContent += `. Videos of up to ${limits.video_seconds} s and ${frameOf(limits.video_pixels)}.`;
  element("files").accept += ",video/*,.mkv";
}

take = (files) => {
  const first = document.querySelector(".welcome").contains(document.activeElement);
  pictures.add(files.map(prepare));
  say(files.length === 1 ? `${files[0].file.name} added` : `${count(files.length, "picture")} added`);
  if (first) element("viewer").focus(); // what had it is not there any more
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

function prepare({ file, folder }) {
  const isClip = intake.isVideo(file);
  const picture = new Picture(file, isClip ? { ...last, detail: 0, format: "" } : last, folder);
  const tooLarge = `it has ${size(file.size)}; the most that is taken is ${size(limits.max_bytes)}`;
  picture.error = isClip && !videos ? "videos are not restored here" : file.size > limits.max_bytes ? tooLarge : "";
  if (picture.error) {
    picture.state = "failed";
    picture.retry = false;
  }
  return picture;
}

panel.prepare(catalog, {
  strength(strength, final) {
    const picture = pictures.selected;
    last = { ...last, strength };
    picture.settings.strength = viewer.strength = strength;
    if (!final) return;
    if (picture.result) picture.look();
    pictures.changed(picture);
  },
  settings(changed) {
    last = { ...last, ...changed };
    Object.assign(pictures.selected.settings, changed);
    runner.restart(pictures.selected);
  },
  format(format) {
    last = { ...last, format };
    pictures.selected.settings.format = format;
    pictures.changed(pictures.selected);
  },
  forAll() {
    const { settings } = pictures.selected;
    for (const picture of pictures.list) {
      const { model, detail } = picture.settings;
      picture.settings = { ...settings };
      if (model !== settings.model || detail !== settings.detail) runner.restart(picture);
      else pictures.changed(picture);
    }
    say("All pictures now have these settings");
  },
  frame(at) {
    pictures.selected.turnTo(at);
    runner.restart(pictures.selected);
  },
  download: () => saving.save(pictures.selected),
  cancel: () => pictures.selected.making?.abort(),
  downloadAll: () => saving.saveAll(),
});

compare.listen((place, mapped) => {
  const picture = pictures.selected;
  picture.against = place === null ? null : picture.seen[place];
  picture.mapped = mapped;
  pictures.changed(picture);
});

// Have the server draw where the file bounds the result that is shown, where the picture is compared with that.
async function drawMap(picture) {
  const { shown: result, mapped } = picture;
  if (!mapped || !result || result.map !== undefined) return;
  result.map = "";
  const { model, detail } = result;
  try {
    result.map = URL.createObjectURL((await send("api/bound", picture, { query: { model, detail } })).blob);
  } catch (failure) {
    delete result.map;
    picture.mapped = false;
    trouble(sentence(`${failure.message}.`));
  }
  pictures.changed(picture);
}

pictures.addEventListener("list", () => {
  document.body.classList.toggle("empty", !pictures.list.length);
  showStrip();
  saving.offer();
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
  saving.offer();
});

function showStrip() {
  strip.show(pictures, {
    onSelect: (picture) => pictures.select(picture),
    onRemove: (picture) => pictures.remove(picture),
  });
}

function show(picture) {
  viewer.show(picture.url, ...compare.versions(picture, panel.label));
  compare.show(picture, panel.label);
  element("view-left").textContent = picture.against || picture.mapped ? "Left" : "Before";
  element("view-right").textContent = picture.against || picture.mapped ? "Right" : "After";
  panel.show(picture, pictures.list.length);
  showNotice(picture);
  drawMap(picture);
}

function showNotice(picture) {
  const { progress, shown, retry } = picture;
  const failed = picture.state === "failed";
  const button = element("notice-button");
  if (picture.state === "done" && document.activeElement === button) element("viewer").focus(); // not lost with it
  element("notice").hidden = picture.state === "done";
  element("notice").classList.toggle("failed", failed);
  element("notice-text").textContent = state(picture);
  button.textContent = !failed ? "Cancel" : shown ? "Go back" : retry ? "Try again" : "Remove";
  const bar = element("notice-bar");
  bar.hidden = failed;
  if (progress?.share) bar.value = progress.share;
  else bar.removeAttribute("value");
}

element("notice-button").addEventListener("click", () => {
  const picture = pictures.selected;
  if (picture.state !== "failed" || picture.shown) runner.cancel(picture);
  else if (picture.retry) runner.restart(picture);
  else pictures.remove(picture);
});

function showView({ view, zoom, fitted }) {
  for (const input of document.getElementsByName("view")) input.checked = input.value === view;
  element("zoom-value").textContent = percent(zoom);
  element("zoom-fit").setAttribute("aria-pressed", fitted);
}

for (const input of document.getElementsByName("view")) {
  input.addEventListener("change", () => (viewer.view = input.value));
}
const flip = () => {
  viewer.flip();
  say(document.querySelector(`.tag.${viewer.view}`).textContent);
};
for (const [id, action] of Object.entries({
  "zoom-in": () => viewer.zoomBy(1),
  "zoom-out": () => viewer.zoomBy(-1),
  "zoom-fit": () => viewer.fit(),
  "zoom-100": () => viewer.zoomToLevel(1),
  "zoom-200": () => viewer.zoomToLevel(2),
  "zoom-400": () => viewer.zoomToLevel(4),
  help: () => element("keys").showModal(),
})) {
  element(id).addEventListener("click", action);
}
keys.listen({
  f: flip,
  b: () => (viewer.view = "both"),
  d: () => (viewer.view = "sides"),
  "+": () => viewer.zoomBy(1),
  "=": () => viewer.zoomBy(1),
  "-": () => viewer.zoomBy(-1),
  0: () => viewer.fit(),
  1: () => viewer.zoomToLevel(1),
  2: () => viewer.zoomToLevel(2),
  4: () => viewer.zoomToLevel(4),
  n: () => pictures.step(1),
  p: () => pictures.step(-1),
  s: () => saving.save(pictures.selected),
  Delete: () => pictures.remove(pictures.selected),
  "?": () => element("keys").showModal(),
});

element("early").textContent = "";
if (early.length) take(early);

// A picture to try it on.
async function openSample() {
  const answer = await fetch("samples/cat.jpg").catch(() => null);
  if (answer?.ok) take([{ file: new File([await answer.blob()], "cat.jpg", { type: "image/jpeg" }), folder: "" }]);
  else trouble("The server cannot be reached.");
}

// What is wrong with what came, where no picture can bear the words.
function trouble(text) {
  element("trouble-text").textContent = text;
  element("trouble").showModal();
}

function say(text) {
  element("live").textContent = text;
}
