"""A network as an ONNX file, made of its description and its weights: for ONNX Runtime, and for other programs."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.models.card import METADATA_KEY
from artifix.models.layers import (
    KNOWN,
    PICTURE,
    SLOPE,
    Add,
    Concat,
    Conv,
    Dense,
    Layer,
    Modulate,
    Repeat,
    Shuffle,
    Tanh,
    Unshuffle,
    sources,
)
from artifix.models.model import Model

_OPSET: Final = 17
_IR_VERSION: Final = 8  # of that opset, so that older runtimes read the file too
_RESTORED: Final = "restored"


def to_onnx(model: Model, *, told: bool = True) -> bytes:
    """The ONNX file of a model: inputs `picture` (1, C, H, W) and, for networks that are told, `known` (1, K).

    Its output is `restored`, of the picture's shape; both are in [-1, 1], Y or YCbCr, and H and W are multiples of the
    card's `multiple`. Without `told` there is no second input, and the network is told nothing. Weights keep their
    names, in float16, which halves the file.
    """
    from onnx import TensorProto, helper

    described = model.description
    making = OnnxMaking(model)
    shape = [1, described.channels, "height", "width"]
    inputs = [helper.make_tensor_value_info(PICTURE, TensorProto.FLOAT, shape)]
    if described.known and told:
        inputs.append(helper.make_tensor_value_info(KNOWN, TensorProto.FLOAT, [1, described.known]))
        making.values[KNOWN] = KNOWN
    making.node("Identity", making.network(PICTURE), output=_RESTORED)
    return making.file(inputs, helper.make_tensor_value_info(_RESTORED, TensorProto.FLOAT, shape))


@dataclass
class OnnxMaking:
    """A graph in the making; `values` are the names in the graph of what each layer made."""

    model: Model
    values: dict[str, str] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def network(self, picture: str) -> str:
        """The nodes of all layers over a picture; the name of what the last one makes.

        Unless `values` already names what the network is told, it is told nothing.
        """
        described = self.model.description
        self.values[PICTURE] = picture
        if described.known and KNOWN not in self.values:
            self.values[KNOWN] = self.constant(KNOWN, np.zeros((1, described.known), np.float32))
        for layer in described.layers:
            self.values[layer.name] = self.output(layer)
        return self.values[described.layers[-1].name]

    def file(self, inputs: list[Any], output: Any) -> bytes:
        """The ONNX file of the whole graph, with the model's card."""
        import onnx
        from onnx import helper

        card = self.model.card
        graph = helper.make_graph(self.nodes, card.name or "artifix", inputs, [output], self.constants)
        opset = [helper.make_opsetid("", _OPSET)]
        made = helper.make_model(graph, producer_name="artifix", opset_imports=opset, ir_version=_IR_VERSION)
        helper.set_model_props(made, {METADATA_KEY: card.to_json()})
        onnx.checker.check_model(made, full_check=True)
        data: bytes = made.SerializeToString()
        return data

    def output(self, layer: Layer) -> str:
        """The nodes of a layer; the name of what it makes."""
        read = [self.values[name] for name in sources(layer)]
        match layer:
            case Conv():
                made = self._activated(self._convolved(layer, read[0]), layer.slope)
                return made if layer.skip is None else self.node("Add", read[1], made)
            case Concat():
                return self.node("Concat", *read, axis=1)
            case Add():
                return self.node("Add", *read)
            case Repeat():
                scales = self.constant(f"{layer.name}.scales", np.array([1, 1, layer.factor, layer.factor], np.float32))
                how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                return self.node("Resize", read[0], "", scales, **how)
            case Unshuffle():
                return self._unshuffled(layer, read[0])
            case Shuffle():
                return self.node("DepthToSpace", read[0], blocksize=layer.factor, mode="CRD")
            case Tanh():
                return self.node("Tanh", read[0])
            case Dense():
                return self._activated(self._linear(layer.name, read[0]), SLOPE)
            case Modulate():
                columns = self.constant("columns", np.array([1, -1, 1, 1], np.int64))
                linear = self.node("Reshape", self._linear(layer.name, read[1]), columns)
                maps = self.model.description.shapes[layer.source].maps
                sizes = self.constant(f"{layer.name}.sizes", np.array([maps, maps], np.int64))
                scale, shift = f"{layer.name}.scale", f"{layer.name}.shift"
                self._add_node("Split", [linear, sizes], [scale, shift], axis=1)
                factor = self.node("Add", scale, self.constant("one", np.array([1], np.float32)))
                return self.node("Add", self.node("Mul", read[0], factor), shift)

    def _convolved(self, layer: Conv, maps: str) -> str:
        pads = [layer.border] * 4
        if layer.border and layer.padding == "replicate":
            width = np.array([0, 0, layer.border, layer.border] * 2, np.int64)
            maps = self.node("Pad", maps, self.constant(f"border_{layer.border}", width), mode="edge")
            pads = [0] * 4
        weight, bias = self._weight(f"{layer.name}.weight"), self._weight(f"{layer.name}.bias")
        return self.node("Conv", maps, weight, bias, strides=[layer.stride] * 2, pads=pads)

    def _unshuffled(self, layer: Unshuffle, maps: str) -> str:
        # ONNX has the places within a square before the maps; ours, and torch's, come behind them.
        squares, channels = layer.factor**2, self.model.description.shapes[layer.source].maps
        order = np.arange(squares * channels).reshape(squares, channels).T.ravel()
        moved = self.node("SpaceToDepth", maps, blocksize=layer.factor)
        return self.node("Gather", moved, self.constant(f"{layer.name}.order", order.astype(np.int64)), axis=1)

    def _activated(self, values: str, slope: float) -> str:
        if slope == 1:
            return values
        return self.node("LeakyRelu", values, alpha=slope) if slope else self.node("Relu", values)

    def _linear(self, name: str, vector: str) -> str:
        return self.node("Gemm", vector, self._weight(f"{name}.weight"), self._weight(f"{name}.bias"), transB=1)

    def _weight(self, name: str) -> str:
        from onnx import TensorProto

        return self.node("Cast", self.constant(name, self.model.weights[name]), to=TensorProto.FLOAT)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """A tensor in the file, once for each name."""
        from onnx import numpy_helper

        if all(tensor.name != name for tensor in self.constants):
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """A node of one output; its name."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self._add_node(operator, list(inputs), [output], **attributes)
        return output

    def _add_node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, name=f"{outputs[0]}_node", **attributes))
