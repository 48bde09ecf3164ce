// The pictures in the page: which there are, which is selected, and word of every change.

const MOST = 12; // settings of a picture that are remembered, and so results that are kept

export class Picture {
  constructor(file, settings, folder = "") {
    this.file = file;
    this.name = file.name || "picture";
    this.folder = folder; // "holiday/day 1/", as it came
    this.settings = { ...settings }; // model, strength, detail, format ("" for the file's own)
    this.url = URL.createObjectURL(file); // what a browser shows as "before"
    this.known = undefined; // whether a browser shows the file itself; found out when it is worked on
    this.upload = ""; // what the server calls it, while it keeps it
    this.state = "pending"; // then working, then done or failed
    this.progress = null; // { state, ahead, share } while it is worked on
    this.error = "";
    this.retry = true; // whether another attempt may help
    this.results = new Map(); // at full strength, by model and detail
    this.shown = null; // the result that is shown, if only until another is there
    this.seen = []; // the { model, detail, strength } that were shown, the latest last
    this.against = null; // the one of them that the picture is compared with; null for the picture as it came
    this.mapped = false; // whether it is compared with a map of where the file bounds it
    this.found = null; // what inspecting it found
    this.work = null; // an AbortController while it is worked on
    this.clip = null; // of a video: { width, height, seconds, frames, codec }
    this.at = 0.5; // of a video: which frame is shown, 0..1
    this.taking = ""; // words, while its download is being made
    this.left = ""; // words, how long that takes yet
    this.making = null; // an AbortController while that may be cancelled
    this.taken = null; // the download that was made last, with its settings
    this.trouble = ""; // why it could not be
    this.saved = ""; // the settings that it was saved with
  }

  // The result of the present settings: { name, blob, url, record, model, detail, format }, or undefined. Its `map`, once
  // that was asked for, is where the file bounds it; empty while it is made.
  get result() {
    return this.results.get(keyOf(this.settings));
  }

  // The result of other settings that were shown.
  resultOf(settings) {
    return this.results.get(keyOf(settings));
  }

  get unsaved() {
    return ["pending", "working"].includes(this.state) || (this.state === "done" && this.saved !== this.#all());
  }

  markSaved() {
    this.saved = this.#all();
  }

  showBefore(blob) {
    URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(blob);
  }

  keep(result) {
    this.results.set(keyOf(result), { ...result, url: URL.createObjectURL(result.blob) });
  }

  // Show the present settings' result, and remember that it was shown.
  look() {
    this.shown = this.result;
    const { model, detail, strength } = this.settings;
    const same = (one) => one.model === model && one.detail === detail && one.strength === strength;
    this.seen = [...this.seen.filter((one) => !same(one)), { model, detail, strength }].slice(-MOST);
    if (this.against && same(this.against)) this.against = null;
    if (this.against && !this.seen.includes(this.against)) this.seen[0] = this.against;
    const needed = new Set(this.seen.map(keyOf));
    for (const [key, { url, map }] of this.results) {
      if (needed.has(key)) continue;
      for (const one of [url, map]) if (one) URL.revokeObjectURL(one);
      this.results.delete(key);
    }
  }

  // Take back a change whose result never came.
  goBack() {
    const { model, detail } = this.shown;
    Object.assign(this.settings, { model, detail });
    this.state = "done";
    this.progress = null;
    this.error = "";
  }

  // Show another frame of a video: what was made of the one before is of no use.
  turnTo(at) {
    this.at = at;
    this.#revoke();
    this.results.clear();
    this.seen = [];
    this.against = this.shown = null;
    this.known = undefined;
  }

  close() {
    this.work?.abort();
    this.making?.abort();
    this.#revoke();
    URL.revokeObjectURL(this.url);
  }

  #revoke() {
    for (const { url, map } of this.results.values()) for (const one of [url, map]) if (one) URL.revokeObjectURL(one);
  }

  #all() {
    const { model, strength, detail, format } = this.settings;
    return JSON.stringify([model, strength, detail, format]);
  }
}

function keyOf({ model, detail }) {
  return `${detail} ${model}`;
}

// Tells of "list" (pictures come or go), "select" and "change" (its detail is the picture).
export class Pictures extends EventTarget {
  list = [];
  selected = null;

  add(pictures) {
    if (!pictures.length) return;
    this.list.push(...pictures);
    this.#tell("list");
    this.select(pictures[0]);
  }

  remove(picture) {
    const place = this.list.indexOf(picture);
    if (place < 0) return;
    this.list.splice(place, 1);
    picture.close();
    this.#tell("list");
    if (this.selected === picture) this.select(this.list[place] ?? this.list[place - 1] ?? null);
  }

  select(picture) {
    this.selected = picture;
    this.#tell("select", picture);
  }

  // The next picture, or with -1 the one before, around the ends.
  step(by) {
    const place = this.list.indexOf(this.selected) + by;
    if (this.list.length) this.select(this.list.at(place % this.list.length));
  }

  changed(picture) {
    this.#tell("change", picture);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
