// The pictures in the page: which there are, which is selected, and word of every change.

export class Picture {
  constructor(file, settings) {
    this.file = file;
    this.name = file.name || "picture";
    this.settings = { ...settings }; // model, strength, detail, format ("" for the file's own)
    this.url = URL.createObjectURL(file); // what a browser shows as "before"
    this.known = undefined; // whether a browser shows the file itself; found out when it is worked on
    this.upload = ""; // what the server calls it, while it keeps it
    this.state = "pending"; // then working, then done or failed
    this.progress = null; // { state, ahead, share } while it is worked on
    this.error = "";
    this.result = null; // the restored file that is shown: { name, blob, url, record, model, detail, format }
    this.found = null; // what inspecting it found
    this.work = null; // an AbortController while it is worked on
    this.taking = ""; // words, while its download is being made
    this.taken = null; // the download that was made last: { name, blob, record }
    this.trouble = ""; // why it could not be
  }

  showBefore(blob) {
    URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(blob);
  }

  setResult(result) {
    if (this.result) URL.revokeObjectURL(this.result.url);
    this.result = result && { ...result, url: URL.createObjectURL(result.blob) };
  }

  close() {
    this.work?.abort();
    this.setResult(null);
    URL.revokeObjectURL(this.url);
  }
}

// Tells of "list" (pictures come or go), "select" and "change" (its detail is the picture).
export class Pictures extends EventTarget {
  list = [];
  selected = null;

  add(pictures) {
    this.list.push(...pictures);
    this.#tell("list");
    if (!this.selected && pictures.length) this.select(pictures[0]);
  }

  remove(picture) {
    const place = this.list.indexOf(picture);
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
