"""What an .onnx file may hold, looked at before any runtime reads it: the few things of which our networks are made.

A graph from a stranger could name other files, loop, or make huge maps of small pictures; none of that is in here.
"""

import struct
from typing import Final

from artifix.errors import ModelError
from artifix.models.protobuf import fields, varint

# Numbers of fields in onnx.proto.
_GRAPH, _TRAINING, _FUNCTIONS = 7, 20, 25  # of the model
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15  # of the graph
_OPERATOR, _ATTRIBUTE, _DOMAIN = 4, 5, 7  # of a node
_NAME, _FLOAT, _INT, _STRING, _INTS, _DOC, _KIND = 1, 2, 3, 4, 8, 13, 20  # of an attribute
_TYPE, _RAW = 2, 9  # of a tensor
_TENSOR: Final = {1, _TYPE, 8, _RAW, 12}  # with its sides, name and description; no external data

_OPERATORS: Final = {
    *("Add", "Cast", "Concat", "Conv", "Identity", "LeakyRelu", "Pad", "Relu", "Resize", "Tanh"),
}
_FLOAT32, _INT64 = 1, 7
_WEIGHTS: Final = (_FLOAT32, 2, 3, 10)  # bytes and float16 beside it
_LARGEST: Final = 64  # of whole numbers: strides, borders, axes
_SCALE: Final = 8.0  # by which maps may grow


def screen(data: bytes) -> None:
    """ModelError, saying what it is, for an ONNX file with anything in it that networks of ours have not."""
    graphs = 0
    try:
        for number, start, stop in fields(data, 0, len(data)):
            if number in (_TRAINING, _FUNCTIONS):
                raise ModelError("not an artifix model: it has functions of its own")
            if number == _GRAPH:
                graphs += 1
                _screen_graph(data, start, stop)
    except (ValueError, IndexError, struct.error) as error:
        raise ModelError("not an artifix model: it is not ONNX") from error
    if graphs != 1:
        raise ModelError("not an artifix model: it is not ONNX")


def _screen_graph(data: bytes, start: int, stop: int) -> None:
    for number, begin, end in fields(data, start, stop):
        if number == _NODE:
            _screen_node(data, begin, end)
        elif number == _INITIALIZER:
            _screen_tensor(data, begin, end)
        elif number == _SPARSE:
            raise ModelError("not an artifix model: its weights are sparse")


def _screen_node(data: bytes, start: int, stop: int) -> None:
    for number, begin, end in fields(data, start, stop):
        value = data[begin:end]
        if (number == _OPERATOR and value.decode() not in _OPERATORS) or (number == _DOMAIN and value):
            raise ModelError(f"not an artifix model: it has an operator {value.decode()[:40]!r}")
        if number == _ATTRIBUTE:
            for kind, first, last in fields(data, begin, end):
                if kind not in (_NAME, _FLOAT, _INT, _STRING, _INTS, _DOC, _KIND):
                    raise ModelError("not an artifix model: an operator has a graph or a tensor within")
                if kind in (_INT, _INTS):
                    _screen_numbers(data, first, last)


def _screen_numbers(data: bytes, start: int, stop: int) -> None:
    while start < stop:
        number, start = varint(data, start)
        if number > _LARGEST:  # negative ones are huge here
            raise ModelError("not an artifix model: an operator has a number that is too large")


def _screen_tensor(data: bytes, start: int, stop: int) -> None:
    kind, raw = 0, b""
    for number, begin, end in fields(data, start, stop):
        if number not in _TENSOR:
            raise ModelError("not an artifix model: a tensor does not lie in the file as ours do")
        if number == _TYPE:
            kind = varint(data, begin)[0]
        elif number == _RAW:
            raw = data[begin:end]
    if kind == _INT64:
        large = any(not 0 <= value <= _LARGEST for (value,) in struct.iter_unpack("<q", raw))
    elif kind == _FLOAT32 and len(raw) <= 16:  # what scales maps is as short
        large = any(not -_SCALE <= value <= _SCALE for (value,) in struct.iter_unpack("<f", raw))
    else:
        large = kind not in _WEIGHTS
    if large:
        raise ModelError("not an artifix model: a tensor holds what no tensor of ours does")
