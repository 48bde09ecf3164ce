// Every file of the page comes from the browser's store once it was loaded, with the headers that isolate the page.

const STORE = "artifix-{version}";
const FILES = ["{files}"];

addEventListener("install", (event) => event.waitUntil(store().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(forget().then(() => clients.claim())));
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event.request));
});

async function store() {
  const cache = await caches.open(STORE);
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
}

// What earlier builds stored.
async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("artifix-") && name !== STORE).map((name) => caches.delete(name)));
}

async function answer(request) {
  const cache = await caches.open(STORE);
  const stored = await cache.match(request, { ignoreSearch: true });
  if (stored) return isolated(stored);
  const response = await fetch(request);
  if (response.ok && response.status === 200) await cache.put(request, response.clone());
  return isolated(response);
}

function isolated(response) {
  if (response.type === "opaque" || response.type === "error") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
