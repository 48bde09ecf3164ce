"""A trained network as a self-contained ONNX file: half-precision weights, any size of picture, its card inside."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from artifix.errors import ModelError
from artifix.image import atomic_output
from artifix.models.card import METADATA_KEY, ModelCard
from artifix.models.chain import ChainConfig
from artifix.models.generator import SLOPE, STRIDE, GeneratorConfig
from artifix.models.networks import Config, Network, kind_of, new_network
from artifix.models.told import ToldConfig
from artifix.models.unet import UNetConfig
from artifix.provenance import current_commit
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state
from artifix.train.held_out import PREFIX

_OPSET: Final = 17
_IR_VERSION: Final = 8  # of that opset, so that older runtimes read the file too


def count_parameters(network: Network) -> int:
    """Weights and biases."""
    return sum(parameter.numel() for parameter in network.parameters())


def card_of(config: Config, network: Network, **about: Any) -> ModelCard:
    """The card of a network: what the network itself tells, and `about` it the rest, its name at least."""
    return ModelCard(
        network=kind_of(config),
        channels=config.channels,
        radius=network.radius,
        multiple=network.multiple,
        config=asdict(config),
        parameters=count_parameters(network),
        macs_per_pixel=network.macs_per_pixel,
        maps=network.maps,
        **about,
    )


def to_onnx(config: Config, weights: dict[str, Tensor], card: ModelCard) -> bytes:
    """The ONNX file of a network with these weights (its state dict), input `degraded`, output `restored`.

    Initializers keep the state dict's names, in float16: that halves the file and moves a restored pixel by a few
    hundredths of a grey level at most. Heights and widths must be multiples of the card's `multiple`.
    """
    graph = _Graph(weights)
    if isinstance(config, UNetConfig | ToldConfig):
        raise ModelError("this network cannot be exported to ONNX yet")
    last = _generator(graph, config) if isinstance(config, GeneratorConfig) else _chain(graph, config)
    graph.add("Identity", last, output="restored")
    return graph.finish(config.channels, card)


def _generator(graph: "_Graph", config: GeneratorConfig) -> str:
    maps = graph.activate(graph.convolve("degraded", "head", stride=STRIDE))
    for block in range(config.blocks):
        inner = graph.activate(graph.convolve(maps, f"body.{block}.conv1"))
        inner = graph.activate(graph.convolve(inner, f"body.{block}.conv2"))
        maps = graph.add("Add", maps, inner)
    maps = graph.upsample(maps)
    maps = graph.activate(graph.convolve(maps, "up"))
    last = graph.convolve(maps, "tail")
    return graph.add("Add", "degraded", last) if config.residual else graph.add("Tanh", last)


def _chain(graph: "_Graph", config: ChainConfig) -> str:
    maps = first = "degraded"
    for number, layer in enumerate(config.layers):
        if number:
            maps = graph.add("Relu", maps)
        if number == 1:
            first = maps
        taken = graph.add("Concat", maps, first, axis=1) if layer.skip else maps
        maps = graph.convolve(taken, f"layers.{number}")
    return graph.add("Add", "degraded", maps) if config.residual else maps


class _Graph:
    """An ONNX graph in the making; every method adds a node and returns the name of its result."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = {name: value.detach().cpu().numpy() for name, value in weights.items()}
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: float | str | list[int]) -> str:
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=f"{output}_node", **attributes))
        return output

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        if all(initializer.name != name for initializer in self.initializers):
            self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def parameter(self, name: str) -> str:
        self.constant(name, self.weights[name].astype(np.float16))
        return self.add("Cast", name, to=TensorProto.FLOAT)

    def convolve(self, maps: str, layer: str, stride: int = 1) -> str:
        width = self.weights[f"{layer}.weight"].shape[-1] // 2
        if width:
            name = "border" if width == 1 else f"border_{width}"
            border = self.constant(name, np.array([0, 0, width, width] * 2, dtype=np.int64))
            maps = self.add("Pad", maps, border, mode="edge")
        kernel, bias = self.parameter(f"{layer}.weight"), self.parameter(f"{layer}.bias")
        return self.add("Conv", maps, kernel, bias, strides=[stride, stride])

    def activate(self, maps: str) -> str:
        return self.add("LeakyRelu", maps, alpha=SLOPE)

    def upsample(self, maps: str) -> str:
        scales = self.constant("scales", np.array([1, 1, STRIDE, STRIDE], dtype=np.float32))
        mode = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.add("Resize", maps, "", scales, **mode)

    def finish(self, channels: int, card: ModelCard) -> bytes:
        shape = [1, channels, "height", "width"]
        degraded, restored = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("degraded", "restored")
        )
        graph = helper.make_graph(self.nodes, card.name, [degraded], [restored], self.initializers)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, producer_name="artifix", opset_imports=opset, ir_version=_IR_VERSION)
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString()
        return data


def export(
    checkpoint: Path, output: Path, *, summary: str = "", data: str = "", failures: str = "", overwrite: bool = False
) -> ModelCard:
    """Write the averaged weights of a checkpoint, or of a run's newest, as an ONNX file with its card.

    The card's figures are the run's own on its held-out pictures at that step. ModelError if there is no checkpoint.
    """
    if output.suffix != ".onnx":
        raise ModelError(f"{output}: a model's name ends in .onnx")
    folder = checkpoint if (checkpoint / "state.json").exists() else latest_checkpoint(checkpoint)
    if folder is None:
        raise ModelError(f"{checkpoint}: no checkpoint in it")
    recipe, progress = read_state(folder)
    network = new_network(recipe.network)
    weights = load_average(folder)
    card = card_of(
        recipe.network,
        network,
        name=recipe.name,
        summary=summary,
        recipe=recipe.as_dict(),
        data=data,
        steps=progress.step,
        hours=round(progress.seconds / 3600, 2),
        commit=current_commit(),
        figures=_held_out_figures(folder.parent / "log.jsonl", progress.step),
        failures=failures,
    )
    with atomic_output(output, overwrite=overwrite) as file:
        file.write(to_onnx(recipe.network, weights, card))
    return card


def _held_out_figures(log: Path, step: int) -> dict[str, float]:
    """The gains over the coded held-out pictures that a run logged at a step, dB by quality, or codec and quality."""
    figures: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        values = json.loads(line)
        if values["step"] == step:
            figures |= {key.removeprefix(PREFIX): round(value, 3) for key, value in values.items() if PREFIX in key}
    return figures
