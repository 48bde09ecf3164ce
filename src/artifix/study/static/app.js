// One rater's way through the study. The server knows where the rater is; this page only shows it and asks.

const GREY = 250; // milliseconds of plain grey between two trials
const PATIENCE = 1000; // milliseconds before a rating that did not arrive is sent again
const MEMORY = "artifix-study-rater";
const CAPTION = 26; // CSS pixels below a picture
const GAP = 20;

const of = (id) => document.getElementById(id);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let standing = null;
let shownAt = 0;

class Refused extends Error {}

/** The JSON that the server answers with; Refused where it will not, another error where it cannot be reached. */
async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  if (!response.ok) throw new Refused((await response.json()).error);
  return response.json();
}

/** As `ask`, again and again until the server answers. */
async function insist(method, path, body) {
  for (;;) {
    try {
      return await ask(method, path, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      of("hint").textContent = "The server cannot be reached. Nothing is lost; trying again.";
      await wait(PATIENCE);
    }
  }
}

function view(name) {
  document.body.dataset.view = name;
}

function fail(error) {
  of("reason").textContent = error.message;
  view("failure");
}

/** Load a picture to the end, however often the connection breaks. */
async function load(image, source) {
  for (;;) {
    try {
      image.src = source;
      await image.decode();
      return;
    } catch {
      of("hint").textContent = "The pictures are not here yet; trying again.";
      await wait(PATIENCE);
      image.removeAttribute("src");
    }
  }
}

/** Both pictures equally large, never enlarged, beside each other or one below the other: whichever shows more. */
function fit() {
  if (!standing?.trial) return;
  const { width, height } = standing.trial;
  const stage = of("stage");
  const style = getComputedStyle(stage);
  const wide = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const high = stage.clientHeight;
  const beside = Math.min((wide - GAP) / 2 / width, (high - CAPTION) / height);
  const below = Math.min(wide / width, ((high - GAP) / 2 - CAPTION) / height);
  const scale = Math.max(0.05, Math.min(1, Math.max(beside, below)));
  stage.classList.toggle("stacked", below > beside && beside < 1);
  for (const image of stage.querySelectorAll("img")) {
    image.style.width = `${width * scale}px`;
    image.style.height = `${height * scale}px`;
  }
  stage.dataset.scale = scale;
}

/** Show where the rater stands: the next trial, or the end. */
async function show(next) {
  standing = next;
  of("simulated").hidden = !next.simulated;
  if (!next.trial) {
    localStorage.removeItem(MEMORY);
    view("finish");
    return;
  }
  const { practice, total, done, trial } = next;
  const [place, of_] = trial.practice ? [done + 1, practice] : [done + 1 - practice, total - practice];
  of("place").textContent = `${trial.practice ? "Practice" : "Picture"} ${place} of ${of_}`;
  of("progress").value = done / total;
  of("stage").classList.add("blank");
  const slider = of("score");
  slider.value = 50;
  slider.disabled = true;
  slider.classList.add("untouched");
  slider.setAttribute("aria-valuetext", "not placed");
  of("next").disabled = true;
  of("hint").textContent = "";
  view("rating");
  await Promise.all([load(of("original"), trial.original), load(of("test"), trial.test), wait(GREY)]);
  fit();
  of("stage").classList.remove("blank");
  slider.disabled = false;
  slider.focus({ preventScroll: true });
  of("hint").textContent = trial.practice ? "Practice: this does not count yet." : "";
  document.body.dataset.trial = done + 1;
  shownAt = performance.now();
}

function touch() {
  of("score").classList.remove("untouched");
  of("score").setAttribute("aria-valuetext", "placed");
  of("next").disabled = false;
}

async function answer(event) {
  event.preventDefault();
  if (of("next").disabled) return;
  of("next").disabled = true;
  of("score").disabled = true;
  const rating = {
    score: Number(of("score").value),
    seconds: (performance.now() - shownAt) / 1000,
    scale: Number(of("stage").dataset.scale),
  };
  try {
    await show(await insist("PUT", `/api/raters/${standing.token}/trials/${standing.done + 1}`, rating));
  } catch (error) {
    fail(error);
  }
}

async function begin() {
  of("start").disabled = true;
  try {
    const simulated = new URLSearchParams(location.search).has("simulated");
    const rater = await ask("POST", "/api/raters", { consent: true, simulated });
    localStorage.setItem(MEMORY, rater.token);
    history.replaceState(null, "", `/rate/${rater.token}`);
    await show(rater);
  } catch (error) {
    fail(error);
  }
}

async function open() {
  const token = location.pathname.match(/^\/rate\/([^/]+)$/)?.[1];
  if (token) {
    await show(await insist("GET", `/api/raters/${token}`));
    return;
  }
  const { pictures, minutes } = await insist("GET", "/api/study");
  of("length").textContent =
    (pictures === 1 ? "There is 1 test picture; it takes" : `There are ${pictures} test pictures; they take`) +
    ` about ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`;
  const known = localStorage.getItem(MEMORY);
  if (known) {
    of("resume").hidden = false;
    of("resume").addEventListener("click", () => location.assign(`/rate/${known}`));
  }
  view("welcome");
}

of("consent").addEventListener("change", () => (of("start").disabled = !of("consent").checked));
of("start").addEventListener("click", begin);
of("again").addEventListener("click", () => location.assign("/"));
of("score").addEventListener("input", touch);
of("score").addEventListener("pointerup", touch); // in the very middle nothing changes
of("answer").addEventListener("submit", answer);
addEventListener("resize", fit);
open().catch(fail);
