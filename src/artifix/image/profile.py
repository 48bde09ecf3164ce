"""An ICC profile, version 2, of what a PNG or an AVIF says of its colours by numbers alone.

A matrix and a curve (ICC.1:2022, 8.3): primaries become XYZ under D50 by Bradford's adaptation.
"""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_D50: Final = (0.9642, 1.0, 0.8249)
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_D65: Final = (0.3127, 0.3290)

SRGB: Final = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
"""White, red, green and blue as x and y each."""
# ITU-T H.273, tables 2 and 3, what ICC's curves can express: gamma, or g, a, b, c, d of a parametric curve of type 3.
_PRIMARIES: Final = {
    1: SRGB,
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_BT709: Final = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_TRANSFERS: Final[dict[int, tuple[float, ...]]] = {
    **dict.fromkeys((1, 6, 14, 15), _BT709),
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
    13: (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
}
_GAMMA_UNIT: Final = 100_000  # of gAMA and cHRM
_SRGB_GAMMA: Final = 45_455
_NEAR: Final = 0.002
UNSPECIFIED: Final = 2


class Space(NamedTuple):
    """A colour space: the chromaticities of white and the primaries, and the curve from code values to light."""

    primaries: tuple[float, ...]
    curve: tuple[float, ...]

    @property
    def is_srgb(self) -> bool:
        """Whether it is what a file without a profile is taken for."""
        near = all(abs(mine - srgb) < _NEAR for mine, srgb in zip(self.primaries, SRGB, strict=True))
        gamma = len(self.curve) == 1 and abs(self.curve[0] - _GAMMA_UNIT / _SRGB_GAMMA) < _NEAR
        return near and (gamma or self.curve == _TRANSFERS[13])


def of_cicp(cicp: tuple[int, int, int, int]) -> Space | None:
    """The space of H.273's numbers; None where ICC's curves have no place for it, as for HDR, or none is said."""
    primaries, transfer = _PRIMARIES.get(cicp[0]), _TRANSFERS.get(cicp[1])
    return Space(primaries, transfer) if primaries and transfer else None


def of_chunks(chunks: dict[bytes, bytes]) -> Space | None:
    """The space of a PNG's sRGB, gAMA and cHRM chunks; None where they say none."""
    if b"sRGB" in chunks:
        return Space(SRGB, _TRANSFERS[13])
    gamma = int.from_bytes(chunks.get(b"gAMA", b""))
    if not gamma:
        return None
    chromaticities = chunks.get(b"cHRM", b"")
    if len(chromaticities) != 32:
        return Space(SRGB, (_GAMMA_UNIT / gamma,))
    return Space(tuple(v / _GAMMA_UNIT for v in struct.unpack(">8I", chromaticities)), (_GAMMA_UNIT / gamma,))


def profile_of(space: Space, *, grey: bool) -> bytes | None:
    """The ICC profile of a space, of grey or of RGB; None for primaries that span no colours."""
    matrix = _to_d50(space.primaries)
    if matrix is None:
        return None
    curve = _curve(space.curve)
    text = b"artifix: from the numbers in the file"
    description = b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + bytes(1 + 4 + 4 + 2 + 1 + 67)
    tags = [(b"desc", description), (b"cprt", b"text" + bytes(4) + b"CC0\0"), (b"wtpt", _xyz(_D50))]
    if grey:
        tags.append((b"kTRC", curve))
    else:
        tags += [(name, _xyz(column)) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix.T, strict=True)]
        tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    version = 0x02400000
    size = start + len(body)
    header = struct.pack(">II I4s4s4s", size, 0, version, b"mntr", b"GRAY" if grey else b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(_D50)
    return header.ljust(128, b"\0") + table + body


def _to_d50(primaries: tuple[float, ...]) -> NDArray[np.float64] | None:
    """(3, 3) from linear RGB to XYZ under D50."""
    x, y = np.array(primaries[0::2]), np.array(primaries[1::2])
    if (y <= 0).any() or (x < 0).any():
        return None
    white, *_ = xyz = np.stack([x / y, np.ones_like(y), (1 - x - y) / y], axis=1)
    columns = xyz[1:].T
    if abs(np.linalg.det(columns)) < 1e-6:
        return None
    matrix = columns * np.linalg.solve(columns, white)
    cone = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(cone) @ _BRADFORD @ matrix)


def _curve(curve: tuple[float, ...]) -> bytes:
    """A gamma with 8 bits behind the point, or 1,024 samples of the parametric curve, which version 2 lacks."""
    if len(curve) == 1:
        return b"curv" + bytes(4) + struct.pack(">IH", 1, min(65_535, round(curve[0] * 256)))
    gamma, a, b, c, d = curve
    values = np.linspace(0, 1, 1_024)
    light = np.where(values >= d, (a * values + b) ** gamma, c * values)
    return b"curv" + bytes(4) + struct.pack(">I", len(light)) + np.rint(light * 65_535).astype(">u2").tobytes()


def _xyz(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values: tuple[float, ...] | NDArray[np.float64]) -> bytes:
    return struct.pack(">3i", *(round(float(value) * 65_536) for value in values))
