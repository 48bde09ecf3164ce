// The server's answers, asked for until they come.

const PATIENCE = 1000; // milliseconds before what did not arrive is asked for again

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The server's refusal, in its own words. */
export class Refused extends Error {}

/** The JSON that the server answers with; Refused where it will not, another error where it cannot be reached. */
export async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  if (!response.ok) throw new Refused((await response.json()).error);
  return response.json();
}

/** As `ask`, again and again until the server answers; `away` is called each time that it does not. */
export async function insist(method, path, body, away = () => {}) {
  for (;;) {
    try {
      return await ask(method, path, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      away();
      await wait(PATIENCE);
    }
  }
}

/** Load a picture to the end, however often the connection breaks. */
export async function load(image, source, away) {
  for (;;) {
    try {
      image.src = source;
      await image.decode();
      return;
    } catch {
      away();
      await wait(PATIENCE);
      image.removeAttribute("src");
    }
  }
}
