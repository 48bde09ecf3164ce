"""Take the README's picture of the web page, or pictures of all that it shows, by a headless Chromium.

    python tools/docs/screenshots.py [--out docs/images/page.png]
    python tools/docs/screenshots.py --all FOLDER

--all takes the page at four sizes, in both lights: empty, with pictures, with two results side by side, with a video.
The pictures in it are scikit-image's, as JPEGs of low quality; the video pans over one. The page is `artifix serve`'s.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from skimage import data as samples

ROOT = Path(__file__).parents[2]
PICTURES = {"chelsea": 10, "coffee": 10, "astronaut": 12, "rocket": 15}  # name -> JPEG quality
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120_000  # milliseconds
TOUCH = {"has_touch": True, "is_mobile": True}
SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, **TOUCH},
    "tablet": {"viewport": {"width": 1024, "height": 768}},
    "laptop": {"viewport": {"width": 1280, "height": 720}},
    "desk": {"viewport": {"width": 1920, "height": 1080}},
}


def main() -> None:
    """Serve the page, and take what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "page.png")
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as (browser, address):
        pictures = write_pictures(Path(folder))
        if options.all:
            take_all(browser, address, pictures, write_video(Path(folder) / "pan.mp4"), options.all)
        else:
            page = open_page(browser, address, viewport={"width": 1280, "height": 800})
            arrange(page, pictures)
            take(page, options.out)


@contextmanager
def serving() -> Iterator[tuple[Browser, str]]:
    """A browser, and the address of a server of its own."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is installed")
    command = [sys.executable, "-m", "artifix", "serve", "--port", "0", "--log", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as driver:
        assert server.stdout is not None
        try:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            yield browser, server.stdout.readline().strip()
            browser.close()
        finally:
            server.send_signal(signal.SIGTERM)


def take_all(browser: Browser, address: str, pictures: list[Path], video: Path, folder: Path) -> None:
    """Every state at every size, in both lights, as SIZE-LIGHT-STATE.png."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, size in SIZES.items():
        page = open_page(browser, address, **size)

        def take_both(state: str, name: str = name, page: Page = page) -> None:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                take(page, folder / f"{name}-{scheme}-{state}.png")

        expect(page.locator("#privacy")).not_to_be_empty(timeout=PATIENCE)
        take_both("1-empty")
        arrange(page, pictures)
        take_both("2-pictures")
        page.get_by_label("Vivid").check(force=True)
        wait(page, len(pictures))
        page.select_option("#against", label="Faithful")
        page.get_by_label("Side by side").check(force=True)
        take_both("3-compared")
        page.set_input_files("#files", str(video))
        wait(page, len(pictures) + 1)
        page.get_by_label("Divider", exact=True).check(force=True)
        take_both("4-video")
        page.context.close()


def open_page(browser: Browser, address: str, **options: Any) -> Page:
    """The page in a window of its own."""
    page = browser.new_context(reduced_motion="reduce", **options).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def take(page: Page, path: Path) -> None:
    """A picture of what the window shows, from the page's top."""
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=path)
    Image.open(path).convert("RGB").save(path, optimize=True)


def write_pictures(folder: Path) -> list[Path]:
    """JPEGs, in the order of the strip."""
    paths = []
    for name, quality in PICTURES.items():
        paths.append(folder / f"{name}.jpg")
        Image.fromarray(getattr(samples, name)()).save(paths[-1], quality=quality)
    return paths


def write_video(path: Path) -> Path:
    """Two seconds of H.264 at a low rate: the camera pans over a cup."""
    picture = samples.coffee()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", Fraction(25))
        stream.width, stream.height, stream.pix_fmt, stream.options = 480, 270, "yuv420p", {"crf": "38"}
        for number in range(50):
            image = np.ascontiguousarray(picture[60:330, number : number + 480])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def arrange(page: Page, pictures: list[Path]) -> None:
    """Have the pictures restored, and look closely at the first."""
    page.set_input_files("#files", [str(path) for path in pictures])
    wait(page, len(pictures))
    expect(page.locator("#found")).not_to_be_empty(timeout=PATIENCE)
    box = page.locator("#viewer").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.42)
    page.mouse.wheel(0, -250)
    page.mouse.move(0, 0)


def wait(page: Page, count: int) -> None:
    """Until so many are restored."""
    expect(page.locator("#strip li[data-state=done]")).to_have_count(count, timeout=PATIENCE)


if __name__ == "__main__":
    main()
