"""A JPEG round trip as batched tensor arithmetic on any device: what libjpeg would have made of each patch.

It follows libjpeg's default way (jfdctint, jidctint, h2v2 subsampling with "fancy" upsampling) and rounds where that
rounds, so that all but a few pixels in a thousand come out the same. Entropy coding changes no pixel and is left out.
"""

import math
from functools import cache
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from artifix.dct import dct_matrix
from artifix.jpeg.quantisation import quantisation_tables
from artifix.train.tensor_color import rgb_to_ycbcr, ycbcr_to_rgb

_BLOCK: Final = 8
_FIRST_PASS: Final = 4 * math.sqrt(8)
_HALF: Final = 0.5 + 1e-4  # with room for float32's own error
CHROMA_BLOCK: Final = 16  # pixels that a chroma block of 4:2:0 covers


def jpeg_round_trip(planes: Tensor, quality: Tensor, full_chroma: Tensor) -> Tensor:
    """Y or YCbCr (N, C, H, W), whole numbers in 0..255, after coding and decoding; same shape and range.

    `quality` (N,) is libjpeg's factor, 1..100; where `full_chroma` (N,) is true chroma is coded 4:4:4, else 4:2:0.
    H and W are multiples of 8, and of 16 with chroma.
    """
    tables = _tables(planes.device)[quality - 1]  # (N, 2, 8, 8)
    restored = [_code(planes[:, :1], tables[:, :1])]
    if planes.shape[1] == 3:
        chroma, table = planes[:, 1:], tables[:, 1:]
        halved = _upsample(_code(_downsample(chroma), table))
        restored.append(torch.where(full_chroma[:, None, None, None], _code(chroma, table), halved))
    return torch.cat(restored, dim=1)


def coded_ycbcr(rgb: Tensor) -> Tensor:
    """The whole-numbered YCbCr that libjpeg codes, of RGB, both (N, 3, H, W) in 0..255; halves go down."""
    return torch.ceil(rgb_to_ycbcr(rgb) - _HALF)


def decoded_rgb(ycbcr: Tensor) -> Tensor:
    """The whole-numbered RGB that libjpeg decodes YCbCr to, both (N, 3, H, W) in 0..255."""
    return _round(ycbcr_to_rgb(ycbcr)).clamp(0, 255)


def _code(planes: Tensor, table: Tensor) -> Tensor:
    """(N, C, H, W) quantised by `table` (N, 1, 8, 8) in the cosine transform of each 8x8 block."""
    n, c, h, w = planes.shape
    blocks = planes.reshape(n, c, h // _BLOCK, _BLOCK, w // _BLOCK, _BLOCK).transpose(3, 4) - 128
    cosine = _cosine(planes.device)
    # libjpeg works in whole numbers, each pass scaled by the square root of 8 and the first by two bits more.
    rows = _round(_FIRST_PASS * (blocks @ cosine.T)) / _FIRST_PASS
    coefficients = _round(8 * (cosine @ rows)) / 8
    table = table[:, :, None, None]
    quantised = torch.sign(coefficients) * torch.floor(coefficients.abs() / table + 0.5) * table
    columns = _round(_FIRST_PASS * (cosine.T @ quantised)) / _FIRST_PASS
    decoded = _round(columns @ cosine + 128).clamp(0, 255)
    return decoded.transpose(3, 4).reshape(n, c, h, w)


def _downsample(chroma: Tensor) -> Tensor:
    """Means of 2x2 pixels; halves are rounded down and up in turn along a row."""
    sums = F.avg_pool2d(chroma, 2) * 4
    bias = torch.arange(sums.shape[-1], device=chroma.device) % 2 + 1
    return torch.floor((sums + bias) / 4)


def _upsample(chroma: Tensor) -> Tensor:
    """Twice the size, each pixel 9/16 of the nearest one, 3/16 of two neighbours and 1/16 of the diagonal one."""
    padded = F.pad(chroma, (1, 1, 1, 1), mode="replicate")
    rows = torch.stack([3 * padded[:, :, 1:-1] + padded[:, :, :-2], 3 * padded[:, :, 1:-1] + padded[:, :, 2:]], dim=3)
    rows = rows.flatten(2, 3)
    left, right = 3 * rows[..., 1:-1] + rows[..., :-2], 3 * rows[..., 1:-1] + rows[..., 2:]
    return torch.stack([torch.floor((left + 8) / 16), torch.floor((right + 7) / 16)], dim=-1).flatten(3)


def _round(values: Tensor) -> Tensor:
    return torch.floor(values + 0.5)


@cache
def _cosine(device: torch.device) -> Tensor:
    return torch.from_numpy(dct_matrix(_BLOCK)).to(device)


@cache
def _tables(device: torch.device) -> Tensor:
    """The quantisation tables of every quality: (100, 2, 8, 8)."""
    tables = torch.from_numpy(quantisation_tables())
    return tables.float().reshape(100, 2, _BLOCK, _BLOCK).to(device)
