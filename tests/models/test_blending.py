import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ModelError
from artifix.image import read_image, write_image
from artifix.models.blending import blend, read_blended
from artifix.models.catalog import read_model
from artifix.restoration import Restorer, restore


@pytest.fixture(scope="module")
def pair(make_model, change_model, tmp_path_factory):
    """A model and one that was trained on from it, as far as its weights show."""
    rng = np.random.default_rng(0)

    def learn(name, values):
        return values + 0.03 * rng.standard_normal(values.shape)

    return make_model(), change_model(make_model(), tmp_path_factory.mktemp("blending") / "vivid.safetensors", learn)


@pytest.mark.parametrize("detail", [0.25, 0.5, 1])
def test_every_weight_lies_on_the_way_between_the_two(pair, detail):
    faithful, vivid = map(read_model, pair)
    blended = blend(faithful, vivid, detail)
    assert blended.card == faithful.card
    for name, value in blended.weights.items():
        first, second = (model.weights[name].astype(np.float64) for model in (faithful, vivid))
        np.testing.assert_array_equal(value, ((1 - detail) * first + detail * second).astype(np.float16))
    assert any((faithful.weights[name] != value).any() for name, value in blended.weights.items())


def test_a_model_blended_with_itself_is_itself():
    model = read_model("mse")
    blended = blend(model, model, 0.5)
    assert blended.card == replace(model.card, ranges={})
    assert all(np.array_equal(blended.weights[name], values) for name, values in model.weights.items())


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime", "torch"])
def test_every_engine_runs_a_blend(pair, photograph, engine):
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
    faithful, vivid = pair

    def restored(detail):
        restorer = Restorer(faithful, detail=detail, vivid=vivid, engine=engine, precision="fp32")
        return restorer.restore_image(photograph).astype(int)

    ends = Restorer(faithful, engine=engine, precision="fp32"), Restorer(vivid, engine=engine, precision="fp32")
    first, last = (restorer.restore_image(photograph).astype(int) for restorer in ends)
    assert np.array_equal(restored(0.0), first)
    assert np.array_equal(restored(1.0), last)
    half = restored(0.5)
    whole = np.abs(first - last).mean()
    assert whole > 1
    assert np.abs(half - first).mean() < whole
    assert np.abs(half - last).mean() < whole


def test_detail_from_the_library_and_the_command_line(pair, photograph, tmp_path):
    faithful, vivid = pair
    write_image(tmp_path / "in.png", photograph)
    out = tmp_path / "out.png"
    command = [
        "restore",
        tmp_path / "in.png",
        "-o",
        out,
        "--model",
        faithful,
        "--detail",
        "0.5",
        "--vivid",
        vivid,
        "--force",
    ]
    done = CliRunner().invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    expected = Restorer(faithful, detail=0.5, vivid=vivid).restore_image(photograph)
    assert np.array_equal(Restorer(faithful).restore_image(photograph), restore(photograph, faithful, detail=0.0))
    assert np.array_equal(read_image(out), expected)
    with pytest.raises(ValueError, match=r"detail must be within 0\.\.1"):
        Restorer(faithful, detail=1.5, vivid=vivid)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"features": 6}, "networks of different shapes"),
        ({"channels": 1}, "networks of different shapes"),
        ({"blocks": 2}, "networks of different shapes"),
        ({"residual": False}, "networks of different shapes"),
        ({"seed": 1}, "share no beginning"),
    ],
)
def test_two_that_do_not_fit_are_one_clear_line(make_model, other, reason):
    first, second = make_model(), make_model(**other)
    with pytest.raises(ModelError, match=reason) as caught:
        Restorer(first, detail=0.5, vivid=second)
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_vivid_model_itself_has_no_more_detail(make_model):
    with pytest.raises(ModelError, match="is the vivid model itself"):
        Restorer(make_model(), detail=0.5, vivid=make_model())


def test_what_is_no_model_is_said(make_model, tmp_path):
    whole = make_model().read_bytes()
    rng = np.random.default_rng(0)
    for content in (b"", b"no model at all", bytes(1000), whole[: len(whole) // 2], whole[:-3], rng.bytes(2000)):
        (tmp_path / "strange.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match=r"strange\.\w+ cannot be blended: .*strange\.\w+: not an artifix model"):
            read_blended(make_model(), 0.5, tmp_path / "strange.safetensors")


def test_blending_needs_neither_torch_nor_onnx(pair):
    code = f"""
import sys
for name in ("torch", "onnx", "safetensors", "onnxruntime", "google"):
    sys.modules[name] = None
import numpy as np, artifix
restorer = artifix.Restorer({str(pair[0])!r}, detail=0.5, vivid={str(pair[1])!r})
print(restorer.restore_image(np.zeros((8, 8), np.uint8)).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(8, 8)", done.stderr
