// What the page asks for, away from the page's own thread, one request after the other.

import { bound } from "./bound.js";
import * as jpeg from "./jpeg.js";
import { known } from "./known.js";
import { Network } from "./network.js";
import { decode, encode, FORMATS, formatOf } from "./pixels.js";
import { blended, sourceOf } from "./source.js";

const NETWORK = 0.9; // of the time for a JPEG; the rest is the bound's
const files = new Map(); // the page's name of a picture -> its file
const cancelled = new Set(); // numbers of requests that nobody waits for
const offers = fetch(new URL("offers.json", import.meta.url)).then((response) => response.json());
const networks = new Map(); // model -> a promise of its network
let restored = {}; // the last result, so that another format or strength need not compute it again
let last = Promise.resolve();

open("").catch(() => {}); // fetched early, so that all is there when the connection goes

addEventListener("message", ({ data }) => {
  if (data.file) files.set(data.upload, data.file);
  else if (data.cancel) cancelled.add(data.cancel);
  else last = last.then(() => serve(data));
});

class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function serve({ number, path, upload, query }) {
  const onProgress = async (share) => {
    postMessage({ number, progress: { state: "working", ahead: 0, share } });
    await new Promise((resolve) => setTimeout(resolve)); // a cancellation may be waiting
    if (cancelled.has(number)) throw new Refusal(499, "cancelled");
  };
  try {
    const answer = await ACTIONS[path](upload, query, onProgress);
    postMessage({ number, answer });
  } catch (failure) {
    postMessage({ number, failure: { status: failure.status ?? 500, text: failure.message } });
  }
  cancelled.delete(number);
}

const ACTIONS = {
  "api/restore": restore,
  "api/inspect": inspect,
  async "api/preview"() {
    throw new Refusal(415, "this browser cannot decode it; `artifix restore` may");
  },
};

async function restore(upload, { model = "", strength = 1, format = "" }, onProgress) {
  const file = files.get(upload);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { image, notes } = await decoded(file, bytes);
  const network = await open(model);
  const own = formatOf(bytes);
  const key = `${upload} ${network.name}`;
  if (restored.key !== key) restored = { key, ...(await restoredBy(network, sourceOf(image, bytes, own), onProgress)) };
  const target = format || (FORMATS[own] ? own : "png");
  const { blob, lost } = await encode(blended(image, restored.planes, Number(strength)), target, bytes);
  return {
    blob,
    name: `${file.name.replace(/\.[^.]*$/, "") || "picture"}-restored${FORMATS[target]}`,
    record: { width: image.width, height: image.height, model: network.name, notes: [...notes, ...restored.notes, ...lost] },
  };
}

// A source's restored planes, kept to what could be the original of a JPEG, and notes on where they are not.
async function restoredBy(network, source, onProgress) {
  const { coefficients, orientation, place, reason } = source;
  const shares = coefficients ? [0, NETWORK, 1] : [0, 1];
  const within = (step) => (share) => onProgress(shares[step] + share * (shares[step + 1] - shares[step]));
  const planes = await network.restore(source, known(coefficients, orientation), within(0));
  if (coefficients) await bound(planes, coefficients, place, within(1));
  return { planes, notes: reason ? [`not bounded by the file: ${reason}`] : [] };
}

async function decoded(file, bytes) {
  const { max_pixels: most } = (await offers).health.limits;
  try {
    return await decode(file, bytes, most);
  } catch (failure) {
    throw new Refusal(415, failure instanceof RangeError ? failure.message : "this browser cannot decode it");
  }
}

async function inspect(upload) {
  const bytes = new Uint8Array(await files.get(upload).arrayBuffer());
  if (formatOf(bytes) !== "jpeg") throw new Refusal(415, "only JPEGs are inspected here");
  return { blob: new Blob([JSON.stringify(jpeg.inspect(bytes))]), record: null, name: "" };
}

async function open(model) {
  const { networks: known, models } = await offers;
  const name = model || models.default;
  if (!networks.has(name)) {
    const opening = Network.open(name, known[name]);
    networks.set(name, opening);
    opening.catch(() => networks.delete(name));
  }
  return networks.get(name);
}
