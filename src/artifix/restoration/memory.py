"""How much memory a network may take beside a picture, and how large a tile that allows."""

from typing import Final

from artifix.engines.engine import Engine

DEFAULT_MEMORY: Final = 1 << 30  # bytes
_ALTOGETHER: Final = 1_500_000_000  # bytes of picture and network, which leaves half a GiB of 2 for all else
_LEAST_MEMORY: Final = 1 << 28
# What a pixel of a tile takes while the network runs, in bytes for each of its maps: with OpenVINO, in int8 2.8 to 3.4,
# in bf16 5.3 to 5.5 and in fp32 8.1 to 10.8 were measured; the rest is reserve for the tile's own planes. A U-Net's
# widest maps are shuffled, and so floating in int8, too: 7.0. Other engines take more.
_BYTES_PER_MAP: Final = {"int8": 4, "bf16": 7, "fp16": 7, "fp32": 11}
_BYTES_PER_UNET_MAP: Final = 8
_BYTES_ELSEWHERE: Final = _BYTES_PER_MAP | {"fp32": 16}


def memory_beside(picture: int, max_memory: int) -> int:
    """Bytes for the network beside a picture of so many: `max_memory`, or less where the two would pass 2 GiB.

    The picture is there as it was and as it becomes, and beside it its opacity or its JPEG's coefficients. A quarter of
    a GiB, or a smaller `max_memory`, always remains; who asks for more than the default gets it.
    """
    if max_memory > DEFAULT_MEMORY:
        return max_memory
    return min(max_memory, max(_LEAST_MEMORY, _ALTOGETHER - 3 * picture))


def tile_pixels(engine: Engine, max_memory: int) -> int:
    """The pixels that a tile may have within so many bytes; at least one."""
    taken = _BYTES_PER_MAP if engine.name == "openvino" else _BYTES_ELSEWHERE
    each = _BYTES_PER_UNET_MAP if engine.card.network == "unet" else 0
    return max(1, max_memory // (engine.card.maps * max(each, taken[engine.precision])))
