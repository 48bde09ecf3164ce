// Pictures come in: dropped, pasted or chosen.

export function listen(onFiles) {
  const chooser = document.getElementById("files");
  for (const id of ["choose", "add"]) document.getElementById(id).addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    onFiles([...chooser.files]);
    chooser.value = ""; // the same picture may be chosen again
  });

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

  function take(event, transfer) {
    const files = [...(transfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    onFiles(files);
  }
}
