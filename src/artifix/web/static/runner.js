// The pictures' way through the server: a few at a time, the selected one first.

import { send, upload } from "./api.js";

const HOPELESS = [400, 413, 415, 422]; // statuses that the same request would meet again

export class Runner {
  #pictures;
  #atOnce;
  #running = 0;

  constructor(pictures, atOnce) {
    this.#pictures = pictures;
    this.#atOnce = atOnce;
    pictures.addEventListener("list", () => this.#next());
  }

  // Show a picture with the settings that it has now: at once where that was made before, else as soon as it is made.
  restart(picture) {
    picture.work?.abort();
    picture.error = "";
    picture.progress = null;
    if (picture.result) {
      picture.state = "done";
      picture.look();
    } else {
      picture.state = "pending";
    }
    this.#pictures.changed(picture);
    this.#next();
  }

  // Leave it, or go back to the result that there was before.
  cancel(picture) {
    picture.work?.abort();
    if (picture.shown) {
      picture.goBack();
      this.#pictures.changed(picture);
    } else this.#fail(picture, "cancelled", true);
  }

  #next() {
    while (this.#running < this.#atOnce) {
      const waiting = this.#pictures.list.filter(({ state }) => state === "pending");
      const picture = waiting.find((one) => one === this.#pictures.selected) ?? waiting[0];
      if (!picture) return;
      this.#running += 1;
      this.#restore(picture).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #restore(picture) {
    const work = new AbortController();
    const { signal } = work;
    const { model, detail } = picture.settings;
    picture.work = work;
    picture.state = "working";
    picture.progress = { state: picture.upload ? "waiting" : "arriving", ahead: 0, share: 0 };
    this.#pictures.changed(picture);
    try {
      const onProgress = (progress) => {
        if (signal.aborted) return;
        picture.progress = progress;
        this.#pictures.changed(picture);
      };
      await upload(picture, { onProgress, signal });
      const known = await this.#prepare(picture, signal);
      // At full strength: what is less is blended in the page. Of a video a single frame.
      const query = picture.clip ? { model, at: picture.at } : { model, detail, ...(known ? {} : { format: "png" }) };
      const inspecting = this.#inspect(picture, signal).catch(() => {}); // nice to know, no more
      const result = await send(picture.clip ? "api/frame" : "api/restore", picture, { query, onProgress, signal });
      if (signal.aborted) return;
      picture.keep({ ...result, model, detail, format: query.format ?? "" });
      picture.state = "done";
      picture.progress = null;
      picture.look();
      this.#pictures.changed(picture);
      await inspecting;
    } catch (failure) {
      if (!signal.aborted) this.#fail(picture, failure.message, !HOPELESS.includes(failure.status));
    }
  }

  // Whether the browser can show the file itself; otherwise the server makes what it can show, once.
  async #prepare(picture, signal) {
    if (picture.known === undefined) {
      const still = !picture.clip && picture.file.type !== "image/gif"; // a GIF might move
      const known = still && (await canShow(picture.url));
      if (picture.clip) {
        const query = { at: picture.at, strength: 0 };
        picture.showBefore((await send("api/frame", picture, { query, signal })).blob);
      } else if (!known) picture.showBefore((await send("api/preview", picture, { signal })).blob);
      picture.known = known;
      this.#pictures.changed(picture);
    }
    return picture.known;
  }

  async #inspect(picture, signal) {
    if (picture.found || picture.clip) return;
    const { blob } = await send("api/inspect", picture, { signal });
    picture.found = JSON.parse(await blob.text());
    if (picture.found.frames > 1 && picture.known) {
      picture.showBefore((await send("api/preview", picture, { signal })).blob); // the first frame, standing still
    }
    this.#pictures.changed(picture);
  }

  #fail(picture, error, retry) {
    picture.state = "failed";
    picture.progress = null;
    picture.error = error;
    picture.retry = retry;
    this.#pictures.changed(picture);
  }
}

async function canShow(url) {
  const image = new Image();
  image.src = url;
  return image.decode().then(
    () => true,
    () => false,
  );
}
