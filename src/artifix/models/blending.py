"""Between a faithful and a vivid model: their weights, interpolated (Wang et al., ESRGAN, ECCV Workshops 2018, 3.4).

It works on the ONNX files' bytes: where each float tensor lies is found, and its numbers are written over. So every
engine runs a blend as it runs any model, at the same cost, and none of the packages that make ONNX files is needed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.catalog import VIVID, read_model
from artifix.models.protobuf import fields, varint

# Numbers of fields in onnx.proto.
_GRAPH, _METADATA = 7, 14  # of the model
_INITIALIZER: Final = 5  # of the graph
_TYPE, _RAW = 2, 9  # of a tensor
_KEY, _VALUE = 1, 2  # of a metadata entry
_FLOATS: Final[dict[int, np.dtype[np.floating]]] = {1: np.dtype("<f4"), 10: np.dtype("<f2")}  # its type -> ours
_BYTES: Final = (2, 3)

# Weights that were trained from one another point one way (cosine near 1); those of two beginnings do not (near 0).
_KIN: Final = 0.5


def read_blended(model: str | Path, detail: float = 0.0, vivid: str | Path = VIVID) -> bytes:
    """The ONNX file of a model, or of what lies at `detail` 0..1 on the way from it to the vivid one.

    Both are shipped models' names or .onnx files of ours. ModelError if one is none, or the two do not fit.
    """
    data = read_model(model)
    if not detail:
        return data
    if str(model) == str(vivid):
        raise ModelError(f"{model}: is the vivid model itself; detail leads there from a faithful one")
    try:
        return blend(data, read_model(vivid), detail)
    except ModelError as error:
        raise ModelError(f"{model} and {vivid} cannot be blended: {error}") from error


def blend(faithful: bytes, vivid: bytes, detail: float) -> bytes:
    """The faithful model's ONNX file, card and all, with weights (1 - detail) faithful + detail vivid, detail in 0..1.

    ModelError if one is no model of ours, or they differ in network, configuration or the tensors' names, types and
    shapes, or share no beginning.
    """
    first, second = _read(faithful, "first"), _read(vivid, "second")
    if (first.card.network, first.card.config) != (second.card.network, second.card.config):
        raise ModelError("they are networks of different shapes")
    if first.tensors.keys() != second.tensors.keys():
        raise ModelError("their weights differ in name, type or shape")
    pairs = [(tensor, second.tensors[key]) for key, tensor in first.tensors.items()]
    if any(len(a.values) != len(b.values) for a, b in pairs):
        raise ModelError("their weights differ in number")
    if not _are_kin(pairs):
        raise ModelError("they share no beginning, so nothing of use lies between them")
    blended = bytearray(faithful)
    for a, b in pairs:
        mine, theirs = a.values.astype(np.float64), b.values.astype(np.float64)
        mixed = ((1 - detail) * mine + detail * theirs).astype(a.values.dtype)
        blended[a.start : a.start + mixed.nbytes] = mixed.tobytes()
    return bytes(blended)


@dataclass(frozen=True)
class _Tensor:
    """The values of a float tensor, flat, and where in the file they start."""

    values: NDArray[np.floating]
    start: int


@dataclass(frozen=True)
class _Contents:
    """What blending needs of a file; a tensor's key is all that the file says of it but its values."""

    card: ModelCard
    tensors: dict[bytes, _Tensor]


def _are_kin(pairs: list[tuple[_Tensor, _Tensor]]) -> bool:
    # Constants of the graph are tensors, too; equal ones say nothing.
    differing = [(a.values, b.values) for a, b in pairs if not np.array_equal(a.values, b.values)]
    if not differing:
        return True
    first, second = (np.concatenate(side).astype(np.float64) for side in zip(*differing, strict=True))
    return bool(first @ second >= _KIN * np.sqrt((first @ first) * (second @ second)))


def _read(data: bytes, which: str) -> _Contents:
    card, tensors = None, dict[bytes, _Tensor]()
    try:
        for number, start, stop in fields(data, 0, len(data)):
            if number == _METADATA:
                entry = {key: data[begin:end] for key, begin, end in fields(data, start, stop)}
                if entry.get(_KEY) == METADATA_KEY.encode():
                    card = entry[_VALUE].decode()
            elif number == _GRAPH:
                for kind, begin, end in fields(data, start, stop):
                    if kind == _INITIALIZER:
                        tensors |= _floats(data, begin, end)
        return _Contents(card_from_json(card), tensors)
    except (ValueError, KeyError, IndexError) as error:
        raise ModelError(f"the {which}: not an artifix model: it is not ONNX") from error
    except ModelError as error:
        raise ModelError(f"the {which}: {error}") from error


def _floats(data: bytes, start: int, stop: int) -> dict[bytes, _Tensor]:
    """The tensor in data[start:stop] by its key, or nothing if it holds whole numbers; ModelError for bytes."""
    key, at, kind, values = b"", 0, 0, b""
    for number, begin, end in fields(data, start, stop):
        if number == _RAW:
            at, values = begin, data[begin:end]
            continue
        key += bytes([number]) + data[begin:end]
        if number == _TYPE:
            kind = varint(data, begin)[0]
    if kind in _BYTES:
        raise ModelError("its weights are quantised; blend those that they were made from")
    return {key: _Tensor(np.frombuffer(values, _FLOATS[kind]), at)} if kind in _FLOATS else {}
