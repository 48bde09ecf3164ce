"""The shape-adaptive DCT (Sikora and Makai, IEEE TCSVT 5(1), 1995), orthonormal, with aligned coefficients.

    pixels of a shape      columns, packed up      their DCTs, aligned      rows, packed left; their DCTs

        . b . .                a b d f                  0 0 0 0                    * * * *
        a c d .                . c e g                  . . 1 1                    * * .
        . . e f                . . . .                  . 1 . .                    *
        . . . g

A shape is given by its pixels, column after column and downwards in each, and by how many each column has.
"""

import numpy as np
from numpy.typing import NDArray

from artifix.dct import dct_matrix
from artifix.restoration.sa_dct.compiled import compiled

Values = NDArray[np.float32]
Counts = NDArray[np.int64]


def dct_bases(longest: int) -> Values:
    """The orthonormal DCT-II of each length: bases[n, k, i] weighs value i in coefficient k of n, n up to `longest`."""
    bases = np.zeros((longest + 1, longest, longest), np.float32)
    for n in range(1, longest + 1):
        bases[n, :n, :n] = dct_matrix(n)
    return bases


@compiled
def forward(values: Values, columns: Counts, bases: Values) -> tuple[Values, Counts]:
    """Of a shape's values, (N,) float32: its coefficients, row after row and packed left, and how many each row has.

    The coefficients are (rows, columns) float32, zero where there is none; as many are not as the shape has pixels.
    """
    height = columns.max()
    coefficients = np.zeros((height, len(columns)), np.float32)
    rows = np.zeros(height, np.int64)
    lane = np.empty(max(height, len(columns)), np.float32)
    first = 0
    for n in columns:
        lane[:n] = 0
        for i in range(n):
            for k in range(n):
                lane[k] += bases[n, k, i] * values[first + i]
        for k in range(n):
            row = _aligned(k, n, height)
            coefficients[row, rows[row]] = lane[k]
            rows[row] += 1
        first += n
    for row in range(height):
        n = rows[row]
        for k in range(n):
            total = np.float32(0)
            for i in range(n):
                total += bases[n, k, i] * coefficients[row, i]
            lane[k] = total
        coefficients[row, :n] = lane[:n]
    return coefficients, rows


@compiled
def inverse(coefficients: Values, rows: Counts, columns: Counts, bases: Values) -> Values:
    """The values of which `forward` made these coefficients and rows, (N,) float32."""
    height = len(rows)
    packed = np.zeros_like(coefficients)
    for row in range(height):
        n = rows[row]
        for k in range(n):
            coefficient = coefficients[row, k]
            if coefficient != 0:  # most are zero once they were thresholded
                for i in range(n):
                    packed[row, i] += bases[n, k, i] * coefficient
    values = np.zeros(columns.sum(), np.float32)
    taken = np.zeros(height, np.int64)
    first = 0
    for n in columns:
        for k in range(n):
            row = _aligned(k, n, height)
            coefficient = packed[row, taken[row]]
            taken[row] += 1
            for i in range(n):
                values[first + i] += bases[n, k, i] * coefficient
        first += n
    return values


@compiled
def _aligned(k: int, n: int, height: int) -> int:
    """The row of coefficient k of a column of n pixels: that of the same frequency in the highest column."""
    return k * height // n
