"""What the layers of a network make of a picture, to measure the ranges that int8 is to cover."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from artifix.engines.core import openvino_core, precision_setting
from artifix.engines.openvino_graph import build
from artifix.engines.run import Batch, Vector
from artifix.models.model import Model

Observed = dict[str, NDArray[np.float32]]


def observe(model: Model, layers: Sequence[str]) -> Callable[[Batch, Vector], Observed]:
    """A function of a batch and of what is known, which gives the maps of these layers in fp32, by name."""
    graph = build(model.description, model.weights, observed=layers).model
    compiled = openvino_core().compile_model(graph, "CPU", precision_setting("fp32"))
    told = model.description.known

    def run(batch: Batch, known: Vector) -> Observed:
        made = compiled([batch, known[:, :told]] if told else [batch])
        return {name: made[place] for place, name in enumerate(layers, start=1)}

    return run
