"""What a JPEG's quantisation tables tell: the quality whose libjpeg tables they are, or lie nearest to."""

from collections.abc import Sequence

import numpy as np

from artifix.jpeg.quantisation import quantisation_tables


def estimate_quality(luma_table: Sequence[int], chroma_table: Sequence[int] = ()) -> tuple[int, bool]:
    """The quality 1..100 whose libjpeg tables lie nearest to these, and whether they are the same.

    A table is its 64 steps, row by row; nearest is the least sum of absolute differences.
    """
    found = np.array([*luma_table, *chroma_table])
    tables = quantisation_tables().reshape(100, -1)[:, : found.size]
    differences = np.abs(tables - found).sum(axis=1)
    nearest = int(differences.argmin())
    return nearest + 1, bool(differences[nearest] == 0)
