"""A small uploaded picture, the application in memory, and the real server on loopback."""

import threading
import time
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from artifix.serving.server import listen, make_server
from artifix.web.app import create_app
from artifix.web.limits import Limits


@pytest.fixture(scope="session")
def jpeg(photograph) -> bytes:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    Image.fromarray(photograph).save(file, "JPEG", quality=15, exif=exif)
    return file.getvalue()


@pytest.fixture
def make_client():
    """make_client(limits, token=...) -> a client of the application in memory."""

    def make(limits=None, **options) -> TestClient:
        app = create_app(limits or Limits(), **options)
        return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)

    return make


@pytest.fixture(scope="session")
def client() -> TestClient:
    return TestClient(create_app(), base_url="http://127.0.0.1", raise_server_exceptions=False)


@contextmanager
def _served(limits, **options):
    app = create_app(limits, **options)
    server = make_server(app, limits)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def served():
    """with served(limits) as port: the real server, on loopback."""
    return _served


@pytest.fixture(scope="module")
def address(served):
    with served(Limits()) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def photo(jpeg, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg)
    return path


@pytest.fixture
def upload():
    """upload(page, *paths): choose files, and wait until they are restored."""
    expect = pytest.importorskip("playwright.sync_api").expect

    def choose(page, *paths):
        page.set_input_files("#files", [str(path) for path in paths])
        expect(page.locator("#strip li[data-state=done]")).to_have_count(len(paths))

    return choose


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> bytes:
    """An MP4 of 8 frames of 96x80, 25 a second: a red square walks over a grey pattern."""
    av = pytest.importorskip("av")
    path, (width, height) = tmp_path_factory.mktemp("clip") / "clip.mp4", (96, 80)
    y, x = np.mgrid[:height, :width]
    ground = 128 + 50 * np.sin(x / 5) + 30 * np.cos(y / 7)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", Fraction(25))
        stream.width, stream.height, stream.pix_fmt, stream.options = width, height, "yuv420p", {"crf": "38"}
        for number in range(8):
            image = np.repeat(ground[..., None], 3, axis=2).astype(np.uint8)
            image[8:24, 4 * number : 4 * number + 16] = 200, 30, 40
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()
