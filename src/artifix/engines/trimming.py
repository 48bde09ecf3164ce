"""A halo that is thrown away while the network runs, not after: half of its arithmetic is never done.

A tile's halo is as wide as the network sees; but after each block less of it is still right, and less is still needed.
So every few blocks the outer rows and columns that are wrong already are cut off, where the picture continues beyond:

    picture  |. . . . . . . . . . . . . . .|        block 3          block 6          the end
    tile           |hhhhhh kkkkk hhhhhh|     ->  |hhhh kkkkk hhhh|  ->  |hh kkkkk hh|  ->  |kkkkk|

At the picture's own borders nothing is cut off: there the network pads, in a tile as in the whole picture.
"""

from typing import Final

from artifix.models.layers import Add, Conv, Description

_LEAST: Final = 12  # pixels of a cut, as each is a copy of the maps


def cuts(description: Description) -> dict[str, int]:
    """The layers that are cut once they are made, by name, and the pixels that a side has lost since the network began.

    No more than is wrong: so far as the layer sees beyond the tile's edge. A cut ends on the grid of the coarsest layer
    that is still to come; the maps within a residual block are never cut, as its shortcut would be copied, too.
    """
    layers, reaches, shapes = description.layers, description.reaches, description.shapes
    within = _within_blocks(description)
    last = max(place for place, layer in enumerate(layers) if isinstance(layer, Conv))
    found: dict[str, int] = {}
    done = 0
    for place, layer in enumerate(layers[:last]):  # behind the last convolution nothing is to be saved
        grid = max(int(1 / shapes[each.name].scale) for each in layers[place:] if shapes[each.name].scale)
        least = grid * -(-_LEAST // grid)
        cut = (int(reaches[layer.name]) - done) // least * least
        if isinstance(layer, Conv | Add) and layer.name not in within and cut > 0:
            done += cut
            found[layer.name] = done
    return found


def _within_blocks(description: Description) -> set[str]:
    """The names of the layers between a convolution that adds a shortcut and what that comes from."""
    names = [layer.name for layer in description.layers]
    found: set[str] = set()
    for place, layer in enumerate(description.layers):
        if isinstance(layer, Conv) and layer.skip in names:
            found |= set(names[names.index(layer.skip) + 1 : place])
    return found
