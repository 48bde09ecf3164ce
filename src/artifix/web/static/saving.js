// Downloads: one file, or all that are ready in one archive.

import * as download from "./download.js";
import { offerAll, sayOfArchive } from "./panel.js";
import { count, state } from "./words.js";
import { zip } from "./zip.js";

export class Saving {
  #pictures;
  #batch;
  #say;
  #archiving = ""; // words, while an archive is being made

  constructor(pictures, batch, say) {
    [this.#pictures, this.#batch, this.#say] = [pictures, batch, say];
  }

  async save(picture) {
    if (picture?.state !== "done" || picture.taking) return;
    const made = await this.#make(picture);
    if (!made) return;
    download.save(made);
    picture.markSaved();
    this.#say(`${picture.name} downloaded`);
  }

  // One archive: browsers allow a page only so many downloads of its own.
  async saveAll() {
    if (this.#archiving) return;
    const { list } = this.#pictures;
    const all = [...this.#batch.ready];
    const yet = list.length - all.length;
    const made = [];
    const left = [];
    for (const [number, picture] of all.entries()) {
      this.offer(`Making it, ${number + 1} of ${all.length}`);
      const file = await this.#make(picture);
      if (file) made.push([picture, file]);
      else left.push(`${picture.name}: ${picture.trouble || "cancelled"}`);
    }
    for (const picture of list) if (picture.state === "failed") left.push(`${picture.name}: ${state(picture)}`);
    let outcome = [`${made.length} of ${count(list.length, "picture")} downloaded`, ...left].join("; ");
    if (this.#batch.busy) outcome += `; ${count(yet - left.length, "other")} not restored yet`;
    try {
      if (made.length) {
        const files = made.map(([{ folder }, { name, blob }]) => ({ name: folder + name, blob }));
        download.save({ name: "artifix.zip", blob: await zip(files) });
        for (const [picture] of made) picture.markSaved();
      }
    } catch (failure) {
      outcome = failure.message;
    }
    sayOfArchive(`${outcome}.`);
    this.offer("");
    this.#say(outcome);
  }

  // Offer what is ready, or say what is being made of it.
  offer(making = this.#archiving) {
    this.#archiving = making;
    offerAll(this.#batch.ready.length, this.#batch.busy, making);
  }

  // The picture's file with its settings; null if it cannot be made, which is announced.
  async #make(picture) {
    picture.trouble = "";
    try {
      return await download.make(picture, () => this.#pictures.changed(picture));
    } catch (failure) {
      const cancelled = failure.name === "AbortError";
      picture.trouble = cancelled ? "" : failure.message;
      this.#pictures.changed(picture);
      this.#say(cancelled ? "Cancelled" : failure.message);
      return null;
    }
  }
}
