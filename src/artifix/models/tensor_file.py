"""Safetensors files, as far as our models need them: half-precision tensors by name, and text beside them.

The format (huggingface.co/docs/safetensors): eight bytes with the header's length, the header in JSON, then the
tensors' values. Read here with numpy alone, and strictly, because an unknown file may hold anything.
"""

import json
import struct
from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError

Tensors = dict[str, NDArray[np.float16]]

_LARGEST_HEADER: Final = 4 << 20  # bytes
_MOST_TENSORS: Final = 10_000
_MOST_AXES: Final = 8
_LENGTH: Final = struct.Struct("<Q")
_ALIGNMENT: Final = 8  # of the values' first byte, as the format's own library has it
_TEXT: Final = "__metadata__"
_HALF: Final = np.dtype("<f2")


def pack(tensors: Mapping[str, NDArray[np.float16] | NDArray[np.uint8]], text: Mapping[str, str]) -> bytes:
    """The file of tensors, in half precision or of bytes, in their order, with texts by key."""
    header: dict[str, Any] = {_TEXT: dict(text)}
    values = []
    start = 0
    for name, tensor in tensors.items():
        of_bytes = tensor.dtype == np.uint8
        values.append(np.ascontiguousarray(tensor, np.uint8 if of_bytes else _HALF).tobytes())
        stop = start + len(values[-1])
        header[name] = {
            "dtype": "U8" if of_bytes else "F16",
            "shape": list(tensor.shape),
            "data_offsets": [start, stop],
        }
        start = stop
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-len(told) % _ALIGNMENT)
    return _LENGTH.pack(len(told)) + told + b"".join(values)


def unpack(data: bytes) -> tuple[Tensors, dict[str, str]]:
    """The tensors in a file, and its texts; ModelError for anything but whole tensors in half precision, end to end."""
    try:
        (length,) = _LENGTH.unpack_from(data)
        if length > min(_LARGEST_HEADER, len(data) - _LENGTH.size):
            raise ValueError("its header is longer than the file")
        header = json.loads(data[_LENGTH.size : _LENGTH.size + length])
        text = header.pop(_TEXT, {})
        if len(header) > _MOST_TENSORS or not all(type(value) is str for value in text.values()):
            raise ValueError("its header is not one of tensors")
        body = memoryview(data)[_LENGTH.size + length :]
        return _tensors(header, body), dict(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise ModelError(f"not an artifix model: it is not safetensors in half precision ({error})") from error


def _tensors(header: dict[str, Any], body: memoryview) -> Tensors:
    found: Tensors = {}
    reached = 0
    for name, told in sorted(header.items(), key=lambda item: item[1]["data_offsets"][0]):
        start, stop = told["data_offsets"]
        shape = told["shape"]
        whole = all(type(number) is int and number >= 0 for number in (start, stop, *shape))
        if told["dtype"] != "F16" or not whole or len(shape) > _MOST_AXES:
            raise ValueError("a tensor of another kind")
        if start != reached or stop - start != prod(shape) * _HALF.itemsize or stop > len(body):
            raise ValueError("tensors that overlap, or leave gaps")
        reached = stop
        found[name] = np.frombuffer(body[start:stop], _HALF).reshape(shape)
    if reached != len(body):
        raise ValueError("bytes behind its tensors")
    return {name: found[name] for name in header}
