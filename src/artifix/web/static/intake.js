// Pictures come in: dropped, pasted or chosen; folders keep their structure.

const SUFFIXES = /\.(jpe?g|jfif|jpe|png|webp|tiff?|bmp|avif|jp2|j2k|jpf|jpx|gif)$/i;

const VIDEOS = /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|mpe?g|wmv|flv|3gp|ogv|y4m)$/i;

// Whether a file is taken for a video, by its name as the server does.
export function isVideo({ name }) {
  return VIDEOS.test(name);
}

// `onFiles` hears a list of { file, folder }, `onTrouble` a sentence.
export function listen(onFiles, onTrouble) {
  const chooser = document.getElementById("files");
  const folders = document.getElementById("folders");
  for (const id of ["choose", "add"]) document.getElementById(id).addEventListener("click", () => chooser.click());
  document.getElementById("choose-folder").addEventListener("click", () => folders.click());
  for (const input of [chooser, folders]) {
    input.addEventListener("change", () => {
      hand([...input.files].map((file) => ({ file, folder: folderOf(file.webkitRelativePath) })), input === folders);
      input.value = ""; // the same picture may be chosen again
    });
  }

  document.addEventListener("paste", (event) => take(event, event.clipboardData));

  let inside = 0; // entering a child comes before leaving its parent
  const mark = (by) => {
    inside = Math.max(0, inside + by);
    document.body.classList.toggle("dropping", inside > 0);
  };
  document.addEventListener("dragenter", () => mark(1));
  document.addEventListener("dragleave", () => mark(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    mark(-inside);
    event.preventDefault();
    take(event, event.dataTransfer);
  });

  async function take(event, transfer) {
    const entries = [...(transfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...(transfer?.files ?? [])];
    const types = [...(transfer?.types ?? [])];
    if (files.length) {
      event.preventDefault();
      if (!entries.some((entry) => entry.isDirectory)) return hand(files.map((file) => ({ file, folder: "" })), false);
      try {
        hand((await Promise.all(entries.map((entry) => walk(entry, "")))).flat(), true);
      } catch {
        onTrouble("The folder cannot be read.");
      }
    } else if (event.type === "drop" && types.includes("text/uri-list")) {
      onTrouble("That was a link, not a picture. Save the picture and drop its file, or copy it and paste it here.");
    }
  }

  // Folders hold more than pictures; what was chosen by name is taken at its word.
  function hand(all, sift) {
    const taken = sift ? all.filter(({ file }) => SUFFIXES.test(file.name) || isVideo(file)) : all;
    if (taken.length) onFiles(taken.sort((a, b) => compare(a.folder, b.folder) || (sift ? compare(a.file.name, b.file.name) : 0)));
    else if (all.length || sift) onTrouble("There are no pictures in that folder.");
  }
}

function folderOf(path) {
  return path ? path.slice(0, path.lastIndexOf("/") + 1) : "";
}

function compare(a, b) {
  return a.localeCompare(b, undefined, { numeric: true });
}

// All files below a dropped entry.
async function walk(entry, folder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, folder }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return found.flat();
    found.push(...(await Promise.all(some.map((one) => walk(one, `${folder}${entry.name}/`)))));
  }
}
