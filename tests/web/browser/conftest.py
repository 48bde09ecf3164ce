"""The page without a server: built with a small model, on a static host, open in a real Chromium."""

import http.server
import os
import shutil
import threading
import time
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("onnx")
from artifix.web.build import build
from artifix.web.runtime import RuntimeFilesError, runtime_files


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


@pytest.fixture(scope="session")
def models_of_page(make_model, tmp_path_factory):
    """Small models of random weights: the usual one, which is told nothing, and one that is told of the file."""
    torch = pytest.importorskip("torch")
    from artifix.models.model import card_of
    from artifix.models.networks.told import ToldConfig
    from artifix.models.torch_network import TorchNetwork
    from artifix.train.export import in_half_precision

    config = ToldConfig(features=8, blocks=2, early=1, quarter=8, eighth=8, deep=1, told=8)
    torch.manual_seed(1)
    network = TorchNetwork(config.description)
    for name, values in network.named_parameters():
        if name in ("tail.weight", "deep.widen2.weight", "deep.told.weight"):
            torch.nn.init.normal_(values, std=0.1)
    path = tmp_path_factory.mktemp("told") / "told.safetensors"
    path.write_bytes(in_half_precision(card_of(config, "told"), network.state_dict()).to_bytes())
    return make_model(), path


@pytest.fixture(scope="module")
def page_of(package, models_of_page, tmp_path_factory):
    """The folder of the built page, with `models_of_page`."""
    folder = tmp_path_factory.mktemp("built") / "page"
    build(folder, models_of_page, runtime=package)
    return folder


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
    made = Host(page_of)
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


@pytest.fixture
def restored():
    """restored(page, name, data, kind) -> what the page makes of a file: its name and its bytes."""

    def restore(page, name, data, kind):
        page.set_input_files("#files", {"name": name, "mimeType": kind, "buffer": data})
        page.locator("#strip li[data-state=done]").last.wait_for()
        with page.expect_download() as download:
            page.click("#download")
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    return restore


@pytest.fixture
def file_of():
    """file_of(image, format, **options) -> the bytes of a file of it."""

    def make(image, format, **options):
        file = BytesIO()
        Image.fromarray(image).save(file, format, **options)
        return file.getvalue()

    return make
