import pytest

from artifix.errors import ModelError
from artifix.models.catalog import MODELS, read_model
from artifix.models.dncnn import DnCnnConfig
from artifix.models.generator import GeneratorConfig
from artifix.models.screening import screen

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper


@pytest.fixture
def model(make_model):
    return onnx.load(make_model())


@pytest.mark.parametrize("name", MODELS)
def test_what_ships_passes(name):
    screen(read_model(name))


@pytest.mark.parametrize("options", [{"channels": 1}, {"residual": False}, {"features": 8, "blocks": 2}])
def test_what_is_exported_passes(make_model, options):
    read_model(make_model(**options))


def loop(model):
    model.graph.node.append(helper.make_node("Loop", ["degraded"], ["x"], body=model.graph))


def branch(model):
    model.graph.node[0].attribute.append(helper.make_attribute("then", helper.make_graph([], "g", [], [])))


def foreign(model):
    model.graph.node[0].domain = "com.example"


def external(model):
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def numbers(name, values, kind):
    def change(model):
        for tensor in model.graph.initializer:
            if tensor.name == name:
                tensor.CopyFrom(numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) * 0 + kind(values), name))

    change.__name__ = f"{name}={values}"
    return change


def pads(model):
    node = next(node for node in model.graph.node if node.op_type == "Conv")
    node.attribute.append(helper.make_attribute("pads", [2**30] * 4))


def function(model):
    model.functions.add(name="f", domain="d")


HOSTILE = [loop, branch, foreign, external, pads, function]
HOSTILE += [numbers("border", 2**40, int), numbers("border", -1, int), numbers("scales", 1e6, float)]


@pytest.mark.parametrize("change", HOSTILE, ids=lambda change: change.__name__)
def test_what_ours_never_hold_is_refused_before_it_is_read(model, tmp_path, change):
    change(model)
    (tmp_path / "strange.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"strange\.onnx: not an artifix model: [^\n]+$"):
        read_model(tmp_path / "strange.onnx")


def test_a_file_without_end_is_refused(tmp_path):
    with (tmp_path / "huge.onnx").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelError, match="larger than 256 MiB"):
        read_model(tmp_path / "huge.onnx")


@pytest.mark.parametrize(
    ("config", "size"),
    [(GeneratorConfig, {"features": 100_000}), (GeneratorConfig, {"blocks": 10**9}), (DnCnnConfig, {"depth": 10**9})],
)
def test_a_network_that_fills_the_memory_is_refused(config, size):
    with pytest.raises(ValueError, match="more than 100,000,000 weights"):
        config(**size)
