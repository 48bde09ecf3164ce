"""Megapixels a second of the page without a server, in Chromium, and how far its pixels lie from the command's.

python benchmarks/browser.py --model fast --onnxruntime node_modules/onnxruntime-web --json results/browser.json
"""

import argparse
import http.server
import json
import os
import tempfile
import threading
import time
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image
from playwright.sync_api import Error, Page, sync_playwright

from artifix import Restorer
from artifix.machine import cores, machine
from artifix.provenance import current_commit, today
from artifix.web.build import build
from artifix.web.runtime import VERSION

SAMPLE: Final = Path(__file__).parents[1] / "samples" / "astronaut.jpg"
TIMEOUT: Final = 600_000  # milliseconds


def wait_until_isolated(page: Page) -> None:
    """The page loads itself again once its service worker is there."""
    for _ in range(600):
        try:
            if page.evaluate("crossOriginIsolated"):
                break
        except Error:
            pass
        time.sleep(0.1)
    page.locator("#privacy:not(:empty)").wait_for()


def processor_seconds() -> float:
    """What this process and all below it have computed: unlike the clock's, not longer on a busy machine."""
    fields = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:  # it has ended since
            continue
        fields[int(text.split()[0])] = text.rpartition(")")[2].split()
    ours, found = {os.getpid()}, True
    while found:
        found = {pid for pid, (_, parent, *_) in fields.items() if int(parent) in ours} - ours
        ours |= found
    return sum(int(fields[pid][11]) + int(fields[pid][12]) for pid in ours) / os.sysconf("SC_CLK_TCK")


def restore(page: Page, name: str, image: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The page's result for an image, and seconds until it was shown: the clock's and the processor's.

    Decoding and encoding are included.
    """
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    start, computed = time.perf_counter(), processor_seconds()
    page.set_input_files("#files", {"name": name, "mimeType": "image/png", "buffer": file.getvalue()})
    page.locator(f'#strip li[title^="{name}"][data-state=done]').wait_for()
    seconds, computed = time.perf_counter() - start, processor_seconds() - computed
    with page.expect_download() as download:
        page.click("#download")
    return np.asarray(Image.open(download.value.path())), seconds, computed


def measure(model: str, runtime: Path | None, chromium: str, times: int) -> dict[str, Any]:
    """Restore the sample several times in a real Chromium; the fastest counts."""
    image = np.asarray(Image.open(SAMPLE).convert("RGB"))
    expected = Restorer(model, precision="fp32").restore_image(image).astype(int)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        build(Path(folder, "page"), [model], runtime=runtime)
        handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(Path(folder, "page")))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        wait_until_isolated(page)
        runs = [restore(page, f"{number}.png", image) for number in range(times)]
        made = {
            "browser": f"Chromium {browser.version}",
            "threads": page.evaluate("Math.min(navigator.hardwareConcurrency, 8)"),
        }
        browser.close()
        server.shutdown()
    seconds, computed = (min(run[place] for run in runs) for place in (1, 2))
    apart = max(int(np.abs(found.astype(int) - expected).max()) for found, *_ in runs)
    megapixels = image.shape[0] * image.shape[1] / 1e6
    return made | {
        "model": model,
        "runtime": f"onnxruntime-web {VERSION}, wasm",
        "cores": cores(),
        "megapixels": round(megapixels, 3),
        "seconds": round(seconds, 2),
        "megapixels_per_second": round(megapixels / seconds, 4),
        "processor_seconds": round(computed, 2),
        "megapixels_per_processor_second": round(megapixels / computed, 4),
        "most_grey_levels_from_command": apart,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="fast")
    parser.add_argument("--onnxruntime", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    parser.add_argument("--json", type=Path, required=True)
    chosen = parser.parse_args()
    about = {"commit": current_commit(), "date": today(), "machine": machine(), "note": chosen.note}
    row = measure(chosen.model, chosen.onnxruntime, chosen.chromium, chosen.times)
    chosen.json.write_text(json.dumps(about | row, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
