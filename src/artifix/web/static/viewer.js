// Two versions of a picture, with a divider between them, side by side or in turns; one zoom and place for both.

const CLOSEST = 32; // the largest zoom, screen pixels for one of the picture
const LEVELS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32]; // where zoom buttons and keys stop
const NUDGE = 40; // pixels that an arrow key moves the picture by

export class Viewer {
  #box = document.getElementById("viewer");
  #divider = document.getElementById("divider");
  #befores = this.#box.querySelectorAll(".original");
  #restored = { left: this.#box.querySelector(".left .restored"), right: this.#box.querySelector(".right .restored") };
  #size = null; // the picture's { width, height }
  #fitted = true; // the zoom follows the box's size
  #zoom = 1;
  #x = 0;
  #y = 0;
  #split = 0.5; // of the box's width
  #view = "both";
  #pointers = new Map();
  #onChange;

  // `onChange` hears { view, zoom, fitted } after every change of them.
  constructor(onChange) {
    this.#onChange = onChange;
    new ResizeObserver(() => this.#place()).observe(this.#box);
    this.#listen();
    this.#befores[0].addEventListener("load", () => {
      const { naturalWidth: width, naturalHeight: height } = this.#befores[0];
      const same = this.#size?.width === width && this.#size?.height === height;
      this.#size = { width, height };
      this.#box.classList.add("shown");
      if (!same) this.#fitted = true;
      this.#place();
    });
    this.#befores[0].addEventListener("error", () => {
      this.#size = null; // no picture, or one that the browser does not know
      this.#box.classList.remove("shown");
    });
    this.#setSplit(this.#split);
  }

  // Show two versions of the picture at `before`, each { name, url, strength }: how much of the result at `url` is
  // blended into the picture, 0..1. A left one without url is the picture itself, a right one without url is none yet.
  show(before, left, right) {
    for (const image of this.#befores) if (image.getAttribute("src") !== before) image.src = before;
    for (const [side, { name, url, strength }] of Object.entries({ left, right })) {
      const image = this.#restored[side];
      if ((image.getAttribute("src") ?? "") !== url) {
        if (url) image.src = url;
        else image.removeAttribute("src");
      }
      this.#box.style.setProperty(`--${side}`, url ? strength : 0);
      this.#box.querySelector(`.tag.${side}`).textContent = name;
    }
    this.#box.classList.toggle("compared", Boolean(right.url));
  }

  // How much of the right one's result is blended in; the two layers' light is added.
  set strength(strength) {
    this.#box.style.setProperty("--right", strength);
  }

  get view() {
    return this.#view;
  }

  // "left", "both" (with the divider), "sides" (next to each other) or "right".
  set view(view) {
    this.#view = view;
    this.#box.dataset.view = view;
    this.#place();
    this.#changed();
  }

  flip() {
    this.view = this.#view === "right" ? "left" : "right";
  }

  fit() {
    this.#fitted = true;
    this.#place();
  }

  // So many pixels of the screen for one of the picture's.
  zoomToLevel(level) {
    this.#zoomTo(level / devicePixelRatio);
  }

  // To the next level, or with -1 to the one before.
  zoomBy(direction) {
    const now = this.#zoom * devicePixelRatio;
    const levels = direction > 0 ? LEVELS.filter((level) => level > now * 1.01) : LEVELS.filter((level) => level < now * 0.99);
    this.zoomToLevel(direction > 0 ? (levels[0] ?? CLOSEST) : (levels.at(-1) ?? 0));
  }

  pan(right, down) {
    this.#move(-right * NUDGE, -down * NUDGE);
  }

  #listen() {
    const box = this.#box;
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    box.addEventListener("dblclick", () => (this.#fitted ? this.zoomToLevel(1) : this.fit()));
    box.addEventListener("pointerdown", (event) => this.#press(event));
    box.addEventListener("pointermove", (event) => this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      box.addEventListener(end, (event) => this.#pointers.delete(event.pointerId));
    }
    box.addEventListener("keydown", (event) => this.#key(event));
  }

  #wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    const speed = event.ctrlKey ? 0.01 : 0.0015; // a touchpad's pinch comes with ctrl, in small steps
    this.#zoomTo(this.#zoom * Math.exp(-pixels * speed), this.#point(event));
  }

  #press(event) {
    if (event.button || event.target.closest("button")) return;
    const onDivider = event.target.closest("#divider");
    (onDivider ?? this.#box).focus({ preventScroll: true });
    // Where all is in sight there is nothing to pan, and the whole picture moves the divider.
    const moves = onDivider || (this.#fitted && this.#view === "both") ? "divider" : "picture";
    this.#pointers.set(event.pointerId, { ...this.#point(event), ...ofScreen(event), moves });
    this.#box.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { ...this.#point(event), ...ofScreen(event), moves: before.moves };
    this.#pointers.set(event.pointerId, now);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = ({ x, y }) => Math.hypot(x - other.x, y - other.y) || 1;
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.#zoomTo((this.#zoom * distance(now)) / distance(before), middle);
      this.#move((now.x - before.x) / 2, (now.y - before.y) / 2);
    } else if (now.moves === "divider") {
      this.#setSplit((event.clientX - this.#box.getBoundingClientRect().left) / this.#box.clientWidth);
    } else {
      this.#move(event.clientX - before.clientX, event.clientY - before.clientY);
    }
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [right, down] = arrows[event.key] ?? [0, 0];
    if (event.target === this.#divider) {
      const ends = { Home: 0, End: 1 };
      const step = event.shiftKey ? 0.1 : 0.01;
      if (event.key in arrows) this.#setSplit(this.#split + step * (right - down));
      else if (event.key in ends) this.#setSplit(ends[event.key]);
      else return;
    } else if (event.target === this.#box && event.key in arrows) {
      this.pan(right, down);
    } else return;
    event.preventDefault();
  }

  #point({ clientX, clientY }) {
    const { left, top } = this.#box.getBoundingClientRect();
    const { width, height } = this.#pane();
    return { x: (clientX - left) % width, y: (clientY - top) % height };
  }

  #setSplit(split) {
    this.#split = Math.min(1, Math.max(0, split));
    const percent = Math.round(this.#split * 100);
    this.#box.style.setProperty("--split", `${this.#split * 100}%`);
    this.#divider.setAttribute("aria-valuenow", percent);
    this.#divider.setAttribute("aria-valuetext", `${percent} % left, ${100 - percent} % right`);
  }

  // The room that a version has: the box, or half of it where they are side by side, or above each other.
  #pane() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (this.#view !== "sides") return { width, height };
    return width >= height ? { width: width / 2, height } : { width, height: height / 2 };
  }

  #fitZoom() {
    const { width, height } = this.#pane();
    const largest = 4 / devicePixelRatio; // a tiny picture is not blown up to the whole box
    return Math.min(width / this.#size.width, height / this.#size.height, largest);
  }

  #zoomTo(zoom, at = null) {
    if (!this.#size) return;
    const pane = this.#pane();
    at ??= { x: pane.width / 2, y: pane.height / 2 };
    const least = Math.min(this.#fitZoom(), 1 / devicePixelRatio);
    const old = this.#zoom;
    this.#zoom = Math.min(CLOSEST, Math.max(least, zoom));
    this.#fitted = this.#zoom === this.#fitZoom();
    const ratio = this.#zoom / old; // the point under the pointer stays there
    this.#x = at.x - (at.x - this.#x) * ratio;
    this.#y = at.y - (at.y - this.#y) * ratio;
    this.#place();
  }

  #move(x, y) {
    this.#x += x;
    this.#y += y;
    this.#place();
  }

  // Keep the picture in the box, in the middle where it is smaller, and tell the style sheet where it lies.
  #place() {
    if (!this.#size) return;
    if (this.#fitted) this.#zoom = this.#fitZoom();
    const within = (place, length, room) =>
      length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, place));
    const pane = this.#pane();
    this.#x = within(this.#x, this.#size.width * this.#zoom, pane.width);
    this.#y = within(this.#y, this.#size.height * this.#zoom, pane.height);
    const style = this.#box.style;
    style.setProperty("--x", `${this.#x}px`);
    style.setProperty("--y", `${this.#y}px`);
    style.setProperty("--zoom", this.#zoom);
    style.setProperty("--width", `${this.#size.width}px`);
    style.setProperty("--height", `${this.#size.height}px`);
    this.#box.classList.toggle("pixels", this.#zoom * devicePixelRatio >= 2);
    this.#box.classList.toggle("fitted", this.#fitted); // swipes then scroll the page
    this.#box.classList.toggle("stacked", this.#box.clientWidth < this.#box.clientHeight);
    this.#changed();
  }

  #changed() {
    this.#onChange({ view: this.#view, zoom: this.#zoom * devicePixelRatio, fitted: this.#fitted });
  }
}

function ofScreen({ clientX, clientY }) {
  return { clientX, clientY };
}
