// The strip of pictures: a button to look at each, how far it is, and a button that takes it away.

import { state } from "./words.js";

const list = document.getElementById("strip");
const items = new Map(); // picture -> its <li>

export function show(pictures, { onSelect, onRemove }) {
  for (const [picture, item] of items) {
    if (!pictures.list.includes(picture)) {
      const focused = item.contains(document.activeElement) ? document.activeElement.className : "";
      const neighbour = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      items.delete(picture);
      if (focused) neighbour?.querySelector(`.${focused}`).focus();
      if (!pictures.list.length) document.getElementById("choose").focus();
    }
  }
  for (const picture of pictures.list) {
    if (!items.has(picture)) {
      items.set(picture, build(picture, onSelect, onRemove));
      list.append(items.get(picture));
    }
    update(picture, pictures.selected);
  }
}

export function update(picture, selected) {
  const item = items.get(picture);
  if (!item) return;
  const [look, image, bar] = ["button", "img", "progress"].map((name) => item.querySelector(name));
  const words = state(picture);
  if (image.getAttribute("src") !== picture.url) image.src = picture.url;
  look.setAttribute("aria-label", `${picture.name}: ${words}`);
  look.setAttribute("aria-current", picture === selected);
  item.dataset.state = picture.state;
  item.classList.toggle("clip", Boolean(picture.clip));
  item.title = `${picture.folder}${picture.name}\n${words}`;
  bar.hidden = picture.state !== "working";
  const share = ["working", "leaving"].includes(picture.progress?.state) ? picture.progress.share : 0;
  if (share) bar.value = share;
  else bar.removeAttribute("value"); // nobody knows how much
}

export function reveal(picture) {
  items.get(picture)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function build(picture, onSelect, onRemove) {
  const item = document.createElement("li");
  const look = document.createElement("button");
  const image = document.createElement("img");
  const bar = document.createElement("progress");
  const remove = document.createElement("button");
  look.type = remove.type = "button";
  look.className = "look";
  image.alt = "";
  image.decoding = "async";
  image.addEventListener("error", () => (image.hidden = true)); // the server may yet make one that can be shown
  image.addEventListener("load", () => (image.hidden = false));
  bar.max = 1;
  bar.setAttribute("aria-hidden", "true"); // the button says it
  remove.className = "remove";
  remove.textContent = "×";
  remove.setAttribute("aria-label", `Remove ${picture.name}`);
  look.addEventListener("click", () => onSelect(picture));
  remove.addEventListener("click", () => onRemove(picture));
  look.append(image, bar);
  item.addEventListener("keydown", (event) => {
    if (event.key !== "Delete") return;
    event.preventDefault();
    onRemove(picture);
  });
  item.append(look, remove);
  return item;
}
