from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.codecs import encode
from artifix.errors import DataError
from artifix.evaluate.rates import Coding, bits_per_pixel, jpeg_at, match_rate


@pytest.fixture
def paths(photograph, tmp_path):
    paths = []
    for number in range(12):
        paths.append(tmp_path / f"{number:02}.png")
        Image.fromarray(np.roll(photograph, 9 * number, axis=1)[: 64 + 2 * number]).save(paths[-1])
    return paths


def test_the_rate_is_the_files(paths):
    image = np.asarray(Image.open(paths[3]))
    rates = bits_per_pixel(paths, "webp", 40)
    assert rates.shape == (12,)
    assert rates[3] == 8 * len(encode(image, "webp", quality=40)) / (image.shape[0] * image.shape[1])


@pytest.mark.parametrize("codec", ["webp", "jpeg2000"])
def test_a_codec_meets_jpegs_rate_within_a_hundredth(paths, codec):
    coding = match_rate(paths, codec, 40)
    target = bits_per_pixel(paths, "jpeg", 40).mean()
    met = np.mean([bits_per_pixel([path], codec, coding.factor_of(path.name))[0] for path in paths])
    assert coding.bpp == pytest.approx(met, abs=1e-6)
    assert met == pytest.approx(target, rel=0.01)
    assert (coding.codec, coding.quality) == (codec, 40)


@pytest.fixture
def match(monkeypatch):
    """match(target, rates) -> the coding of pictures with JPEGs of the target rate and WebPs of rates(factor)."""

    def make(target, rates):
        count = len(rates(1))
        files = {"jpeg": lambda factor: np.full(count, target), "webp": rates}
        monkeypatch.setattr(
            "artifix.evaluate.rates.bits_per_pixel", lambda p, codec, factor, jobs: files[codec](factor)
        )
        return match_rate([Path(f"{name}.png") for name in "abcdefgh"[:count]], "webp", 20)

    return make


def test_any_of_few_pictures_may_take_the_better_factor(match):
    worse, gains = np.array([0.9, 0.95, 1.0, 0.8]), np.array([0.21, 0.17, 0.4, 0.34])
    coding = match(1.0, lambda factor: worse + gains * (factor - 30))
    assert (coding.factor, coding.better) == (30, ("d.png",))
    assert coding.bpp == pytest.approx((worse.sum() + 0.34) / 4)


def test_where_all_take_the_better_factor_it_is_theirs(match):
    coding = match(0.3099, lambda factor: np.array([factor / 100]))
    assert str(coding) == "webp at quality 31, 0.3100 bits per pixel"


def test_a_gap_that_no_subset_fills_is_said(match):
    with pytest.raises(DataError, match=r"webp comes no nearer to JPEG's 0.4000 .* than 0\.[35]"):
        match(0.4, lambda factor: np.array([0.3]) + 0.2 * (factor > 30))


def test_better_is_one_step_down_where_the_factor_is_a_qp():
    coding = Coding("h264", 20, 30, better=("b.png",))
    assert (coding.factor_of("a.png"), coding.factor_of("b.png")) == (30, 29)
    assert str(coding) == "h264 at QP 30, 1 pictures at 29"
    assert (jpeg_at(20).factor_of("a.png"), jpeg_at(20).quality) == (20, 20)


def test_what_cannot_be_met_is_said(paths):
    with pytest.raises(DataError, match=r"webp comes no nearer to JPEG's \d+\.\d+ bits per pixel at quality 100 than"):
        match_rate(paths, "webp", 100)
