"""Texture that was blurred away, which PSNR and SSIM do not distinguish from noise, in the luma of a picture."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.dct import dct_matrix
from artifix.evaluate.metric import Metric
from artifix.evaluate.planes import BLOCK, luma_planes

Pixels = NDArray[np.uint8]

BAND: Final = 6  # u + v of a coefficient in the high band at least, u and v in 0..7: 43 of the 64


def texture(restored: Pixels, target: Pixels) -> float:
    """Energy in the high band of the 8x8 DCT, restored over target: 1 is right, blur lies below, noise above.

    Summed over the blocks of JPEG's grid, so that a jump from block to block does not count as texture, and over the
    coefficients (u, v) with u + v >= 6. Infinite where the target alone has none, 1 where neither has.
    """
    mine, wanted = map(_high_energy, luma_planes(restored, target))
    if wanted == 0:
        return 1.0 if mine == 0 else float("inf")
    return mine / wanted


_DCT: Final = dct_matrix(BLOCK)
_HIGH: Final = np.add.outer(np.arange(BLOCK), np.arange(BLOCK)) >= BAND


def _high_energy(plane: Pixels) -> float:
    height, width = (side // BLOCK * BLOCK for side in plane.shape)
    levels = plane[:height, :width].astype(np.float32)
    blocks = levels.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).swapaxes(1, 2)
    blocks -= blocks.mean(axis=(2, 3), keepdims=True)  # so that a flat block has none, not what rounding leaves
    high = (_DCT @ blocks @ _DCT.T)[..., _HIGH]
    return float(np.sum(high * high, dtype=np.float64))


METRIC: Final = Metric("texture", "Texture (1 is right)", 2, "nearer 1", lambda vgg: texture)
