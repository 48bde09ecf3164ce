// What the page says, in words.

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toLocaleString("en", { maximumFractionDigits: unit > 1 ? 1 : 0 })} ${units[unit]}`;
}

// A picture's state, for the eye and for the ear.
export function state({ state, progress, error, clip }) {
  if (state === "failed") return sentence(error);
  if (state === "done") return clip ? "One frame restored" : "Restored";
  if (state === "pending") return "Waiting";
  switch (progress.state) {
    case "arriving":
      return progress.share < 1 ? `Uploading, ${percent(progress.share)}` : "Uploaded";
    case "busy":
      return "The server is busy; trying again";
    case "waiting":
      return progress.ahead ? `Waiting, ${progress.ahead} ahead` : "Next in line";
    default:
      return progress.share ? `Restoring, ${percent(progress.share)}` : "Restoring";
  }
}

const CHROMA = {
  "4:4:4": "colour at full resolution",
  "4:2:2": "colour at half resolution",
  "4:2:0": "colour at a quarter of the resolution",
  "4:4:0": "colour at half resolution",
  "4:1:1": "colour at a quarter of the resolution",
};

// What inspecting a file found.
export function found({ format, quality, quality_exact, subsampling, progressive, grid, summary }) {
  const blocking = summary.match(/; (.*) blocking$/)?.[1];
  const parts = [];
  if (format === "JPEG") {
    const colour = subsampling ? (CHROMA[subsampling] ?? subsampling) : "grey";
    parts.push(`${progressive ? "A progressive" : "A"} JPEG of ${quality_exact ? "" : "about "}quality ${quality}, ${colour}`);
  } else if (grid) {
    parts.push(`${articled(format)} now, once a JPEG: its 8×8 blocks begin at row ${grid[0]}, column ${grid[1]}`);
  } else {
    parts.push(`${articled(format)} without a trace of JPEG`);
  }
  if (blocking) parts.push(blocking === "hardly any" ? "hardly any block edges" : `${blocking} block edges`);
  return `${parts.join("; ")}.`;
}

const CODECS = { h264: "H.264", hevc: "HEVC", av1: "AV1", vp8: "VP8", vp9: "VP9", mpeg4: "MPEG-4", mjpeg: "Motion JPEG" };

// What a video is, and what is done with it.
export function foundIn({ codec }) {
  return `A video in ${CODECS[codec] ?? codec}. You see one frame of it; the download is the whole video.`;
}

export function seconds(number) {
  return `${number.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;
}

// The frame that so many pixels are room for, as screens are shaped.
export function frameOf(pixels) {
  return `${Math.floor(Math.sqrt((pixels * 16) / 9))} × ${Math.floor(Math.sqrt((pixels * 9) / 16))}`;
}

function articled(format) {
  const name = { JPEG2000: "JPEG 2000", WEBP: "WebP" }[format] ?? format;
  return `${name === "AVIF" ? "An" : "A"} ${name}`;
}

// How long something takes yet.
export function timeLeft(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return "less than a minute left";
  if (minutes < 90) return `about ${count(minutes, "minute")} left`;
  return `about ${count(Math.round(minutes / 60), "hour")} left`;
}

export function sentence(text) {
  return text && text[0].toUpperCase() + text.slice(1);
}
