import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import ModelError
from artifix.image import read_image, write_image
from artifix.models import blending
from artifix.models.blending import blend, read_blended
from artifix.models.catalog import read_model
from artifix.models.torch_weights import network_from_onnx
from artifix.restoration import Restorer, restore

onnx = pytest.importorskip("onnx")


def changed(path, target, change):
    """A copy of a model in which `change` was done to every float tensor's values."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float16:
            tensor.CopyFrom(onnx.numpy_helper.from_array(change(values), tensor.name))
    model.graph.name = "another"
    onnx.save(model, target)
    return target


@pytest.fixture(scope="module")
def pair(make_model, tmp_path_factory):
    """A model and one that was trained on from it, as far as its weights tell."""
    rng = np.random.default_rng(0)

    def learn(values):
        return (values + 0.03 * rng.standard_normal(values.shape)).astype(np.float16)

    return make_model(), changed(make_model(), tmp_path_factory.mktemp("blending") / "vivid.onnx", learn)


def weights(data):
    return {name: value.numpy().astype(np.float64) for name, value in network_from_onnx(data)[1].state_dict().items()}


@pytest.mark.parametrize("detail", [0.25, 0.5, 1])
def test_every_weight_lies_on_the_way_between_the_two(pair, detail):
    first, second = (weights(path.read_bytes()) for path in pair)
    blended = weights(blend(*(path.read_bytes() for path in pair), detail))
    for name, value in blended.items():
        expected = ((1 - detail) * first[name] + detail * second[name]).astype(np.float16)
        np.testing.assert_array_equal(value, expected.astype(np.float64))
    assert any((first[name] != value).any() for name, value in blended.items())


def test_only_the_weights_differ_from_the_faithful_file(pair):
    blended, faithful = (
        onnx.load_from_string(data) for data in (read_blended(*pair[:1], 0.5, pair[1]), pair[0].read_bytes())
    )
    for model in (blended, faithful):
        onnx.checker.check_model(model, full_check=True)
        for tensor in model.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT16:
                tensor.raw_data = b""
    assert blended == faithful


def test_a_shipped_model_is_read_whole():
    data = read_model("mse")
    read = blending._read(data, "first")
    names = {tensor.name for tensor in onnx.load_from_string(data).graph.initializer if tensor.data_type in (1, 10)}
    assert len(read.tensors) == len(names) > 60
    assert sum(len(tensor.values) for tensor in read.tensors.values()) - 4 == read.card.parameters
    assert blend(data, data, 0.5) == data


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
    command = ["restore", tmp_path / "in.png", "-o", out, "--model", faithful, "--detail", "0.5", "--vivid", vivid]
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


def test_other_types_are_refused(pair, tmp_path):
    wider = changed(pair[1], tmp_path / "wider.onnx", lambda values: values.astype(np.float32))
    with pytest.raises(ModelError, match="differ in name, type or shape"):
        read_blended(pair[0], 0.5, wider)
    bytes_ = changed(pair[1], tmp_path / "bytes.onnx", lambda values: values.astype(np.int8))
    with pytest.raises(ModelError, match="the second: its weights are quantised"):
        read_blended(pair[0], 0.5, bytes_)


def test_the_vivid_model_itself_has_no_more_detail(make_model):
    with pytest.raises(ModelError, match="is the vivid model itself"):
        Restorer(make_model(), detail=0.5, vivid=make_model())


def test_what_is_no_model_is_said(make_model, tmp_path):
    whole = make_model().read_bytes()
    rng = np.random.default_rng(0)
    for content in (b"", b"no model at all", bytes(1000), whole[: len(whole) // 2], whole[:-3], rng.bytes(2000)):
        (tmp_path / "strange.onnx").write_bytes(content)
        with pytest.raises(ModelError, match=r"strange\.onnx cannot be blended: .*strange\.onnx: not an artifix model"):
            read_blended(make_model(), 0.5, tmp_path / "strange.onnx")


def test_blending_needs_neither_torch_nor_onnx(pair):
    code = f"""
import sys
for name in ("torch", "onnx", "safetensors", "onnxruntime", "google.protobuf"):
    sys.modules[name] = None
import numpy as np, artifix
restorer = artifix.Restorer({str(pair[0])!r}, detail=0.5, vivid={str(pair[1])!r})
print(restorer.restore_image(np.zeros((8, 8), np.uint8)).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(8, 8)", done.stderr
