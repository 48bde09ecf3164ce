// Keep the page for when there is no connection, and isolate it, which threads in WebAssembly need.

const TRIED = "artifix-isolated"; // a host that refuses must not have the page load for ever

if ("serviceWorker" in navigator) {
  await navigator.serviceWorker.register("sw.js");
  await navigator.serviceWorker.ready;
  if (!crossOriginIsolated && !sessionStorage.getItem(TRIED) && document.body.classList.contains("empty")) {
    sessionStorage.setItem(TRIED, "yes");
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
    }
    location.reload();
  }
}
