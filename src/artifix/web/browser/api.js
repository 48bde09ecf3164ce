// The page's API without a server: a worker in the browser restores, and no picture leaves the machine.

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
const offers = fetch("offers.json").then((response) => response.json());
const waiting = new Map(); // a request's number -> what its answers go to
let numbers = 0;

export class Failure extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

worker.addEventListener("message", ({ data: { number, progress, answer, failure } }) => {
  const { resolve, reject, onProgress } = waiting.get(number) ?? {};
  if (progress) return onProgress?.(progress);
  waiting.delete(number);
  if (failure) reject?.(new Failure(failure.status, failure.text));
  else resolve?.(answer);
});

// What the server would answer in JSON.
export async function ask(path) {
  const { health, models } = await offers;
  return path === "api/health" ? health : models;
}

// Hand a picture to the worker, once.
export async function upload(picture) {
  if (picture.upload) return;
  picture.upload = String((numbers += 1));
  worker.postMessage({ upload: picture.upload, file: picture.file });
}

// Have the worker do something with a picture; resolves to { blob, record, name }. `onProgress` receives { state, ahead,
// share }; aborting `signal` stops the work at the next tile.
export async function send(path, picture, { query = {}, onProgress = () => {}, signal } = {}) {
  await upload(picture);
  signal?.throwIfAborted();
  const number = (numbers += 1);
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject, onProgress });
    signal?.addEventListener("abort", () => {
      waiting.delete(number);
      worker.postMessage({ cancel: number });
      reject(signal.reason);
    });
    worker.postMessage({ number, path, upload: picture.upload, query });
  });
}

// Videos are restored by a server alone, and the page offers none without one.
export async function sendVideo() {
  throw new Failure(415, "videos are not restored here");
}
