"""A halo that is thrown away while the network runs, not after: half of its arithmetic is never done.

A tile's halo is as wide as the network sees; but after each block less of it is still right, and less is still needed.
So every few blocks the outer rows and columns that are wrong already are cut off, where the picture goes on beyond:

    picture  |. . . . . . . . . . . . . . .|        block 3          block 6          the end
    tile           |hhhhhh kkkkk hhhhhh|     ->  |hhhh kkkkk hhhh|  ->  |hh kkkkk hh|  ->  |kkkkk|

At the picture's own borders nothing is cut off: there the network pads, in a tile as in the whole picture.
"""

from typing import Any, Final

import numpy as np

from artifix.models.card import ModelCard

_BLOCKS: Final = 3  # between cuts: each is a copy of the maps
_REACH: Final = 2  # map pixels that a block sees to each side: two convolutions of 3x3
_STRIDE: Final = 2  # pixels to a map pixel
_END: Final = 1 << 24  # past any side


def trim(graph: Any, card: ModelCard) -> int:
    """Give an OpenVINO graph a second input, and cut off its halo within; the pixels that a side then loses.

    The input, `inside`, is (top, left, bottom, right), int64: 1 where the picture goes on at that side of the tile. The
    output is that much smaller there. 0, and the graph as it was, if the network is no generator of that many blocks.
    """
    import openvino.opset13 as ops

    sums = [node for node in graph.get_ordered_ops() if node.get_type_name() == "Add" and _of_maps(node)]
    blocks, last = sums[: card.config.get("blocks", 0)], sums[-1:]
    cuts = len(blocks) // _BLOCKS
    if card.network != "generator" or not cuts or len(sums) != len(blocks) + bool(card.config.get("residual")):
        return 0
    inside = ops.parameter([4], np.int64, name="inside")

    def cut(values: Any, width: int) -> Any:
        begin = ops.multiply(ops.gather(inside, ops.constant([0, 1]), ops.constant(0)), ops.constant(np.int64(width)))
        ends = ops.gather(inside, ops.constant([2, 3]), ops.constant(0))
        end = ops.add(ops.multiply(ends, ops.constant(np.int64(-width - _END))), ops.constant(np.int64(_END)))
        return ops.slice(values, begin, end, ops.constant([1, 1]), ops.constant([2, 3])).output(0)

    for block in blocks[_BLOCKS - 1 :: _BLOCKS]:
        source = block.output(0)
        readers = list(source.get_target_inputs())
        if len(readers) == 1 and readers[0].get_node().get_type_name() == "FakeQuantize":
            source = readers[0].get_node().output(0)  # bytes are cheaper to copy
            readers = list(source.get_target_inputs())
        kept = cut(source, _BLOCKS * _REACH)
        for reader in readers:
            reader.replace_source_output(kept)
    width = cuts * _BLOCKS * _REACH * _STRIDE
    if card.config.get("residual"):
        image = next(i for i in last[0].inputs() if i.get_partial_shape()[1] == card.channels and _is_image(i))
        image.replace_source_output(cut(image.get_source_output(), width))
    graph.add_parameters([inside])
    graph.validate_nodes_and_infer_types()
    return width


def _of_maps(node: Any) -> bool:
    """Whether it is a sum of two sets of maps: a bias would be constant."""
    return all(node.input_value(i).get_partial_shape().is_dynamic for i in (0, 1))


def _is_image(place: Any) -> bool:
    return bool(place.get_source_output().get_node().get_type_name() == "Parameter")
