// Before and after on top of each other: a divider between them, one zoom and place for both.

const CLOSEST = 32; // the largest zoom, screen pixels for one of the picture
const STEP = 1.25; // of a zoom button or key
const NUDGE = 40; // pixels that an arrow key moves the picture by

export class Viewer {
  #box = document.getElementById("viewer");
  #divider = document.getElementById("divider");
  #befores = this.#box.querySelectorAll(".original");
  #after = this.#box.querySelector(".restored");
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

  // Show a picture's two sides by their URLs; `after` is "" while there is none.
  show(before, after) {
    for (const image of this.#befores) if (image.getAttribute("src") !== before) image.src = before;
    if ((this.#after.getAttribute("src") ?? "") !== after) {
      if (after) this.#after.src = after;
      else this.#after.removeAttribute("src");
    }
    this.#box.classList.toggle("restored", Boolean(after));
  }

  // How much of the restored picture is blended into the original, 0..1; the two layers' light is added.
  set strength(strength) {
    this.#box.style.setProperty("--strength", strength);
  }

  get view() {
    return this.#view;
  }

  // "before", "both" or "after".
  set view(view) {
    this.#view = view;
    this.#box.dataset.view = view;
    this.#changed();
  }

  flip() {
    this.view = this.#view === "after" ? "before" : "after";
  }

  fit() {
    this.#fitted = true;
    this.#place();
  }

  // One pixel of the picture for one of the screen.
  full() {
    this.#zoomTo(1 / devicePixelRatio);
  }

  zoomBy(steps) {
    this.#zoomTo(this.#zoom * STEP ** steps);
  }

  pan(right, down) {
    this.#move(-right * NUDGE, -down * NUDGE);
  }

  #listen() {
    const box = this.#box;
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    box.addEventListener("dblclick", () => (this.#fitted ? this.full() : this.fit()));
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
    this.#pointers.set(event.pointerId, { ...this.#point(event), moves });
    this.#box.setPointerCapture(event.pointerId);
  }

  #drag(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { ...this.#point(event), moves: before.moves };
    this.#pointers.set(event.pointerId, now);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const distance = ({ x, y }) => Math.hypot(x - other.x, y - other.y) || 1;
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      this.#zoomTo((this.#zoom * distance(now)) / distance(before), middle);
      this.#move((now.x - before.x) / 2, (now.y - before.y) / 2);
    } else if (now.moves === "divider") {
      this.#setSplit(now.x / this.#box.clientWidth);
    } else {
      this.#move(now.x - before.x, now.y - before.y);
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
    return { x: clientX - left, y: clientY - top };
  }

  #setSplit(split) {
    this.#split = Math.min(1, Math.max(0, split));
    const percent = Math.round(this.#split * 100);
    this.#box.style.setProperty("--split", `${this.#split * 100}%`);
    this.#divider.setAttribute("aria-valuenow", percent);
    this.#divider.setAttribute("aria-valuetext", `${percent} % before, ${100 - percent} % after`);
  }

  #fitZoom() {
    const { clientWidth, clientHeight } = this.#box;
    const largest = 4 / devicePixelRatio; // a tiny picture is not blown up to the whole box
    return Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height, largest);
  }

  #zoomTo(zoom, at = { x: this.#box.clientWidth / 2, y: this.#box.clientHeight / 2 }) {
    if (!this.#size) return;
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
    this.#x = within(this.#x, this.#size.width * this.#zoom, this.#box.clientWidth);
    this.#y = within(this.#y, this.#size.height * this.#zoom, this.#box.clientHeight);
    const style = this.#box.style;
    style.setProperty("--x", `${this.#x}px`);
    style.setProperty("--y", `${this.#y}px`);
    style.setProperty("--zoom", this.#zoom);
    style.setProperty("--width", `${this.#size.width}px`);
    style.setProperty("--height", `${this.#size.height}px`);
    this.#box.classList.toggle("pixels", this.#zoom * devicePixelRatio >= 3);
    this.#changed();
  }

  #changed() {
    this.#onChange({ view: this.#view, zoom: this.#zoom * devicePixelRatio, fitted: this.#fitted });
  }
}
