"""A Hugging Face Space: a picture in, a restored one out, with the file's own tables where there are any."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir, mkdtemp

import gradio as gr

from artifix import ArtifixError, Restorer

MODELS = {"Faithful": "faithful", "Quick": "fast", "Vivid": "gan"}
MOST_PIXELS = 16_000_000
KEPT = 600  # seconds that a picture may be looked at and downloaded
PREFIX = "artifix-space-"

_restorers: dict[str, Restorer] = {}


def restore(path: str | None, choice: str, strength: float) -> tuple[tuple[str, str], str]:
    """The original and the restored file, for the slider and for the download."""
    if path is None:
        raise gr.Error("Choose a picture first.")
    if choice not in _restorers:
        _restorers[choice] = Restorer(MODELS[choice])
    restorer = replace(_restorers[choice], strength=strength)
    forget()
    target = Path(mkdtemp(prefix=PREFIX), f"{Path(path).stem}-restored.png")
    try:
        restorer.restore_file(path, target, max_pixels=MOST_PIXELS)
    except ArtifixError as error:
        raise gr.Error(str(error).replace(path, "the picture")) from error
    return (path, str(target)), str(target)


def forget() -> None:
    """Delete what was restored more than `KEPT` seconds ago; Gradio deletes its own copies."""
    for folder in Path(gettempdir()).glob(f"{PREFIX}*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def build() -> gr.Blocks:
    """The page."""
    with gr.Blocks(title="artifix", delete_cache=(KEPT, KEPT)) as page:
        gr.Markdown("# artifix\nRemoves compression artifacts: blocks, halos and smeared colour.")
        with gr.Row():
            picture = gr.File(label="Picture", file_types=["image"], type="filepath")
            with gr.Column():
                choice = gr.Radio(list(MODELS), value="Faithful", label="Model")
                strength = gr.Slider(0, 1, value=1, label="Strength")
                button = gr.Button("Restore", variant="primary")
        compared = gr.ImageSlider(label="Before and after", type="filepath")
        download = gr.File(label="Restored picture")
        button.click(restore, [picture, choice, strength], [compared, download], api_name="restore")
    return page


if __name__ == "__main__":
    build().launch()
