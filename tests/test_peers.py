"""The programs that compare artifix with its peers, on two small pictures."""

import dataclasses
import shlex
import sys

import pytest
from PIL import Image

from artifix.evaluate.quality import evaluate_quality
from artifix.evaluate.results import write_results
from artifix.models.catalog import read_model


@pytest.fixture
def peers(program, make_model, photograph, tmp_path):
    """The content of a peers.json: JPEG, a small model and a program that copies."""
    folder, copy = tmp_path / "pictures", tmp_path / "copy.py"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(photograph[8 * number :]).save(folder / f"{number}.png")
    copy.write_text("import shutil, sys\nshutil.copy(*sys.argv[1:])\n")
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(copy))} {{in}} {{out}}"
    return program("peers").measure(folder, [20], ["jpeg", str(make_model(channels=1))], [command])


def test_every_row_has_its_quality_and_its_cost(peers, make_model):
    jpeg, model, copy = peers["methods"].values()
    described = read_model(make_model(channels=1)).description
    assert model["parameters"] == described.parameters
    assert model["macs_per_pixel"] == described.macs_per_pixel
    assert (copy["parameters"], copy["macs_per_pixel"], jpeg["megapixels_per_second"]) == (None, None, None)
    assert model["megapixels_per_second"] > copy["megapixels_per_second"] > 0  # it starts a process for each picture
    assert copy["quality"] == jpeg["quality"]
    assert model["quality"]["20"]["psnr"] != jpeg["quality"]["20"]["psnr"]
    assert peers["pictures"] == 2


@pytest.mark.parametrize(("fingerprint", "reused"), [("", True), ("older", False)])
def test_quality_that_is_known_of_the_same_model_is_not_measured_again(
    program, photograph, tmp_path, fingerprint, reused
):
    folder, known = tmp_path / "pictures", tmp_path / "known.json"
    folder.mkdir()
    Image.fromarray(photograph).save(folder / "0.png")
    results = evaluate_quality(folder, [20])
    (jpeg,) = results.means()
    changed = dataclasses.replace(jpeg, figures=jpeg.figures | {"psnr": 99.0}, fingerprint=fingerprint)
    write_results(known, dataclasses.replace(results, records={}, earlier={changed.key: changed}))
    found = program("peers").measure(folder, [20], ["jpeg"], [], known)
    psnr = found["methods"]["jpeg"]["quality"]["20"]["psnr"]
    assert psnr == (99.0 if reused else pytest.approx(jpeg.figures["psnr"], abs=1e-4))


def test_the_table_and_the_plot_show_every_method(program, peers, tmp_path):
    import json

    pytest.importorskip("matplotlib")
    file = tmp_path / "peers.json"
    file.write_text(json.dumps(peers))
    table = program("readme").peers(file)
    drawn = [text.get_text() for text in program("cost").draw(peers).axes[0].texts]
    for name in peers["methods"]:
        assert f"| {name} |" in table
        assert name == "jpeg" or any(text.startswith(name) for text in drawn)
