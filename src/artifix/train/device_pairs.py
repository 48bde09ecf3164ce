"""(degraded, target) pairs made where the network is: crops and JPEG as tensor arithmetic, from the workers' own draws.

Sixteen cores at 0.7 ms a pair make at best 23,000 pairs a second, 0.2 MB of floats each to be moved between processes;
that is what a large GPU asks for, with nothing to spare. So the pictures lie on the device as one row of pixels, the
host sends eighteen numbers a patch, and every pair is the one that `PatchPairs` would have made, but for a grey level
in a few pixels.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from artifix.train.jpeg import CHROMA_BLOCK, coded_ycbcr, decoded_rgb, jpeg_round_trip
from artifix.train.patches import Draw, Lesson, Pixels, known_of, margin_of
from artifix.train.recipe import DataRecipe
from artifix.train.tensor_color import rgb_to_ycbcr, to_range, ycbcr_to_rgb

_SUBSAMPLINGS: Final = ("4:2:0", "4:4:4")


class DevicePairs:
    """Draws (N,) -> a batch of pairs, its planes channels_last, on the pictures' device."""

    def __init__(
        self,
        images: list[Pixels],
        recipe: DataRecipe,
        channels: int,
        device: str | torch.device,
        halved: frozenset[int] = frozenset(),
    ) -> None:
        self.patch, self.side, self.channels, self.device = recipe.patch, margin_of(recipe), channels, device
        self.pixels = torch.from_numpy(np.concatenate([image.reshape(-1, 3) for image in images])).to(device)
        sizes = torch.tensor([image.shape[:2] for image in images], device=device)
        self.widths = sizes[:, 1]
        self.begins = sizes.prod(dim=1).cumsum(0) - sizes.prod(dim=1)
        self.true_chroma = torch.tensor([number not in halved for number in range(len(images))], device=device).float()
        known = [
            [
                [known_of(quality, subsampling, colour).vector() for colour in (False, True)]
                for subsampling in _SUBSAMPLINGS
            ]
            for quality in range(1, 101)
        ]
        self.known = torch.from_numpy(np.array(known)).to(device)  # by quality, subsampling and colour
        # Where a pixel of each of the eight orientations lies in the upright crop, as PatchPairs turns and mirrors it.
        upright = np.arange(self.side**2).reshape(self.side, self.side)
        turned = [np.rot90(upright, turns) for turns in range(4)]
        orientations = np.stack([view for each in turned for view in (each, each[:, ::-1])])
        self.orientations = torch.from_numpy(orientations.reshape(8, -1).copy()).to(device)

    @torch.no_grad()
    def __call__(self, draws: Draw) -> Lesson:
        """The pairs of a batch of draws, which may lie on any device."""
        draw = Draw(*(number.to(self.device, non_blocking=True) for number in draws))
        target = self._colours(_recoloured(self._crop(draw), draw), draw)
        zero = torch.zeros_like(draw.top)
        target = self._window(target, draw.first_y, draw.first_x, self.side - draw.first_y, self.side - draw.first_x)
        once = self._code(target, draw.first_quality, draw.full_chroma)
        degraded = torch.where(draw.twice[:, None, None, None], self._pixels(once), target)
        degraded = self._window(degraded, zero, zero, self.patch + draw.top, self.patch + draw.left)
        degraded = self._code(degraded, draw.quality, draw.full_chroma)
        planes = target if self.channels == 1 else rgb_to_ycbcr(target)
        colour = (self.channels == 3) & ~draw.grey
        known = self.known[draw.quality - 1, draw.full_chroma.long(), colour.long()]
        return Lesson(
            self._batch(degraded, draw),
            self._batch(planes, draw),
            known * draw.told[:, None],
            self.true_chroma[draw.image],
        )

    def _crop(self, draw: Draw) -> Tensor:
        """Turned and mirrored RGB crops (N, 3, side, side), 0..255."""
        place = self.orientations[2 * draw.turns + draw.mirrored]
        y, x = draw.y[:, None] + place // self.side, draw.x[:, None] + place % self.side
        pixels = self.pixels[self.begins[draw.image][:, None] + y * self.widths[draw.image][:, None] + x]
        return pixels.float().transpose(1, 2).unflatten(2, (self.side, self.side))

    def _colours(self, rgb: Tensor, draw: Draw) -> Tensor:
        """RGB, grey where drawn so, for three channels; luma of either range for one. Whole numbers."""
        luma = rgb_to_ycbcr(rgb)[:, :1]
        if self.channels == 1:
            return torch.round(torch.where(draw.limited[:, None, None, None], 16 + luma * (219 / 255), luma))
        return torch.where(draw.grey[:, None, None, None], torch.round(luma), rgb)

    def _window(self, planes: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor) -> Tensor:
        """The window of each plane at (top, left), on a canvas of whole blocks that its last row and column fill."""
        canvas = torch.arange(-(-self.side // CHROMA_BLOCK) * CHROMA_BLOCK, device=self.device)
        rows = top[:, None] + torch.minimum(canvas, height[:, None] - 1)
        columns = left[:, None] + torch.minimum(canvas, width[:, None] - 1)
        return _gather(planes, rows, columns)

    def _code(self, planes: Tensor, quality: Tensor, full_chroma: Tensor) -> Tensor:
        return jpeg_round_trip(planes if self.channels == 1 else coded_ycbcr(planes), quality, full_chroma)

    def _pixels(self, coded: Tensor) -> Tensor:
        return coded if self.channels == 1 else decoded_rgb(coded)

    def _batch(self, planes: Tensor, draw: Draw) -> Tensor:
        patch = torch.arange(self.patch, device=self.device)
        cut = _gather(planes, draw.top[:, None] + patch, draw.left[:, None] + patch)
        return to_range(cut).contiguous(memory_format=torch.channels_last)


def _recoloured(rgb: Tensor, draw: Draw) -> Tensor:
    """What `recoloured` makes of each crop that is drawn so."""
    cosine, sine = draw.saturation * torch.cos(draw.hue), draw.saturation * torch.sin(draw.hue)
    cosine, sine = (each.float()[:, None, None] for each in (cosine, sine))
    y, cb, cr = rgb_to_ycbcr(rgb).unbind(dim=1)
    cb, cr = cb - 128, cr - 128
    turned = torch.stack((y, cosine * cb - sine * cr + 128, sine * cb + cosine * cr + 128), dim=1)
    same = ((draw.hue == 0) & (draw.saturation == 1))[:, None, None, None]
    return torch.where(same, rgb, torch.round(ycbcr_to_rgb(turned)).clamp(0, 255))


def _gather(planes: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Rows (N, H) and columns (N, W) of planes (N, C, ., .): (N, C, H, W)."""
    n = torch.arange(len(planes), device=planes.device)[:, None, None]
    return planes.permute(0, 2, 3, 1)[n, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
