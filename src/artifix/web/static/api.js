// The server's API: pictures go up, answers and their progress come back.

import { askForToken, token } from "./token.js";

const POLL = 250; // milliseconds between questions for a picture's progress
const RETRIES = 20; // questions in a row that may fail

export class Failure extends Error {
  constructor(status, text, retryAfter = 0) {
    super(text);
    this.status = status;
    this.retryAfter = retryAfter; // seconds, where the server asks to come again
  }
}

// What a path answers in JSON.
export async function ask(path) {
  const borne = token();
  const response = await fetch(path, { headers: authorization() }).catch(() => {
    throw new Failure(0, "the server cannot be reached");
  });
  if (response.status === 401) {
    await askForToken(borne);
    return ask(path);
  }
  const answer = await response.json().catch(() => ({ error: `the server answers ${response.status}` })); // a page
  if (!response.ok || answer.error) throw new Failure(response.status, answer.error);
  return answer;
}

// Send a picture up, unless the server has it still.
export async function upload(picture, options = {}) {
  if (picture.upload) return;
  const { blob } = await persist("api/uploads", picture.file, options);
  ({ upload: picture.upload, clip: picture.clip } = JSON.parse(await blob.text()));
}

// Have a path do something with a picture; resolves to { blob, record, name }. `onProgress` hears { state, ahead,
// share }; aborting `signal` leaves the server, which then stops working at the picture.
export async function send(path, picture, { query = {}, ...options } = {}) {
  for (;;) {
    await upload(picture, options);
    try {
      return await persist(path, null, { query: { ...query, upload: picture.upload }, ...options });
    } catch (failure) {
      if (failure.status !== 410) throw failure;
      picture.upload = ""; // the server keeps it no longer
    }
  }
}

// Have a whole video restored, as `send` does a picture; that takes minutes, so the server is asked again and again.
export async function sendVideo(picture, { query, onProgress, signal }) {
  const begun = await send("api/videos", picture, { query, onProgress, signal });
  const path = `api/videos/${JSON.parse(await begun.blob.text()).video}`;
  const options = { headers: authorization() };
  const letGo = () => fetch(path, { ...options, method: "DELETE", keepalive: true }).catch(() => {});
  addEventListener("pagehide", letGo);
  try {
    for (let failed = 0; ; ) {
      const answer = await fetch(path, { ...options, signal }).catch((failure) => {
        if (signal.aborted) throw failure;
        failed += 1;
        if (failed > RETRIES) throw new Failure(0, "the server cannot be reached");
      });
      if (!answer) {
        await pause(POLL, signal);
        continue;
      }
      failed = 0;
      if (answer.status === 200) return await received(answer);
      const told = await answer.json().catch(() => ({ error: `the server answers ${answer.status}` }));
      if (!answer.ok) throw new Failure(answer.status, told.error);
      onProgress(told);
      await pause(POLL, signal);
    }
  } finally {
    removeEventListener("pagehide", letGo);
    letGo();
  }
}

async function received(answer) {
  const header = (name) => answer.headers.get(name);
  const record = JSON.parse(header("Artifix-Record"));
  return { blob: await answer.blob(), record, name: fileName(header("Content-Disposition")) };
}

// Post until there is an answer: a full queue is waited for, a token asked for.
async function persist(path, file, { query = {}, onProgress = () => {}, signal }) {
  for (;;) {
    const borne = token();
    try {
      return await post(path, file, query, onProgress, signal);
    } catch (failure) {
      if (failure.status === 401) await askForToken(borne);
      else if (failure.retryAfter) {
        onProgress({ state: "busy", share: 0 });
        await pause(failure.retryAfter * 1000, signal);
      } else throw failure;
    }
  }
}

function post(path, file, query, onProgress, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const job = newName();
    const request = new XMLHttpRequest(); // fetch does not tell how much of a body has gone up
    let settled = false;
    request.open("POST", `${path}?${new URLSearchParams({ ...query, job })}`);
    request.responseType = "blob";
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress({ state: "arriving", share: loaded / total });
    const poll = async () => {
      while (!settled) {
        await pause(POLL);
        const progress = await ask(`api/progress/${job}`).catch(() => null);
        // To the server a picture arrives until it is in the queue; here all of it has gone up.
        if (progress && !["unknown", "arriving"].includes(progress.state) && !settled) onProgress(progress);
      }
    };
    request.upload.onload = poll;
    request.onload = async () => {
      const record = JSON.parse(request.getResponseHeader("Artifix-Record") ?? "null");
      const name = fileName(request.getResponseHeader("Content-Disposition"));
      if (request.status < 300) return resolve({ blob: request.response, record, name });
      const { error } = await request.response.text().then(JSON.parse).catch(() => ({ error: request.statusText }));
      reject(new Failure(request.status, error, Number(request.getResponseHeader("Retry-After"))));
    };
    request.onerror = () => reject(new Failure(0, "the server cannot be reached"));
    request.onabort = () => reject(signal?.reason);
    request.onloadend = () => (settled = true);
    signal?.addEventListener("abort", () => request.abort());
    if (file) {
      const form = new FormData();
      form.append("file", file, file.name);
      request.send(form);
    } else {
      request.send();
      poll();
    }
  });
}

function authorization() {
  return token() ? { Authorization: `Bearer ${token()}` } : {};
}

// What the server calls an answer's file: filename="a.jpg", or filename*=utf-8''%C3%A4.jpg.
function fileName(disposition) {
  return decodeURIComponent(disposition?.match(/filename(?:="|\*=utf-8'')([^"]*)/)?.[1] ?? "");
}

function newName() {
  const numbers = crypto.getRandomValues(new Uint32Array(4)); // randomUUID would need https
  return [...numbers].map((number) => number.toString(36)).join("-");
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
