"""Write model cards for the Hugging Face Hub.

    python tools/docs/model_cards.py -o FOLDER [MODEL ...]

For each model it writes FOLDER/NAME/README.md, made from the card inside the model's file, and copies that file beside
it. `hf upload` takes such a folder.
"""

import argparse
import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from artifix.models.card import ModelCard
from artifix.models.catalog import MODELS, read_card

_TAGS: Final = ["compression-artifacts", "jpeg", "image-restoration", "deblocking"]
_PAPER: Final = "1704.02518"  # arXiv: Galteri et al. 2017
_KNOWN: Final = {
    "generator": "the paper's generator",
    "told": "the paper's generator, conditioned on the quantisation tables",
}


def coding(card: ModelCard) -> str:
    """The heading of the levels of compression that a card's figures are for."""
    return "JPEG quality" if card.recipe["data"]["codec"] == "jpeg" else "CRF of H.264 or HEVC"


def metadata(name: str, card: ModelCard) -> dict[str, Any]:
    """The metadata for the Hub: licence, task, tags, and the gains on held-out pictures as results."""
    metrics = [
        {"type": "psnr", "value": gain, "name": f"gain in PSNR at {coding(card)} {quality}, dB"}
        for quality, gain in card.figures.items()
    ]
    result = {
        "task": {"type": "image-to-image", "name": "Removal of compression artifacts"},
        "dataset": {"type": "image-folder", "name": "pictures held out from training"},
        "metrics": metrics,
    }
    about: dict[str, Any] = {
        "license": card.license.lower(),
        "library_name": "artifix",
        "pipeline_tag": "image-to-image",
        "tags": [*_TAGS, f"arxiv:{_PAPER}"],
    }
    return about | ({"model-index": [{"name": f"artifix {name}", "results": [result]}]} if metrics else {})


def page(name: str, card: ModelCard) -> str:
    """The whole README.md: the metadata as YAML, whose values are JSON, and the card as text."""
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in metadata(name, card).items()]
    colours = "YCbCr" if card.channels == 3 else "luma alone"
    sections = [
        "---\n" + "\n".join(lines) + "\n---",
        f"# artifix {name}",
        f"{card.summary[:1].upper()}{card.summary[1:]}.",
        "| | |\n|---|---|\n"
        f"| network | {_KNOWN.get(card.network, card.network)}, {colours} |\n"
        f"| parameters | {card.parameters:,} |\n"
        f"| multiply-accumulates for a pixel | {card.macs_per_pixel:,} |\n"
        f"| receptive field | {card.radius} pixels to each side |\n"
        f"| learned from | {card.data} |\n"
        f"| training | {card.steps:,} steps, {card.hours:g} hours |",
        f"## How to use it\n\n```sh\nartifix restore photo.jpg --model {name}.safetensors\n```",
    ]
    if card.figures:
        rows = "\n".join(f"| {quality} | {gain:+.2f} |" for quality, gain in card.figures.items())
        sections.append(f"## Held-out pictures\n\n| {coding(card)} | gain in PSNR, dB |\n|---|---|\n{rows}")
    if card.failures:
        sections.append(f"## Known failures\n\n{card.failures[:1].upper()}{card.failures[1:]}.")
    sections.append(f"## How it was trained\n\n```json\n{json.dumps(card.recipe, indent=1)}\n```")
    return "\n\n".join(sections) + "\n"


def write(folder: Path, names: list[str]) -> None:
    """Write a folder for each of these shipped models."""
    for name in names:
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "README.md").write_text(page(name, read_card(name)), encoding="utf-8")
        with as_file(files("artifix.models") / "weights" / f"{name}.safetensors") as weights:
            shutil.copyfile(weights, place / weights.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="shipped models; all by default")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write to")
    chosen = parser.parse_args()
    if unknown := set(chosen.models) - set(MODELS):
        parser.error(f"no such model: {', '.join(sorted(unknown))}; choose one of {', '.join(MODELS)}")
    write(chosen.output, chosen.models or list(MODELS))


if __name__ == "__main__":
    main()
