// Many pictures as one piece of work: how far it is, how long it takes yet, and what would be lost by leaving.

import { timeLeft } from "./words.js";

const TITLE = document.title;
const SURE = 3; // pictures that must be done before the rest can be reckoned

export class Batch {
  #pictures;
  #began = 0;
  #before = 0; // how many were finished when this piece of work began
  #summary = document.getElementById("summary");

  constructor(pictures) {
    this.#pictures = pictures;
    for (const type of ["list", "change"]) pictures.addEventListener(type, () => this.#show());
    addEventListener("beforeunload", (event) => {
      if (pictures.list.some(({ unsaved }) => unsaved)) event.preventDefault();
    });
  }

  get ready() {
    return this.#pictures.list.filter(({ state }) => state === "done");
  }

  get busy() {
    return this.#pictures.list.some(({ state }) => ["pending", "working"].includes(state));
  }

  #show() {
    const { list } = this.#pictures;
    const finished = list.filter(({ state }) => ["done", "failed"].includes(state)).length;
    if (!this.busy) this.#began = 0;
    else if (!this.#began) [this.#began, this.#before] = [performance.now(), finished];
    const made = finished - this.#before;
    const seconds = ((performance.now() - this.#began) / 1000 / made) * (list.length - finished);
    const left = this.#began && made >= SURE ? `, ${timeLeft(seconds)}` : "";
    const failed = list.filter(({ state }) => state === "failed").length;
    const far = this.busy ? `${finished} of ${list.length}` : `${finished - failed} restored`;
    this.#summary.textContent = list.length > 1 ? `${far}${failed ? `, ${failed} failed` : ""}${left}` : "";
    document.title = this.busy && list.length ? `${finished} of ${list.length}${left} · ${TITLE}` : TITLE;
  }
}
