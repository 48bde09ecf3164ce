// The page's texts, by key, as the study's wording.json has them; `{name}` in one stands for a figure.

let texts = {};

/** The text of a key, its figures filled in; the key itself where the texts have not come. */
export function say(key, figures = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => figures[name] ?? all);
}

/** Take these texts, and put them wherever the page asks for one. */
export function speak(wording) {
  texts = wording;
  document.documentElement.lang = say("language");
  document.title = say("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
}
