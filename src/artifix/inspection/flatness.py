"""Whether a picture is mostly flat or smooth, as drawings, screenshots and skies without grain are."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.image import Space

FLAT: Final = 0.8
"""The least share of equal neighbours in a flat picture.

The flattest of LIVE1's photographs as JPEGs of quality 10 to 95 has 0.78, the median 0.30 to 0.54. Charts, logos and
skies that `train.drawings` makes have 0.88 to 1.
"""

_EVERY: Final = 8  # one row in so many is examined


def is_flat(pixels: NDArray[Any], space: Space) -> bool:
    """Whether a share of `FLAT` of horizontal neighbours differs by at most one level of 255.

    `pixels` are (H, W) or (H, W, 3) of uint8 or uint16; the luma of YCbCr is compared, the green of RGB.
    """
    plane = pixels if space == "L" else pixels[..., 0 if space == "YCbCr" else 1]
    left, right = plane[::_EVERY, :-1], plane[::_EVERY, 1:]
    if not left.size:
        return False
    differences = np.maximum(left, right) - np.minimum(left, right)
    return bool(np.mean(differences <= np.iinfo(plane.dtype).max // 255) >= FLAT)
