import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from artifix.codecs import CODECS, degrade
from artifix.errors import CodecError, DataError
from artifix.evaluate import codecs
from artifix.evaluate.codecs import evaluate_codecs
from artifix.evaluate.detection.detectors import Detections
from artifix.evaluate.detection.results import read_summary
from artifix.evaluate.methods import Method
from artifix.evaluate.metrics import psnr
from artifix.evaluate.report import sections
from artifix.evaluate.results import read_results


@pytest.fixture
def pictures(photograph, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(12):
        image = np.roll(photograph, 9 * number, axis=1)[: 64 + 2 * number]
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return folder


def darker(degraded, file):
    return degraded - np.minimum(degraded, 1)


def test_each_codec_is_measured_alone_and_restored_at_jpegs_rate(pictures, tmp_path):
    methods = [Method("darker", darker)]
    results, found = evaluate_codecs(
        pictures, 40, ["jpeg", "webp"], methods, perceptual=[], json_path=tmp_path / "out.json"
    )
    assert found is None
    means = {mean.row: mean for mean in results.means()}
    assert set(means) == {"jpeg", "darker", "webp", "webp, darker"}
    assert means["webp"].figures["bpp"] == pytest.approx(means["jpeg"].figures["bpp"], rel=0.01)
    jpeg, webp = results.codings["pictures"]
    assert means["webp"].figures["bpp"] == pytest.approx(webp.bpp, abs=1e-5)
    assert jpeg.factor == 40
    target = np.asarray(Image.open(pictures / "03.png"))
    degraded = degrade(target, "webp", quality=webp.factor_of("03.png"))
    record = results.records["pictures", "03.png", "webp", 40, "darker"]
    assert record.figures["psnr"] == pytest.approx(psnr(darker(degraded, b""), target), abs=1e-6)
    (section,) = sections(results)
    assert list(section.sheets[0].rows) == ["jpeg", "darker", "webp", "webp, darker"]
    assert any(note.startswith("webp at quality") for note in section.notes)


def test_a_second_run_tunes_and_measures_nothing_again(pictures, tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    first, _ = evaluate_codecs(pictures, 40, ["webp"], perceptual=[], json_path=path)
    monkeypatch.setattr(codecs, "match_rate", None)
    monkeypatch.setattr("artifix.evaluate.quality.make_pair", None)
    again, _ = evaluate_codecs(pictures, 40, ["webp"], perceptual=[], json_path=path)
    assert (again.means(), again.records) == (first.means(), first.records)
    assert {mean["codec"] for mean in json.loads(path.read_text())["means"]} == {"webp"}


def test_a_codec_that_is_not_there_is_noted_and_the_rest_measured(pictures, monkeypatch):
    match = codecs.match_rate

    def without_bpg(paths, codec, quality, **options):
        if codec == "bpg":
            raise CodecError("bpg needs bpgenc")
        return match(paths, codec, quality, **options)

    monkeypatch.setattr(codecs, "match_rate", without_bpg)
    heard = []
    results, _ = evaluate_codecs(pictures, 40, ["bpg", "jpeg"], perceptual=[], progress=heard.append)
    assert results.skipped == {"bpg": "bpg needs bpgenc"}
    assert [mean.row for mean in results.means()] == ["jpeg"]
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_a_codec_that_codes_and_does_not_decode_is_noted_and_the_rest_measured(pictures, tmp_path, monkeypatch):
    def decode(data):
        raise CodecError("webp needs webpdec")

    monkeypatch.setitem(CODECS, "webp", replace(CODECS["webp"], decode=decode))
    path = tmp_path / "out.json"
    results, _ = evaluate_codecs(pictures, 40, ["webp", "jpeg"], perceptual=[], json_path=path)
    assert results.skipped == {"webp": "webp needs webpdec"}
    assert [mean.row for mean in results.means()] == ["jpeg"]
    assert read_results(path).means() == results.means()


def test_a_method_for_jpegs_is_left_out_after_others(make_devkit, tmp_path):
    only = [Method("tables", darker, codec="jpeg")]
    folder = make_devkit({f"{n:02}": [("cat", 0, (1, 1, 64, 96))] for n in range(10)})
    results, (_, summary) = evaluate_codecs(folder, 40, ["jpeg", "webp"], only, detector=Sure(), perceptual=[])
    assert [mean.row for mean in results.means()] == ["jpeg", "tables", "webp"]
    assert [mean.row for mean in summary.means] == ["original", "jpeg", "tables", "webp"]
    assert results.skipped == {"tables after webp": "restores jpeg files only"}


class Sure:
    name, fingerprint = "sure", "f00"

    def __call__(self, image):
        return Detections(np.array([[0.0, 0, 64, 96]]), np.array([7]), np.array([0.9]))


def test_a_second_run_keeps_the_codings_of_the_first(make_devkit, tmp_path):
    folder = make_devkit({f"{n:02}": [("cat", 0, (1, 1, 64, 96))] for n in range(10)})
    for codec, quality in (("webp", 40), ("jpeg2000", 40), ("jpeg", 30)):
        options = {"detector": Sure(), "perceptual": [], "json_path": tmp_path / "out.json"}
        results, (found, _) = evaluate_codecs(folder, quality, [codec], **options)
    assert [(coding.codec, coding.quality) for coding in found.codings] == [
        ("webp", 40),
        ("jpeg2000", 40),
        ("jpeg", 30),
    ]
    assert read_summary(tmp_path / "out.detection.json")[0].codings == found.codings == results.codings["devkit"]


def test_what_is_wrong_with_the_second_file_is_said_before_anything_is_measured(make_devkit, tmp_path, monkeypatch):
    monkeypatch.setattr(codecs, "match_rate", None)
    (tmp_path / "out.detection.json").write_text("{}")
    with pytest.raises(DataError, match=r"out\.detection\.json: no results of"):
        evaluate_codecs(
            make_devkit({"a": [("cat", 0, (1, 1, 9, 9))]}), 40, detector=Sure(), json_path=tmp_path / "out.json"
        )


def test_with_a_detector_map_too(make_devkit, tmp_path):
    folder = make_devkit({f"{n:02}": [("cat", 0, (1, 1, 64, 96))] for n in range(10)})
    path = tmp_path / "out.json"
    results, (found, summary) = evaluate_codecs(
        folder, 40, ["jpeg", "webp"], [Method("darker", darker)], detector=Sure(), perceptual=[], json_path=path
    )
    assert [mean.row for mean in summary.means] == ["original", "jpeg", "darker", "webp", "webp, darker"]
    assert found.codings == results.codings["devkit"]
    written = json.loads((tmp_path / "out.detection.json").read_text())
    assert [mean["codec"] for mean in written["means"]] == [None, "jpeg", "jpeg", "webp", "webp"]
    assert len(written["codings"]) == 2
