"""ONNX of RGB: one picture in, one out, of any size, and the pixels are those of the library."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifix import Restorer
from artifix.engines.export import write_model
from artifix.engines.onnx_rgb import to_rgb_onnx
from artifix.errors import ModelError, OutputError
from artifix.models.catalog import read_model
from artifix.models.model import card_of
from artifix.models.networks.unet import UNetConfig

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def models(make_model, tmp_path_factory):
    """Paths of models of colour, of luma, and of one that is told of its file and works on squares of 16 pixels."""
    torch = pytest.importorskip("torch")
    from artifix.models.torch_network import TorchNetwork
    from artifix.train.export import in_half_precision

    config = UNetConfig(maps=(4, 4, 4, 4), down=(1, 0, 0), bottom=1, up=(0, 0, 1), told=4)
    torch.manual_seed(3)
    network = TorchNetwork(config.description)
    torch.nn.init.normal_(network.get_parameter("tail.weight"), std=0.1)
    told = tmp_path_factory.mktemp("told") / "told.safetensors"
    told.write_bytes(in_half_precision(card_of(config, "told"), network.state_dict()).to_bytes())
    return {"colour": make_model(), "luma": make_model(channels=1), "told": told}


@pytest.fixture(scope="module")
def both(models):
    """By name, the library in fp32 and the session of another program."""
    sessions = {name: onnxruntime.InferenceSession(to_rgb_onnx(read_model(path))) for name, path in models.items()}
    return {name: (Restorer(path, precision="fp32"), sessions[name]) for name, path in models.items()}


def run(session, image):
    """What a program does that knows of NCHW and 0..1, and nothing of artifix."""
    batch = image.astype(np.float32).transpose(2, 0, 1)[None] / 255
    (restored,) = session.run(None, {session.get_inputs()[0].name: batch})
    return restored[0].transpose(1, 2, 0)


@pytest.mark.parametrize("name", ["colour", "luma", "told"])
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@example(1, 1, 0)
@example(33, 17, 0)
@settings(max_examples=15, deadline=None)
def test_any_size_is_restored_as_by_the_library(both, name, height, width, seed):
    restorer, session = both[name]
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    found, expected = run(session, image), restorer.restore_image(image)
    assert found.shape == image.shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.abs(np.rint(found * 255) - expected).max() <= 1
    floating = restorer.restore_image(image / np.float32(255))
    np.testing.assert_allclose(found, floating, atol=2e-4)


@pytest.mark.parametrize("name", ["colour", "luma", "told"])
def test_it_changes_a_picture(both, name, photograph):
    assert np.abs(run(both[name][1], photograph) * 255 - photograph).max() > 2


def test_a_model_of_luma_leaves_grey_grey(both, photograph):
    found = run(both["luma"][1], np.repeat(photograph[:31, :33, :1], 3, axis=2))
    np.testing.assert_allclose(found, np.repeat(found[..., :1], 3, axis=2), atol=1e-6)


def test_the_contract_of_the_file(models):
    import onnx

    data = to_rgb_onnx(read_model(models["told"]))
    session = onnxruntime.InferenceSession(data)
    for (end,), name in ((session.get_inputs(), "input"), (session.get_outputs(), "output")):
        assert (end.name, end.type) == (name, "tensor(float)")
        assert end.shape == [1, 3, "height", "width"]
    about = {each.key: each.value for each in onnx.load_from_string(data).metadata_props}
    assert about["artifix"] == read_model(models["told"]).card.to_json()


def test_a_program_that_fixes_the_size_is_given_the_same_size(models):
    """As vs-mlrt does: it writes its tile's size into the graph and asks the session for the output's."""
    import onnx

    made = onnx.load_from_string(to_rgb_onnx(read_model(models["colour"])))
    for end in (*made.graph.input, *made.graph.output):
        for axis, size in ((2, 31), (3, 45)):
            dimension = end.type.tensor_type.shape.dim[axis]
            dimension.ClearField("dim_param")
            if end.name == "input":
                dimension.dim_value = size
    session = onnxruntime.InferenceSession(made.SerializeToString())
    assert session.get_outputs()[0].shape == [1, 3, 31, 45]


def test_openvino_reads_it_too(both, models, photograph, tmp_path):
    import openvino

    path = tmp_path / "rgb.onnx"
    write_model(read_model(models["colour"]), path, rgb=True)
    compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    image = photograph[:45, :67]
    found = compiled(image.astype(np.float32).transpose(2, 0, 1)[None] / 255)[0][0].transpose(1, 2, 0)
    np.testing.assert_allclose(found, run(both["colour"][1], image), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("a.safetensors", {"rgb": True}, r"a model of RGB is an \.onnx file"),
        ("a.onnx", {"spandrel": True}, r"a model for spandrel is a \.safetensors file"),
        ("a.pth", {}, "ends in"),
    ],
)
def test_forms_that_there_are_not(make_model, tmp_path, name, options, reason):
    with pytest.raises(ModelError, match=reason):
        write_model(read_model(make_model()), tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_an_existing_file_is_kept(make_model, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        write_model(read_model(make_model()), path)
    assert path.read_bytes() == b"mine"
    write_model(read_model(make_model()), path, overwrite=True)
    assert read_model(path).card.name == "small"
