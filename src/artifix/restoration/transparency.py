"""Keep the colours under transparent pixels, which are not meant to be seen, from bleeding into those that show."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifix.image.picture import bands

Mask = NDArray[Any]
"""(H, W) of any type: what is not 0 is visible."""


class Filled:
    """Pixels (H, W) or (H, W, C), in which every hidden one is taken over from near visible ones, smoothly.

    Indexed by a slice of rows and one of columns it makes that piece, so no copy of the picture is held; the slices
    have a start and a stop. Where all pixels are visible, or none, they are as they are.

    Push and pull over a pyramid: halve, averaging visible pixels alone, until none is hidden; then fill on the way
    back from the coarser picture. What is held is the filled picture of half the size, in the pixels' own type.
    """

    def __init__(self, pixels: NDArray[Any], visible: Mask) -> None:
        self._pixels, self._visible = pixels, visible
        self.shape, self.dtype, self.ndim, self.size = pixels.shape, pixels.dtype, pixels.ndim, pixels.size
        self._coarse: NDArray[Any] | None = None
        if visible.any() and not visible.all():
            self._coarse = _filled_half(pixels.reshape(*visible.shape, -1), visible)

    def __getitem__(self, piece: tuple[slice, slice]) -> NDArray[Any]:
        """The pixels of some rows and columns; not to be written to."""
        pixels: NDArray[Any] = self._pixels[piece]
        if self._coarse is None:
            return pixels
        filled = pixels.copy()
        hidden = self._visible[piece] == 0
        shaped = filled.reshape(*hidden.shape, -1)
        np.copyto(shaped, _doubled(self._coarse, *piece), where=hidden[..., None])
        return filled


def fill_hidden(pixels: NDArray[Any], visible: Mask) -> NDArray[Any]:
    """A copy of the pixels, (H, W) or (H, W, C), the hidden ones filled as in `Filled`."""
    height, width = visible.shape
    return np.array(Filled(pixels, visible)[slice(0, height), slice(0, width)])


def restore_hidden(restored: NDArray[Any], pixels: NDArray[Any], visible: Mask) -> None:
    """Put the hidden pixels into a restored picture as they were, in place."""
    for rows in bands(len(visible), visible.shape[1]):
        hidden = visible[rows] == 0
        np.copyto(restored[rows], pixels[rows], where=hidden.reshape(*hidden.shape, *[1] * (pixels.ndim - 2)))


def _filled_half(pixels: NDArray[Any], visible: Mask) -> NDArray[Any]:
    """The picture of half the size, the mean of the visible pixels in each 2x2, and filled where there is none."""
    coarse, covered = _halved(pixels, visible)
    if not covered.all():
        coarser = _filled_half(coarse, covered)
        for rows in bands(len(covered), covered.shape[1]):
            piece = slice(rows.start, rows.stop), slice(0, covered.shape[1])
            np.copyto(coarse[rows], _doubled(coarser, *piece), where=~covered[rows][..., None])
    return coarse


def _halved(pixels: NDArray[Any], visible: Mask) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The mean of the visible pixels in each 2x2, and where there is one; an odd last row or column stands alone."""
    height, width, channels = pixels.shape
    half = -(-height // 2), -(-width // 2)
    coarse = np.empty((*half, channels), pixels.dtype)
    covered = np.empty(half, np.bool_)
    for rows in bands(half[0], 4 * half[1]):
        fine = slice(2 * rows.start, min(2 * rows.stop, height))
        seen = visible[fine] != 0
        even = ((0, 2 * (rows.stop - rows.start) - len(seen)), (0, width % 2), (0, 0))
        weight = np.pad(seen[..., None], even).astype(np.float32)
        weight_sum = _sum_2x2(weight)
        mean = _sum_2x2(np.pad(pixels[fine].astype(np.float32), even) * weight) / np.maximum(weight_sum, 1)
        coarse[rows] = mean if pixels.dtype.kind == "f" else np.rint(mean)
        covered[rows] = weight_sum[..., 0] > 0
    return coarse, covered


def _doubled(coarse: NDArray[Any], rows: slice, columns: slice) -> NDArray[Any]:
    """Each pixel four times: a piece of the picture of twice the size."""
    piece = coarse[rows.start // 2 : -(-rows.stop // 2), columns.start // 2 : -(-columns.stop // 2)]
    across = piece.repeat(2, axis=1)[:, columns.start % 2 :][:, : columns.stop - columns.start]
    return across.repeat(2, axis=0)[rows.start % 2 :][: rows.stop - rows.start]


def _sum_2x2(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    return planes[::2, ::2] + planes[1::2, ::2] + planes[::2, 1::2] + planes[1::2, 1::2]
