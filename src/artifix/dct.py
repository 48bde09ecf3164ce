"""The discrete cosine transform that JPEG is made of, as a matrix."""

import numpy as np
from numpy.typing import NDArray


def dct_matrix(length: int) -> NDArray[np.float32]:
    """The orthonormal DCT-II of so many values: one basis vector a row, the lowest frequency first."""
    frequency, position = np.mgrid[:length, :length]
    cosines = np.cos(np.pi * (2 * position + 1) * frequency / (2 * length))
    matrix: NDArray[np.float32] = (cosines * np.sqrt(np.where(frequency == 0, 1, 2) / length)).astype(np.float32)
    return matrix
