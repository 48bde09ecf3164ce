"""Take the README's picture of the web page, by a headless Chromium.

    python tools/docs/screenshots.py [--out docs/images/page.png] [--dark] [--width 1280] [--height 800]

The pictures in it are scikit-image's, as JPEGs of low quality; the page is `artifix serve`'s own.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from skimage import data as samples

ROOT = Path(__file__).parents[2]
PICTURES = {"chelsea": 10, "coffee": 10, "astronaut": 12, "rocket": 15}  # name -> JPEG quality
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60_000  # milliseconds


def main() -> None:
    """Serve, restore and take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "page.png")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is installed")
    command = [sys.executable, "-m", "artifix", "serve", "--port", "0", "--log", "off"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        sync_playwright() as driver,
    ):
        assert server.stdout is not None
        try:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            size = {"width": options.width, "height": options.height}
            page = browser.new_page(viewport=size, color_scheme="dark" if options.dark else "light")
            page.goto(server.stdout.readline().strip())
            arrange(page, write_pictures(Path(folder)))
            page.screenshot(path=options.out)
            browser.close()
        finally:
            server.send_signal(signal.SIGTERM)
    Image.open(options.out).convert("RGB").save(options.out, optimize=True)


def write_pictures(folder: Path) -> list[Path]:
    """JPEGs, in the order of the strip."""
    paths = []
    for name, quality in PICTURES.items():
        paths.append(folder / f"{name}.jpg")
        Image.fromarray(getattr(samples, name)()).save(paths[-1], quality=quality)
    return paths


def arrange(page: Page, pictures: list[Path]) -> None:
    """Have the pictures restored, and look closely at the first."""
    page.set_input_files("#files", [str(path) for path in pictures])
    expect(page.locator("#strip li[data-state=done]")).to_have_count(len(pictures), timeout=PATIENCE)
    expect(page.locator("#found")).not_to_be_empty(timeout=PATIENCE)
    box = page.locator("#viewer").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.42)
    page.mouse.wheel(0, -250)
    page.mouse.move(0, 0)


if __name__ == "__main__":
    main()
