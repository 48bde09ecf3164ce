"""libjpeg's quantisation tables: the standard's two, scaled by a quality."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# ITU-T T.81, tables K.1 and K.2: the steps at quality 50 of luma and of chroma, row by row.
_LUMA: Final = (
    16, 11, 10, 16, 24, 40, 51, 61,
    12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77,
    24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA: Final = (
    17, 18, 24, 47, 99, 99, 99, 99,
    18, 21, 26, 66, 99, 99, 99, 99,
    24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99,
)  # fmt: skip


def quantisation_tables() -> NDArray[np.int64]:
    """The tables of every quality: (100, 2, 64), quality 1 first, luma's then chroma's, each row by row, in 1..255.

    As libjpeg makes them for baseline files, in whole percents (jcparam.c, jpeg_quality_scaling, jpeg_add_quant_table).
    """
    quality = np.arange(1, 101)
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)[:, None, None]
    return ((np.array([_LUMA, _CHROMA]) * percent + 50) // 100).clip(1, 255)
