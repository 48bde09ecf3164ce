"""A network as an ONNX file that maps RGB to RGB: what other programs expect of a restoration model."""

from typing import Final

import numpy as np

from artifix.color import CENTRE, RGB_TO_YCBCR, YCBCR_TO_RGB
from artifix.engines.onnx_graph import OnnxMaking
from artifix.models.model import Model

INPUT: Final = "input"
OUTPUT: Final = "output"


def to_rgb_onnx(model: Model) -> bytes:
    """The ONNX file of a model with one input, `input`, and one output, `output`: (1, 3, H, W) float32 RGB in 0..1.

    H and W are any from 1. The conversion to YCbCr and back, and the padding to whole multiples, are part of the graph;
    the output is clipped to 0..1. A model of luma leaves chroma as it is. A network that can be told of its file is
    told nothing.
    """
    from onnx import TensorProto, helper

    making = OnnxMaking(model)
    channels, multiple = model.description.channels, model.description.multiple
    rgb = INPUT
    if multiple > 1:
        making.node("Shape", INPUT, output="size", start=2)
        rgb = making.node("Pad", INPUT, _missing(making, multiple), mode="edge")
    # Of 0..1 to a picture in [-1, 1], and of a change of that back to one of 0..1.
    forward = making.constant("to_ycbcr", 2 * RGB_TO_YCBCR[:channels, :, None, None])
    offset = making.constant("to_ycbcr.offset", CENTRE[:channels] / np.float32(127.5) - 1)
    backward = making.constant("to_rgb", YCBCR_TO_RGB[:, :channels, None, None] / 2)
    picture = making.node("Conv", rgb, forward, offset)
    change = making.node("Sub", making.network(picture), picture)
    restored = making.node("Add", rgb, making.node("Conv", change, backward))
    if multiple > 1:
        restored = making.node(
            "Slice", restored, _numbers(making, "start", 0, 0), "size", _numbers(making, "axes", 2, 3)
        )
    bounds = [making.constant(name, np.array(value, np.float32)) for name, value in (("black", 0), ("white", 1))]
    making.node("Clip", restored, *bounds, output=OUTPUT)
    shape = [1, 3, "height", "width"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in (INPUT, OUTPUT)]
    return making.file(ends[:1], ends[1])


def _missing(making: OnnxMaking, multiple: int) -> str:
    """The pads of what the rows and columns lack of a multiple, behind the last of each."""
    lacking = making.node("Mod", making.node("Neg", "size"), _numbers(making, "multiple", multiple))
    return making.node("Concat", _numbers(making, "none", 0, 0, 0, 0, 0, 0), lacking, axis=0)


def _numbers(making: OnnxMaking, name: str, *values: int) -> str:
    return making.constant(name, np.array(values, np.int64))
