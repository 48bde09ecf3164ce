"""The page as a folder for any static host: the network runs in the browser, and no picture is sent anywhere."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from artifix.engines.onnx_graph import to_onnx
from artifix.errors import OutputError
from artifix.models.catalog import read_model
from artifix.models.model import Model
from artifix.web.offers import choices_among
from artifix.web.placing import OFFERS, WORKER, put_in_place
from artifix.web.runtime import WEBGPU, runtime_files

MOST_PIXELS: Final = 50_000_000
"""Of a picture, which a tab holds several times over."""
_MOST_BYTES: Final = 1_000_000_000
_FORMATS: Final = {"jpeg": ".jpg", "png": ".png", "webp": ".webp"}
_LEFT_OUT: Final = ("api.js", "docs.html", "docs.js", "token.js")  # of the page with a server
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; worker-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'none'"
)

# The page with a server -> the one without: a policy by which a browser lets nothing out, and what is not there.
_CHANGES: Final = (
    (
        '<meta charset="utf-8">',
        f'<meta charset="utf-8">\n  <meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
    ),
    (
        '<script type="module" src="app.js"></script>',
        '<script type="module" src="offline.js"></script>\n  <script type="module" src="app.js"></script>',
    ),
    ('      <a class="quiet" href="docs.html">API</a>\n', ""),
    (
        'Without it, send pictures by the <a href="docs.html">API</a>, or use <code>artifix restore</code>.',
        "Without it, use <code>artifix restore</code>.",
    ),
    ("JPEG, PNG, WebP, TIFF, BMP, AVIF, JPEG 2000, GIF", "JPEG, PNG, WebP, BMP, AVIF, GIF"),
)


def build(folder: Path, models: Sequence[str | Path], *, runtime: Path | None = None, overwrite: bool = False) -> int:
    """Write the page, with models by name or file, the first being the usual one; the size of its files in bytes.

    `runtime` is the folder of the npm package onnxruntime-web; None fetches it. OutputError for a folder that cannot be
    written, and for one that exists, unless it is empty, or an earlier build with `overwrite`. Then the files of that
    build are replaced or removed, and all others stay.
    """
    read = [(Path(model).stem, read_model(model)) for model in models]
    earlier = _earlier_build(folder, overwrite=overwrite)
    graphs = {f"{name}.onnx": to_onnx(model) for name, model in read}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".artifix-", dir=folder.parent) as temporary, runtime_files(runtime) as found:
            made = Path(temporary, "page")
            (made / "ort").mkdir(parents=True)
            for name, path in found.items():
                shutil.copyfile(path, made / "ort" / name)
            _write_page(made)
            for name, graph in graphs.items():
                (made / name).write_bytes(graph)
            names = {*_names(made), OFFERS} | {name for name in earlier if (folder / name).is_file()}
            (made / OFFERS).write_text(json.dumps(_offers(read) | {"files": sorted(names)}), encoding="utf-8")
            _write_store(made)
            size = sum((made / name).stat().st_size for name in _names(made))
            put_in_place(made, folder, earlier)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    return size


def _earlier_build(folder: Path, *, overwrite: bool) -> set[str]:
    """The files of an earlier build in a folder; OutputError if it cannot be written to."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise OutputError(f"{folder}: exists and is no folder")
    if folder.is_symlink() or folder.samefile(Path.cwd()):
        raise OutputError(f"{folder}: is the working folder or a link, which cannot be replaced; name another")
    if not any(folder.iterdir()):
        return set()
    try:
        names = {str(name) for name in json.loads((folder / OFFERS).read_text(encoding="utf-8"))["files"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{folder}: is a folder with other files in it") from error
    if not overwrite:
        raise OutputError(f"{folder}: exists; --overwrite replaces it")
    return names


def _write_page(folder: Path) -> None:
    static, browser = files("artifix.web") / "static", files("artifix.web") / "browser"
    for source in (static, browser):
        for entry in source.iterdir():
            if entry.is_file() and not (source is static and entry.name in _LEFT_OUT):
                (folder / entry.name).write_bytes(entry.read_bytes())
    (folder / "samples").mkdir()
    for entry in (static / "samples").iterdir():
        (folder / "samples" / entry.name).write_bytes(entry.read_bytes())
    page = folder / "index.html"
    text = page.read_text(encoding="utf-8")
    for before, after in _CHANGES:
        if before not in text:
            raise RuntimeError(f"the page has changed: {before!r} is not in it")
        text = text.replace(before, after)
    page.write_text(text, encoding="utf-8")


def _offers(models: Sequence[tuple[str, Model]]) -> dict[str, Any]:
    """What the worker and the page read: networks by name, and what the server's API would answer."""
    cards = {name: model.card for name, model in models}
    usual = next(iter(cards))
    choices = [
        choice | ({"model": "", "by_format": True} if choice["model"] == usual else {"by_format": False})
        for choice in choices_among(cards, by_format=False)
    ]
    limits = {"workers": 1, "max_bytes": _MOST_BYTES, "max_pixels": MOST_PIXELS, "kept_seconds": 0}
    return {
        "networks": {
            name: {
                "file": f"{name}.onnx",
                "channels": model.description.channels,
                "known": model.description.known,
                "radius": model.card.radius,
                "multiple": model.card.multiple,
                "maps": model.card.maps,
            }
            for name, model in models
        },
        "health": {"status": "ok", "version": version("artifix"), "limits": limits, "local": True},
        "models": {
            "default": usual,
            "choices": choices,
            "models": [asdict(card) | {"name": name, "detail": False} for name, card in cards.items()],
            "formats": _FORMATS,
        },
    }


def _write_store(folder: Path) -> None:
    """Name in the service worker the files to be stored at once, and a version that changes with any of them.

    What WebGPU needs is stored when it is first used.
    """
    names = _names(folder)
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()[:16]
    stored = [name for name in names if name != WORKER and name.removeprefix("ort/") not in WEBGPU]
    script = folder / WORKER
    text = script.read_text(encoding="utf-8")
    text = text.replace("{version}", digest).replace('["{files}"]', json.dumps(["./", *stored]))
    script.write_text(text, encoding="utf-8")


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
