// The file to keep: the one that is shown where it is just that, else made by the server from the page's own copy.

import { send } from "./api.js";
import { percent } from "./words.js";

// Save a picture with its settings; `onChange` hears when what the picture's `taking` says has changed.
export async function download(picture, formats, onChange) {
  const { model, strength, detail, format } = picture.settings;
  const say = (words) => {
    picture.taking = words;
    onChange();
  };
  try {
    let made = picture.result;
    const shown = made.model === model && made.detail === detail && made.format === format;
    if (!shown || strength !== 1) {
      const onProgress = ({ state, share }) =>
        say(state === "working" && share ? `Making it, ${percent(share)}` : "Making it …");
      const query = { model, strength, detail, ...(format ? { format } : {}) };
      made = await send("api/restore", picture, { query, onProgress });
    }
    picture.taken = made;
    save(made.blob, nameOf(picture, made.blob.type, formats));
  } finally {
    say("");
  }
}

function nameOf({ name, settings: { format } }, type, formats) {
  const [, stem, suffix] = name.match(/^(.*?)(\.[^.]*)?$/);
  const kept = Object.values(formats).includes(suffix?.toLowerCase()) || /^\.(jpeg|tiff)$/i.test(suffix ?? "");
  return `${stem}-restored${format ? formats[format] : kept ? suffix : ".png"}`;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
