// The token that a server may ask for: from the address behind #token=, or typed in once; kept until the tab closes.

const KEY = "artifix-token";
let asking = null;

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, "", location.pathname); // not to be seen, nor to be copied with the address
}

export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

// Resolves when another token has been typed in, whoever else is waiting for it, too.
export function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById("token-dialog");
    const input = document.getElementById("token");
    input.value = "";
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener(
      "close",
      () => {
        sessionStorage.setItem(KEY, input.value);
        asking = null;
        resolve();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}
