// One rater's way through the study. The server knows where the rater is; this page only shows it and asks.

import { GAP, align, density, roomFor, screenSize, viewingDistance } from "./pixels.js";
import { ask, insist, load, wait } from "./server.js";
import { say, speak } from "./words.js";

const GREY = 250; // milliseconds of plain grey between two trials
const MEMORY = "artifix-study-rater";
const BESIDE = 200; // CSS pixels, in height, of what is there beside the pictures

const of = (id) => document.getElementById(id);
const hint = (key) => {
  of("hint").textContent = key ? say(key) : "";
};

let study = null;
let standing = null;
let shownAt = 0;
let answered = false;

function view(name) {
  document.body.dataset.view = name;
}

function fail(error) {
  of("reason").textContent = error.message;
  view("failure");
}

/** What stands in one trial: its pictures, each under its name. */
function roles() {
  if (study.procedure === "pairs") return ["left", "right"];
  return study.shown === 2 ? ["original", "test"] : ["test"];
}

/** The places of the pictures, and the scale, once and for all. */
function build() {
  for (const role of roles()) {
    const figure = of("stage").appendChild(document.createElement("figure"));
    const image = figure.appendChild(new Image());
    Object.assign(image, { id: role, alt: say(role), draggable: false });
    figure.appendChild(document.createElement("figcaption")).textContent = say(role);
  }
  of("heading").textContent = say(`heading.${study.procedure}`);
  of("task").textContent = say(`task.${study.procedure}`);
  of("question").textContent = say(`question.${study.procedure}`);
  of("progress").setAttribute("aria-label", say("progress"));
  of("card-width").setAttribute("aria-label", say("card.slider"));
  of("line").hidden = study.grades.length > 0;
  of("grades").hidden = study.grades.length === 0;
  Object.assign(of("score"), { min: study.lowest, max: study.highest });
  for (const grade of study.grades) {
    const label = of("grades").appendChild(document.createElement("label"));
    const radio = label.appendChild(document.createElement("input"));
    Object.assign(radio, { type: "radio", name: "grade", value: grade });
    label.appendChild(document.createElement("span")).textContent = say(`${study.procedure}.${grade}`);
    radio.addEventListener("change", touch);
  }
}

/** The pictures pixel for pixel, beside each other or one below the other; where there is no room, nothing is rated. */
function fit() {
  if (!standing?.trial) return;
  const { width, height } = standing.trial;
  const stage = of("stage");
  const style = getComputedStyle(stage);
  const wide = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const room = roomFor(study.shown, width, height, wide, stage.clientHeight);
  const zoomed = (visualViewport?.scale ?? 1) !== 1;
  stage.classList.toggle("stacked", room === "below");
  const images = [...stage.querySelectorAll("img")];
  for (const { style } of images) {
    style.width = `${width / devicePixelRatio}px`;
    style.height = `${height / devicePixelRatio}px`;
  }
  images.forEach(align);
  of("small").hidden = Boolean(room) && !zoomed;
  of("small-text").textContent = zoomed ? say("zoomed") : say("small.trial", { width, height });
}

/** No answer, and nothing that suggests one. */
function clear() {
  answered = false;
  const slider = of("score");
  slider.value = (study.lowest + study.highest) / 2;
  slider.disabled = true;
  slider.classList.add("untouched");
  slider.setAttribute("aria-valuetext", say("unplaced"));
  for (const radio of of("grades").querySelectorAll("input")) {
    radio.checked = false;
    radio.disabled = true;
  }
  of("next").disabled = true;
}

/** Show where the rater stands: the next trial, or the end. */
async function show(next) {
  standing = next;
  of("simulated").hidden = !next.simulated;
  if (!next.trial) {
    localStorage.removeItem(MEMORY);
    of("completion").textContent = say("completion", { code: next.completion });
    view("finish");
    return;
  }
  const { practice, total, done, trial } = next;
  const [place, count] = trial.practice ? [done + 1, practice] : [done + 1 - practice, total - practice];
  of("place").textContent = say(trial.practice ? "practice" : "trial", { place, count });
  of("progress").value = done / total;
  of("stage").classList.add("blank");
  clear();
  hint("");
  view("rating");
  const images = [...of("stage").querySelectorAll("img")];
  const away = () => hint("loading");
  await Promise.all([...images.map((image, place) => load(image, trial.pictures[place], away)), wait(GREY)]);
  fit();
  of("stage").classList.remove("blank");
  of("score").disabled = false;
  for (const radio of of("grades").querySelectorAll("input")) radio.disabled = false;
  const first = study.grades.length ? of("grades").querySelector("input") : of("score");
  first.focus({ preventScroll: true });
  hint(trial.practice ? "practice.hint" : "");
  document.body.dataset.trial = done + 1;
  shownAt = performance.now();
  setTimeout(allow, 1000 * study.minimum_seconds + 20, done); // 20: a timer may be early
}

/** Whether the trial has been looked at for long enough. */
const lookedAt = () => performance.now() - shownAt >= 1000 * study.minimum_seconds;

/** Let the rater go on from the trial of this number, once it is answered and looked at. */
function allow(done) {
  if (done !== standing.done || !answered) return;
  of("next").disabled = !lookedAt();
  if (!lookedAt()) hint("longer");
  else if (!standing.trial.practice) hint("");
}

function touch() {
  answered = true;
  of("score").classList.remove("untouched");
  of("score").setAttribute("aria-valuetext", say("placed"));
  allow(standing.done);
}

const score = () => Number(study.grades.length ? of("grades").querySelector("input:checked").value : of("score").value);

async function answer(event) {
  event.preventDefault();
  if (of("next").disabled || !of("small").hidden) return;
  const rating = {
    score: score(),
    seconds: (performance.now() - shownAt) / 1000,
    ratio: devicePixelRatio,
    window: `${innerWidth}x${innerHeight}`,
  };
  of("next").disabled = true;
  answered = false;
  of("score").disabled = true;
  const path = `/api/raters/${standing.token}/trials/${standing.done + 1}`;
  try {
    await show(await insist("PUT", path, rating, () => hint("offline")));
  } catch (error) {
    fail(error);
  }
}

/** Begin, with what was said on the first page and, if a card was held to it, how large the screen is. */
async function begin(pixelsPerMillimetre) {
  try {
    const rater = await ask("POST", "/api/raters", {
      consent: true,
      simulated: new URLSearchParams(location.search).has("simulated"),
      invite: of("invite").value,
      age: of("age").value,
      vision: of("vision").value,
      pixels_per_mm: pixelsPerMillimetre,
      screen: screenSize(),
    });
    localStorage.setItem(MEMORY, rater.token);
    history.replaceState(null, "", `/rate/${rater.token}`);
    await show(rater);
  } catch (error) {
    fail(error);
  }
}

/** Whether the pictures have room, and if not, whether a larger window would do. */
function checkRoom() {
  const lacks = (wide, high) =>
    study.sizes.find(([width, height]) => !roomFor(study.shown, width, height, wide - 2 * GAP, high - BESIDE));
  const none = lacks(innerWidth, innerHeight);
  of("room").hidden = !none;
  if (none) {
    const key = lacks(Math.max(innerWidth, screen.width), Math.max(innerHeight, screen.height)) ? "screen" : "window";
    of("room").textContent = say(`small.${key}`, { width: none[0], height: none[1] });
  }
  of("start").disabled = Boolean(none) || !of("profile").checkValidity();
}

function measure() {
  const card = Number(of("card-width").value);
  of("frame").style.width = `${card}px`;
  const centimetres = Math.round(viewingDistance(density(card)) / 10);
  of("distance").textContent = say("card.distance", { centimetres });
}

function welcome() {
  const { trials, minutes } = study;
  of("length").textContent = trials === 1 ? say("length.one") : say("length.many", { count: trials, minutes });
  of("invited").hidden = !study.by_invitation;
  of("invite").required = study.by_invitation;
  of("invite").value = new URLSearchParams(location.search).get("invite") ?? "";
  for (const event of ["input", "change"]) of("profile").addEventListener(event, checkRoom);
  addEventListener("resize", checkRoom);
  checkRoom();
  measure();
  const known = localStorage.getItem(MEMORY);
  if (known) {
    of("resume").hidden = false;
    of("resume").addEventListener("click", () => location.assign(`/rate/${known}`));
  }
  view("welcome");
}

async function open() {
  study = await insist("GET", "/api/study");
  speak(study.wording);
  build();
  const token = location.pathname.match(/^\/rate\/([^/]+)$/)?.[1];
  if (token) await show(await insist("GET", `/api/raters/${token}`));
  else welcome();
}

of("profile").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!of("start").disabled) view("card");
});
of("card-width").addEventListener("input", measure);
of("card-done").addEventListener("click", () => begin(density(Number(of("card-width").value))));
of("card-skip").addEventListener("click", () => begin(null));
of("again").addEventListener("click", () => location.assign("/"));
of("score").addEventListener("input", touch);
of("score").addEventListener("pointerup", touch); // in the very middle nothing changes
of("answer").addEventListener("submit", answer);
addEventListener("resize", fit);
visualViewport?.addEventListener("resize", fit);
open().catch(fail);
