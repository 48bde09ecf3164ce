// The file to keep: the one that is shown where it is just that, else made by the server from the page's own copy.

import { send, sendVideo } from "./api.js";
import { percent, timeLeft } from "./words.js";

// A picture with its settings, as { name, blob, record }; `onChange` hears when what its `taking` says has changed.
export async function make(picture, onChange) {
  const { model, strength, detail, format } = picture.settings;
  const settings = JSON.stringify([model, strength, detail, format]);
  if (picture.taken?.settings === settings) return picture.taken;
  const say = (words) => {
    picture.taking = words;
    onChange();
  };
  try {
    let made = picture.result;
    if (picture.clip) made = await makeVideo(picture, { model, strength }, say);
    else if (made.format !== format || strength !== 1) {
      say("Making it …");
      const onProgress = ({ state, share }) =>
        say(state === "working" && share ? `Making it, ${percent(share)}` : "Making it …");
      const query = { model, strength, detail, ...(format ? { format } : {}) };
      made = await send("api/restore", picture, { query, onProgress });
    }
    picture.taken = { ...made, settings };
    return picture.taken;
  } finally {
    say("");
  }
}

// A whole video; that can be cancelled, by `picture.making`.
async function makeVideo(picture, query, say) {
  const making = new AbortController();
  picture.making = making;
  let began = 0;
  const onProgress = ({ state, share, ahead }) => {
    if (state === "working" && share) {
      began ||= performance.now();
      picture.left = share > 0.05 ? timeLeft(((performance.now() - began) / 1000 / share) * (1 - share)) : "";
      say(`Restoring, ${percent(share)}`);
    } else say(state === "waiting" && ahead ? `Waiting, ${ahead} ahead` : "Beginning …");
  };
  try {
    say("Beginning …");
    return await sendVideo(picture, { query, onProgress, signal: making.signal });
  } finally {
    picture.making = null;
    picture.left = "";
  }
}

export function save({ name, blob }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
