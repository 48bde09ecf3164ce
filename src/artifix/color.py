"""RGB <-> YCbCr (JFIF, full range) for the networks, and MATLAB's limited-range luma for the paper's metrics."""

import numpy as np
from numpy.typing import NDArray

# ITU-T T.871 (JFIF), section 7: Y, Cb and Cr from R, G and B, all in 0..255; chroma is centred on 128.
RGB_TO_YCBCR = np.array(
    [[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]], dtype=np.float32
)
YCBCR_TO_RGB = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136286, -0.714136286], [1.0, 1.772, 0.0]], dtype=np.float32)
CENTRE = np.array([0.0, 128.0, 128.0], dtype=np.float32)

# MATLAB's rgb2ycbcr (ITU-R BT.601, limited range): Y = 16 + weights . RGB / 255.
_LUMA = np.array([65.481, 128.553, 24.966], dtype=np.float64) / 255.0


def rgb_to_ycbcr(rgb: NDArray[np.generic]) -> NDArray[np.float32]:
    """Full-range YCbCr, (..., 3) float32 in 0..255, not rounded, of RGB (..., 3) in 0..255."""
    return np.add(rgb.astype(np.float32, copy=False) @ RGB_TO_YCBCR.T, CENTRE, dtype=np.float32)


def ycbcr_to_rgb(ycbcr: NDArray[np.generic]) -> NDArray[np.float32]:
    """RGB (..., 3) float32, neither rounded nor clipped, of full-range YCbCr (..., 3) in 0..255."""
    return np.subtract(ycbcr, CENTRE, dtype=np.float32) @ YCBCR_TO_RGB.T


def luma(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """MATLAB's `rgb2ycbcr` luma, 16..235, rounded to (H, W) uint8; grey (H, W) input counts as R = G = B.

    This is the Y that the paper's Table 1 is measured on; the full-range Y would read 0.75 dB lower.
    """
    weighted = image * _LUMA.sum() if image.ndim == 2 else image @ _LUMA
    return np.round(weighted + 16.0).astype(np.uint8)


def to_batch(planes: NDArray[np.generic]) -> NDArray[np.float32]:
    """What a network reads: planes (H, W, C) in 0..255 -> (1, C, H, W) float32 in [-1, 1]."""
    return np.ascontiguousarray(planes.transpose(2, 0, 1)[None], dtype=np.float32) / 127.5 - 1


def from_batch(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a network wrote: (1, C, H, W) in [-1, 1] -> planes (H, W, C) float32 in 0..255, not clipped."""
    return (batch[0].transpose(1, 2, 0) + 1) * 127.5
