import inspect
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix.cli import quantise as command
from artifix.engines.engine import load_engine
from artifix.errors import ModelError, OutputError
from artifix.models.catalog import read_model
from artifix.train import quantise
from artifix.train.patches import is_held_out
from artifix.train.quantise import quantise_model


@pytest.fixture
def pictures(tmp_path, photograph):
    folder = tmp_path / "pictures"
    folder.mkdir()
    large = np.tile(photograph, (3, 3, 1))
    held_out = next(number for number in count() if is_held_out(Path(f"{number}.png")))
    for number in (0, 1, 2, 3, held_out):
        Image.fromarray(np.roll(large, 31 * number, axis=0)).save(folder / f"{number}.png")
    return folder


def test_ranges_come_into_the_card_and_weights_stay(pictures, make_model, tmp_path):
    model = make_model(features=8, blocks=2)
    card, skipped = quantise_model(model, [pictures], tmp_path / "a.safetensors", patches=4)
    again, _ = quantise_model(model, [pictures], tmp_path / "b.safetensors", patches=4)
    assert not skipped
    assert card.ranges == again.ranges
    assert card.ranges.keys() == {"body.0.conv1", "body.0.conv2", "body.1.conv1", "body.1.conv2", "up", "tail"}
    assert all(low <= high for low, high in card.ranges.values())
    before, after = (read_model(path).weights for path in (model, tmp_path / "a.safetensors"))
    assert all((before[name] == after[name]).all() for name in before)


def test_the_model_then_runs_in_int8_close_to_fp32(pictures, make_model, tmp_path, photograph):
    quantise_model(make_model(features=8, blocks=2), [pictures], tmp_path / "a.safetensors", patches=8)
    batch = photograph.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
    floating, whole = (load_engine(tmp_path / "a.safetensors", "openvino", p)(batch).copy() for p in ("fp32", "int8"))
    change = np.abs(floating - batch).mean()
    assert 0 < np.abs(whole - floating).mean() < change / 10


def test_what_it_refuses(pictures, make_model, tmp_path):
    with pytest.raises(ModelError, match=r"ends in \.safetensors"):
        quantise_model(make_model(), [pictures], tmp_path / "model.bin")
    (tmp_path / "strange.safetensors").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"strange\.safetensors"):
        quantise_model(tmp_path / "strange.safetensors", [pictures], tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("output", "reason"), [("a.safetensors", "exists already"), ("gone/a.safetensors", "cannot be written")]
)
def test_an_output_that_cannot_be_written_is_refused_before_the_work(output, reason, tmp_path, monkeypatch):
    (tmp_path / "a.safetensors").write_bytes(b"kept")
    monkeypatch.setattr(quantise, "read_pictures", None)
    with pytest.raises(OutputError, match=reason):
        quantise_model("mse", [tmp_path], tmp_path / output)
    assert (tmp_path / "a.safetensors").read_bytes() == b"kept"


def test_the_command_has_the_librarys_defaults():
    """Which it repeats, so as to start without the library's imports."""
    repeated, meant = (inspect.signature(each).parameters for each in (command, quantise_model))
    assert all(repeated[name].default == meant[name].default for name in ("patches", "seed", "overwrite"))
