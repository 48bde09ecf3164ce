"""What tests share: a small picture, and a small model of random weights that behaves like the real ones."""

import dataclasses
import importlib
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

PROGRAMS = ("benchmarks", "tools/docs", "tests/stress")  # folders of programs that are no package
_SECONDS = 30_000  # milliseconds that a page may take; a busy machine is slow


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C: a shell has its background jobs ignore it, and so would everything that the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def photograph() -> NDArray[np.uint8]:
    """A photograph of 96x128, RGB: a part of scikit-image's astronaut (NASA, public domain)."""
    return np.ascontiguousarray(data.astronaut()[30:126, 150:278])


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory):
    """Compiled networks are kept apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTIFIX_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory):
    """make_model(channels=3, features=4, blocks=1, seed=0) -> the path of an exported generator with random weights."""
    torch = pytest.importorskip("torch")
    from artifix.models.model import card_of
    from artifix.models.networks.generator import GeneratorConfig
    from artifix.models.torch_network import TorchNetwork
    from artifix.train.export import in_half_precision

    folder = tmp_path_factory.mktemp("models")

    def make(channels: int = 3, features: int = 4, blocks: int = 1, residual: bool = True, seed: int = 0) -> Path:
        config = GeneratorConfig(channels, features, blocks, residual)
        torch.manual_seed(seed)
        network = TorchNetwork(config.description)
        torch.nn.init.normal_(network.get_parameter("tail.weight"), std=0.1)
        path = folder / f"{channels}-{features}-{blocks}-{residual}-{seed}.safetensors"
        path.write_bytes(in_half_precision(card_of(config, "small"), network.state_dict()).to_bytes())
        return path

    return make


@pytest.fixture(scope="session")
def in_tiles():
    """in_tiles(restorer, pixels) -> the same restorer with the memory for tiles of about so many pixels."""
    from artifix.restoration.memory import DEFAULT_MEMORY, tile_pixels

    def with_tiles(restorer, pixels: int):
        a_pixel = DEFAULT_MEMORY // tile_pixels(restorer.load(), DEFAULT_MEMORY)
        return dataclasses.replace(restorer, max_memory=pixels * a_pixel)

    return with_tiles


@pytest.fixture(scope="session")
def change_model():
    """change_model(source, target, change) -> target, a copy of a model whose tensors are `change(name, values)`."""
    from artifix.models.catalog import read_model
    from artifix.models.model import Model

    def change_one(source: Path, target: Path, change: Callable[[str, NDArray[Any]], NDArray[Any]]) -> Path:
        model = read_model(source)
        weights = {name: change(name, values).astype(np.float16) for name, values in model.weights.items()}
        target.write_bytes(Model(model.card, weights).to_bytes())
        return target

    return change_one


@pytest.fixture
def mixed_model(make_model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small model, shipped as `mse-any` while a test lasts; its file."""
    from artifix.models import catalog
    from artifix.models.model import Model

    path, shipped = make_model(seed=5), catalog.read_model

    def read_model(model: str | Path) -> Model:
        return shipped(path if model == "mse-any" else model)

    monkeypatch.setitem(catalog.MODELS, "mse-any", "")
    for module in ("artifix.models.blending", "artifix.models.catalog"):
        monkeypatch.setattr(f"{module}.read_model", read_model)
    return path


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch):
    """HEIF and JPEG XL as they are where nothing is installed for them."""
    used = ("restoration.selection.READABLE_SUFFIXES", "restoration.pairing.WRITABLE_SUFFIXES")
    if importlib.util.find_spec("pyarrow"):
        used += ("pool.planning.WRITABLE_SUFFIXES",)
    for place in used:
        module, _, name = f"artifix.{place}".rpartition(".")
        known = getattr(importlib.import_module(module), name)
        bare = tuple(suffix for suffix in known if suffix not in (".heic", ".heif", ".jxl"))
        monkeypatch.setattr(f"artifix.{place}", bare)
    monkeypatch.setattr("artifix.restoration.selection.is_installed", lambda format: format not in ("HEIF", "JXL"))


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch):
    """program(name) -> the module of a file in a folder of `PROGRAMS`, forgotten after the test."""
    root = Path(__file__).parents[1]
    for folder in PROGRAMS:
        monkeypatch.syspath_prepend(str(root / folder))
    yield importlib.import_module
    for folder in PROGRAMS:
        for file in (root / folder).glob("*.py"):
            sys.modules.pop(file.stem, None)


@pytest.fixture(scope="session")
def evaluation_data() -> Path:
    """The folder of evaluation data named by ARTIFIX_DATA; tests that need it are skipped without it."""
    folder = os.environ.get("ARTIFIX_DATA")
    if not folder:
        pytest.skip("ARTIFIX_DATA names no folder of evaluation data")
    return Path(folder)


def _annotation(size, objects):
    """A VOC annotation of a picture of this width and height."""
    items = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>"
        f"<xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, difficult, (x1, y1, x2, y2) in objects
    )
    return f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height></size>{items}</annotation>"


@pytest.fixture(scope="session")
def make_record():
    """make_record(...) -> the record of a picture whose figures are the paper's four, as given, and further ones."""
    from artifix.evaluate.records import Cell, Record

    def make(dataset: str, quality: int, method: str, psnr: float, codec: str = "jpeg", **further: float) -> Record:
        figures = {"psnr": psnr, "psnr_b": psnr - 1, "ssim": 0.8, "ssim_gaussian": 0.78, "bpp": 0.3, "seconds": 0.1}
        return Record(dataset, "a.png", Cell(codec, quality, method, "f"), "abc1234", "2026-01-01", figures | further)

    return make


@pytest.fixture
def make_devkit(photograph: NDArray[np.uint8], tmp_path: Path):
    """make_devkit({stem: objects}) -> a devkit's folder; an object is (class, difficult, (xmin, ymin, xmax, ymax))."""

    def make(pictures: dict[str, list[tuple[str, int, tuple[int, int, int, int]]]]) -> Path:
        folder = tmp_path / "devkit"
        for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for number, (stem, objects) in enumerate(pictures.items()):
            Image.fromarray(np.roll(photograph, 5 * number, axis=1)).save(folder / f"JPEGImages/{stem}.jpg", quality=95)
            (folder / f"Annotations/{stem}.xml").write_text(_annotation((128, 96), objects))
        (folder / "ImageSets/Main/test.txt").write_text("\n".join(pictures) + "\n")
        return folder

    return make


@pytest.fixture(scope="module")  # while it is there, its event loop leaves no room for another
def browser():
    """A real Chromium, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no Chromium")
    playwright.expect.set_options(timeout=_SECONDS)
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """open_page(address, **options) -> a page; whatever goes wrong in its scripts fails the test."""
    contexts, wrong = [], []

    def open_one(address, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(_SECONDS)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def assert_accessible():
    """assert_accessible(page): axe-core finds nothing wrong with what the page shows."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page):
        found = axe.run(page)
        assert not found.violations_count, found.generate_report()

    return check


@pytest.fixture
def own_command(monkeypatch):
    """This environment's command on the PATH, for lines that a shell runs; the test is skipped without either."""
    place = Path(sys.executable).parent
    if not (place / "artifix").exists() or not shutil.which("bash"):
        pytest.skip("needs the command and bash")
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
