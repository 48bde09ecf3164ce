"""The page without a server, in a real Chromium: it restores as the library does, offline, and sends nothing out."""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from typer.testing import CliRunner

from artifix import Restorer, degrade
from artifix.cli import app
from artifix.errors import OutputError
from artifix.models.catalog import DEFAULT
from artifix.web import runtime
from artifix.web.build import build
from artifix.web.runtime import WASM, WEBGPU, RuntimeFilesError, runtime_files

pytest.importorskip("onnx")


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A folder with the runtime's files, from ARTIFIX_ONNXRUNTIME_WEB or by npm."""
    folder = os.environ.get("ARTIFIX_ONNXRUNTIME_WEB")
    try:
        with runtime_files(Path(folder) if folder else None) as found:
            kept = tmp_path_factory.mktemp("onnxruntime-web")
            for path in found.values():
                shutil.copy(path, kept)
    except RuntimeFilesError as error:
        pytest.skip(str(error))
    return kept


@pytest.fixture(scope="module")
def page_of(package, make_model, tmp_path_factory):
    """The built page with a small model; (folder, that model)."""
    folder, model = tmp_path_factory.mktemp("built") / "page", make_model()
    build(folder, [model], runtime=package)
    return folder, model


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


class Host:
    """A static host that sets no headers of its own, as most do."""

    def __init__(self, folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def host(page_of):
    made = Host(page_of[0])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def context(browser, host):
    """A browser's profile in which the page was loaded before, and so is stored and isolated."""
    made = browser.new_context()
    made.set_default_timeout(60_000)
    page = made.new_page()
    page.goto(host.address)
    for _ in range(600):
        try:
            if page.evaluate("crossOriginIsolated"):
                break
        except Exception:  # the page loads itself again, once
            pass
        time.sleep(0.1)
    page.close()
    yield made
    made.close()


@pytest.fixture
def opened(context, host):
    """The page in a new tab, ready, with the list of all addresses that it asks for."""
    page, asked, wrong = context.new_page(), [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(host.address)
    page.locator("#privacy:not(:empty)").wait_for()
    assert page.evaluate("crossOriginIsolated")
    yield page, asked
    page.close(run_before_unload=False)
    assert wrong == []


def restored(page, name, data, kind):
    """What the page makes of a file: its name and its bytes."""
    page.set_input_files("#files", {"name": name, "mimeType": kind, "buffer": data})
    page.locator("#strip li[data-state=done]").last.wait_for()
    with page.expect_download() as download:
        page.click("#download")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def file_of(image, format, **options):
    file = BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


@pytest.mark.browser
def test_a_picture_is_restored_as_by_the_library_and_nothing_leaves(opened, page_of, photograph, host):
    page, asked = opened
    image = degrade(np.ascontiguousarray(photograph[:95, :127]), quality=20)
    name, data = restored(page, "a.png", file_of(image, "PNG"), "image/png")
    found = np.asarray(Image.open(BytesIO(data)))
    expected = Restorer(page_of[1], precision="fp32").restore_image(image)
    assert name == "a-restored.png"
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert np.abs(expected.astype(int) - image).max() > 5
    assert all(url.startswith((host.address, "blob:", "data:")) or url == "about:blank" for url in asked)
    assert page.locator("#privacy").text_content() == "Your pictures stay on this machine."


@pytest.mark.browser
def test_a_jpeg_keeps_what_lies_beside_its_pixels(opened, photograph):
    page, _ = opened
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A camera", 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = file_of(photograph[:64, :80], "JPEG", quality=30, subsampling="4:2:0", exif=exif, icc_profile=profile)
    name, data = restored(page, "c.jpg", source, "image/jpeg")
    made = Image.open(BytesIO(data))
    assert (name, made.format, made.size) == ("c-restored.jpg", "JPEG", (64, 80))  # upright
    assert made.info["icc_profile"] == profile
    assert made.getexif()[0x010F] == "A camera"
    assert made.getexif()[0x0112] == 1
    page.locator("#found:not(:empty)").wait_for()
    assert page.inner_text("#found") == "A JPEG of quality 30, colour at a quarter of the resolution."


@pytest.mark.browser
def test_transparency_and_grey_stay(opened, photograph):
    page, _ = opened
    grey = np.ascontiguousarray(photograph[:40, :50, 0])
    data = restored(page, "grey.png", file_of(grey, "PNG"), "image/png")[1]
    assert Image.open(BytesIO(data)).mode == "L"
    alpha = np.full((40, 50, 1), 255, np.uint8)
    alpha[:20] = 0
    image = np.concatenate([photograph[:40, :50], alpha], axis=2)
    data = restored(page, "alpha.png", file_of(image, "PNG"), "image/png")[1]
    found = np.asarray(Image.open(BytesIO(data)))
    assert found.shape == image.shape
    np.testing.assert_array_equal(found[..., 3], image[..., 3])


@pytest.mark.browser
def test_what_is_no_picture_is_refused(opened):
    page, _ = opened
    page.set_input_files("#files", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff no picture"})
    page.locator("#strip li[data-state=failed]").wait_for()
    assert "cannot decode it" in page.inner_text("#notice-text")


TILES = """async ({ side, width, height }) => {
  const { Network } = await import("./network.js");
  const { networks, models } = await (await fetch("offers.json")).json();
  const network = await Network.open(models.default, networks[models.default]);
  const image = new ImageData(width, height);
  let state = 1;
  for (let at = 0; at < image.data.length; at += 1) {
    state = (state * 48271) % 2147483647;
    image.data[at] = at % 4 === 3 ? 255 : state;
  }
  const whole = await network.restore(image, () => {});
  network.side = side;
  let tiles = 0;
  const joined = await network.restore(image, () => (tiles += 1));
  let most = 0;
  for (let at = 0; at < whole.length; at += 1) most = Math.max(most, Math.abs(whole[at] - joined[at]));
  return { most, tiles };
}"""


@pytest.mark.browser
def test_tiles_equal_the_whole_picture(opened):
    page, _ = opened
    for width, height in ((97, 61), (64, 130), (131, 33)):
        told = page.evaluate(TILES, {"side": 48, "width": width, "height": height})
        assert told["tiles"] > 3
        assert told["most"] < 0.01


def test_a_folder_of_somebody_elses_is_not_touched(package, make_model, tmp_path):
    mine = tmp_path / "page"
    mine.mkdir()
    (mine / "note.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="other files"):
            build(mine, [make_model()], runtime=package, overwrite=overwrite)
    assert [path.name for path in mine.iterdir()] == ["note.txt"]


def test_the_working_folder_and_links_stay(package, make_model, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    for folder in (Path(), tmp_path / "link"):
        with pytest.raises(OutputError, match="cannot be replaced"):
            build(folder, [make_model()], runtime=package)
    with pytest.raises(OutputError, match="file/page: cannot be written"):
        (tmp_path / "file").touch()
        build(tmp_path / "file" / "page", [make_model()], runtime=package)
    assert not list((tmp_path / "mine").iterdir())


def test_a_build_is_replaced_if_asked(package, make_model, tmp_path):
    folder = tmp_path / "deep" / "page"
    arguments = ["web-build", str(folder), "--model", str(make_model()), "--onnxruntime", str(package)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    first = (folder / "sw.js").read_text()
    assert CliRunner().invoke(app, arguments).exit_code == 1
    done = CliRunner().invoke(app, [*arguments, "--model", str(make_model(seed=1)), "--overwrite"])
    assert done.exit_code == 0, done.output
    assert (folder / "sw.js").read_text() != first  # what browsers have stored is replaced, too
    assert [path.name for path in folder.parent.iterdir()] == ["page"]
    offers = json.loads((folder / "offers.json").read_text())
    assert list(offers["networks"]) == [make_model().stem, make_model(seed=1).stem]


def test_the_first_model_is_the_choice_that_is_made(package, tmp_path):
    build(tmp_path / "page", ["fast", DEFAULT], runtime=package)
    models = json.loads((tmp_path / "page/offers.json").read_text())["models"]
    assert models["default"] == "fast"
    assert {choice["label"]: choice["model"] for choice in models["choices"]} == {"Faithful": DEFAULT, "Quick": ""}


def test_all_that_the_page_loads_is_in_the_folder(page_of):
    folder, _ = page_of
    for script in folder.glob("*.js"):
        text = script.read_text()
        for name in re.findall(r"""(?:from|import\()\s*["']\./([^"']+)["']""", text):
            assert (folder / name).exists(), f"{script.name} imports {name}"
    for name in re.findall(r"""(?:src|href)="([^"#:]+)\"""", (folder / "index.html").read_text()):
        assert (folder / name).exists(), name


def test_a_package_without_the_files_is_one_line(tmp_path, make_model):
    with pytest.raises(RuntimeFilesError, match=WASM[0]):
        build(tmp_path / "page", [make_model()], runtime=tmp_path)
    assert not (tmp_path / "page").exists()
    assert len(WEBGPU) == 3


def test_without_the_extra_it_is_one_line_and_nothing_is_left(make_model, tmp_path):
    code = f"""
import sys
sys.modules["onnx"] = None
sys.argv = ["artifix", "web-build", {str(tmp_path / "page")!r}, "--model", {str(make_model())!r}]
from artifix.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("artifix: this command: needs the extra 'onnxruntime'")
    assert not list(tmp_path.iterdir())


def test_a_package_that_was_altered_is_refused(monkeypatch, tmp_path):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho altered > onnxruntime-web.tgz\n")
    npm.chmod(0o755)
    monkeypatch.setattr(runtime.shutil, "which", lambda name: str(npm))
    with pytest.raises(RuntimeFilesError, match="SHA-512 differs"), runtime_files(None):
        pass
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeFilesError, match="not installed"), runtime_files(None):
        pass


@pytest.mark.browser
def test_it_works_when_the_host_is_gone(opened, photograph, host):
    page, _ = opened
    host.server.shutdown()
    page.reload()
    page.locator("#privacy:not(:empty)").wait_for()
    name, data = restored(page, "b.png", file_of(photograph[:32, :40], "PNG"), "image/png")
    assert Image.open(BytesIO(data)).size == (40, 32)
    assert name == "b-restored.png"
