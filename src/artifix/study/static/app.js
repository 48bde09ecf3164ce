// One rater's way through the study. The server knows where the rater is; this page only shows it and asks.

const GREY = 250; // milliseconds of plain grey between two trials
const PATIENCE = 1000; // milliseconds before a rating that did not arrive is sent again
const MEMORY = "artifix-study-rater";
const CAPTION = 26; // CSS pixels below a picture
const GAP = 20;
const BESIDE = 180; // CSS pixels, in height, of what is there beside the pictures

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

/** How two pictures of this size, one pixel on one of the screen's, have room: "beside", "below" or "" for not at all. */
function roomFor(width, height, wide, high) {
  const [w, h] = [width / devicePixelRatio, height / devicePixelRatio];
  if (2 * w + GAP <= wide && h + CAPTION <= high) return "beside";
  return w <= wide && 2 * (h + CAPTION) + GAP <= high ? "below" : "";
}

/** Move a picture by less than a pixel of the screen, so that it begins where one of those does. */
function align(image) {
  image.style.left = image.style.top = "0";
  const { left, top } = image.getBoundingClientRect();
  const off = (place) => `${Math.round(place * devicePixelRatio) / devicePixelRatio - place}px`;
  [image.style.left, image.style.top] = [off(left), off(top)];
}

/** Both pictures pixel for pixel, beside each other or one below the other; where there is no room, nothing is rated. */
function fit() {
  if (!standing?.trial) return;
  const { width, height } = standing.trial;
  const stage = of("stage");
  const style = getComputedStyle(stage);
  const wide = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const room = roomFor(width, height, wide, stage.clientHeight);
  const zoomed = (visualViewport?.scale ?? 1) !== 1;
  stage.classList.toggle("stacked", room === "below");
  const images = [...stage.querySelectorAll("img")];
  for (const { style } of images) {
    style.width = `${width / devicePixelRatio}px`;
    style.height = `${height / devicePixelRatio}px`;
  }
  images.forEach(align);
  of("small").hidden = Boolean(room) && !zoomed;
  of("small-text").textContent = zoomed
    ? "Please undo the zoom: every pixel of the pictures must be one of the screen's."
    : `Please make the window larger, or its zoom smaller: two pictures of ${width} × ${height} pixels have no room.`;
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
  if (of("next").disabled || !of("small").hidden) return;
  of("next").disabled = true;
  of("score").disabled = true;
  const rating = {
    score: Number(of("score").value),
    seconds: (performance.now() - shownAt) / 1000,
    scale: 1, // anything else is not rated
    ratio: devicePixelRatio,
    window: `${innerWidth}x${innerHeight}`,
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
  const { pictures, minutes, sizes } = await insist("GET", "/api/study");
  const check = () => {
    // What is beside the pictures while they are rated: place and progress above, the question below.
    const none = sizes.find(([width, height]) => !roomFor(width, height, innerWidth - 2 * GAP, innerHeight - BESIDE));
    of("room").hidden = !none;
    if (none) of("room").textContent = `This window is too small for two pictures of ${none[0]} × ${none[1]} pixels. Please make it larger, or use a larger screen.`;
    of("start").disabled = Boolean(none) || !of("consent").checked;
  };
  of("consent").addEventListener("change", check);
  addEventListener("resize", check);
  check();
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

of("start").addEventListener("click", begin);
of("again").addEventListener("click", () => location.assign("/"));
of("score").addEventListener("input", touch);
of("score").addEventListener("pointerup", touch); // in the very middle nothing changes
of("answer").addEventListener("submit", answer);
addEventListener("resize", fit);
visualViewport?.addEventListener("resize", fit);
open().catch(fail);
