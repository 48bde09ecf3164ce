// The token that a server may ask for: from the address behind #token=, or typed in once; kept until the tab closes.

const KEY = "artifix-token";
const dialog = document.getElementById("token-dialog");
let asking = null;

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  if (/^[ -~]+$/.test(given)) sessionStorage.setItem(KEY, given); // no header bears another
  history.replaceState(null, "", location.pathname); // not to be seen, nor to be copied with the address
}
dialog.addEventListener("cancel", (event) => event.preventDefault());

export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

// Resolves when there is another token than the one refused, whoever else is waiting for it, too.
export async function askForToken(refused) {
  if (token() !== refused) return; // typed in since
  asking ??= new Promise((resolve) => {
    const input = document.getElementById("token");
    input.value = "";
    document.getElementById("token-wrong").hidden = !refused;
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
  await asking;
}
