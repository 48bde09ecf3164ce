import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.page import write_page
from artifix.evaluate.quality import evaluate_quality, make_pair

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def page(photograph, tmp_path_factory):
    """The page of a method that is the better the darker the picture: it takes a little off every pixel."""
    folder = tmp_path_factory.mktemp("page") / "<pictures>"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(photograph >> number).save(folder / f"{number}.png")
    methods = [JPEG, Method("darker", lambda degraded, file: degraded - np.minimum(degraded, 9))]
    results = evaluate_quality(folder, [10, 20], methods)
    write_page(folder.parent / "page.html", results, folder, methods)
    return folder, results, (folder.parent / "page.html").read_text()


def test_it_needs_nothing_beside_it(page):
    _, _, text = page
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert not re.search(r"<script|<link|<iframe|@import|url\((?!#)", text)
    assert text.count("<svg") == text.count("</svg>") == 1


def test_names_are_escaped(page):
    assert "<pictures>" not in page[2]
    assert "&lt;pictures&gt;" in page[2]


def test_it_shows_the_extremes_side_by_side_at_full_size(page):
    folder, results, text = page
    gains = {
        (image, quality): record.figures["psnr"] - results.records[name, image, codec, quality, "jpeg"].figures["psnr"]
        for (name, image, codec, quality, method), record in results.records.items()
        if method == "darker"
    }
    titles = re.findall(r"<h2>darker, (?:largest|smallest) (gain|loss): (\S+) at quality (\d+), (\S+) dB</h2>", text)
    shown = {(image, int(quality)): float(gain) for _, image, quality, gain in titles}
    for key in (min(gains, key=gains.get), max(gains, key=gains.get)):
        assert shown[key] == pytest.approx(gains[key], abs=0.005)

    crops = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        for data in re.findall(r'src="data:image/png;base64,([^"]*)"', text)
    ]
    assert len(crops) == 3 * len(titles)
    _, image, quality, _ = titles[-1]
    target, degraded, _ = make_pair(folder / image, "luma", int(quality))
    np.testing.assert_array_equal(crops[-3], degraded)
    np.testing.assert_array_equal(crops[-2], degraded - np.minimum(degraded, 9))
    np.testing.assert_array_equal(crops[-1], target)
    assert 'width="128" height="96"' in text
