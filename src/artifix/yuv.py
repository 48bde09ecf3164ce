"""The planes of a coded video frame <-> full-range YCbCr, which the networks read; RGB is never on the way.

Chroma is brought to luma's size by linear interpolation, as libjpeg does for the pictures that the networks learned
from, each sample from where it lies (ITU-T H.264, annex E): on a luma sample, or midway between two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float32]
Subsampling = Literal["4:0:0", "4:2:0", "4:2:2", "4:4:4"]
Siting = Literal["left", "centre"]

_ROWS, _COLUMNS = 0, 1
_HALVED: Final[dict[str, tuple[int, ...]]] = {
    "4:0:0": (),
    "4:2:0": (_ROWS, _COLUMNS),
    "4:2:2": (_COLUMNS,),
    "4:4:4": (),
}


@dataclass(frozen=True)
class Layout:
    """What the samples of a frame mean. "4:0:0" has luma alone."""

    subsampling: Subsampling = "4:2:0"
    bits: int = 8
    full_range: bool = False
    """Luma in 0..255, at 8 bits, instead of 16..235."""
    siting: Siting = "left"
    """Where halved chroma lies: left in H.264 and HEVC unless they say otherwise, centre in JPEG and MPEG-1."""

    def cosited(self, axis: int) -> bool:
        """Whether every chroma sample lies on a luma sample along an axis of (H, W)."""
        return axis == _COLUMNS and self.siting == "left"

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The type of a sample."""
        return np.uint8 if self.bits == 8 else np.uint16

    def scale(self, plane: int) -> tuple[float, float]:
        """Offset and gain of a plane, 0 being luma: value in 0..255 = (sample - offset) * gain, chroma about 0."""
        steps = 1 << self.bits - 8
        middle = 128 * steps if plane else 0
        if self.full_range:
            return middle, 255 / ((1 << self.bits) - 1)
        return (middle, 255 / (224 * steps)) if plane else (16 * steps, 255 / (219 * steps))


def to_ycbcr(planes: Sequence[Samples], layout: Layout) -> Plane:
    """Full-range YCbCr (H, W, 3), or luma (H, W, 1) of 4:0:0, float32 in 0..255, neither rounded nor clipped.

    `planes` are luma (H, W) and, halves rounded up, Cb and Cr. What lies beyond the nominal range stays beyond 0..255.
    """
    height, width = planes[0].shape
    values = []
    for number, samples in enumerate(planes):
        offset, gain = layout.scale(number)
        plane = (samples.astype(np.float32) - np.float32(offset)) * np.float32(gain)
        if number:
            for axis in _HALVED[layout.subsampling]:
                plane = _double(plane, (height, width)[axis], axis, layout.cosited(axis))
            plane += np.float32(128)
        values.append(plane)
    return np.stack(values, axis=-1)


def from_ycbcr(ycbcr: Plane, layout: Layout) -> list[Samples]:
    """The planes of full-range YCbCr (H, W, 3) or luma (H, W, 1) in 0..255: the inverse of `to_ycbcr`, rounded."""
    centred = ycbcr - np.array([0, 128, 128][: ycbcr.shape[2]], np.float32)
    return _quantised([np.float32(layout.scale(number)[0]) for number in range(ycbcr.shape[2])], centred, layout)


def add_change(planes: Sequence[Samples], change: Plane, layout: Layout) -> list[Samples]:
    """The planes with a change added to them, (H, W, C) in the units of `to_ycbcr`, rounded and clipped once.

    Only the change goes through the halving of chroma: where it is 0, every sample stays exactly as it was.
    """
    return _quantised([samples.astype(np.float32) for samples in planes], change, layout)


def _quantised(bases: Sequence[Any], change: Plane, layout: Layout) -> list[Samples]:
    samples: list[Samples] = []
    for number, base in enumerate(bases):
        plane = change[..., number] / np.float32(layout.scale(number)[1])
        if number:
            for axis in _HALVED[layout.subsampling]:
                plane = _halve(plane, axis, layout.cosited(axis))
        samples.append(np.rint(base + plane).clip(0, (1 << layout.bits) - 1).astype(layout.dtype))
    return samples


def _double(plane: Plane, length: int, axis: int, cosited: bool) -> Plane:
    """A plane (H, W) at twice its length along an axis, cut to `length`."""
    plane = np.moveaxis(plane, axis, 0)
    after = np.concatenate([plane[1:], plane[-1:]])
    before = np.concatenate([plane[:1], plane[:-1]])
    doubled = np.empty((2 * len(plane), *plane.shape[1:]), np.float32)
    if cosited:
        doubled[::2] = plane
        doubled[1::2] = (plane + after) / 2
    else:
        doubled[::2] = (3 * plane + before) / 4
        doubled[1::2] = (3 * plane + after) / 4
    return np.moveaxis(doubled[:length], 0, axis)


def _halve(plane: Plane, axis: int, cosited: bool) -> Plane:
    """A plane (H, W) at half its length along an axis, rounded up: means of what lies about each chroma sample."""
    plane = np.moveaxis(plane, axis, 0)
    if len(plane) % 2:
        plane = np.concatenate([plane, plane[-1:]])
    even, odd = plane[::2], plane[1::2]
    halved: Plane
    if cosited:
        before = np.concatenate([even[:1], odd[:-1]])
        halved = (before + 2 * even + odd) / np.float32(4)
    else:
        halved = (even + odd) / np.float32(2)
    return np.moveaxis(halved, 0, axis)
