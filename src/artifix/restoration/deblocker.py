"""SA-DCT as what restores pictures, where a model's name may stand: it learned nothing, and asks the file instead."""

import dataclasses
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import ycbcr_to_rgb
from artifix.errors import ModelError, needs_extra
from artifix.image import Picture
from artifix.image.jpeg import tables_of
from artifix.restoration.bound import Rule, bound_of, bound_word, rule_for, whole
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import Progress

SA_DCT: Final = "sa-dct"

# What a pixel takes while a picture is filtered, which it is as a whole; 52 were measured in colour.
_BYTES_PER_PIXEL: Final = 80


@dataclass(frozen=True, repr=False)
class Deblocker(FileRestorer):
    """SA-DCT for JPEGs, whose quantisation tables set its strength; other pictures are a ModelError.

    A picture that would take more than `max_memory` bytes is a ModelError, too. ModelError if numba is not installed.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        load_sa_dct()

    codec = "jpeg"

    @property
    def name(self) -> str:
        """The name by which it is chosen, too."""
        return SA_DCT

    def restore_decoded(self, image: NDArray[np.uint8], file: bytes) -> NDArray[np.uint8]:
        """Restored RGB or grey of an image that was decoded from this JPEG; ModelError for another file."""
        tables = tables_of(file)
        if tables is None:
            raise ModelError(f"{SA_DCT}: needs the quantisation tables of a JPEG, and this is not one")
        restored: NDArray[np.uint8] = load_sa_dct().deblock(image, tables)
        return restored

    @property
    def described(self) -> dict[str, Any]:
        """What restores, as fields of `Record`."""
        return {"model": SA_DCT}

    @property
    def settings(self) -> str:
        """All that decides what is restored, as `name=value` words."""
        return f"model={SA_DCT} strength={self.strength:g}" + bound_word(self.bound)

    def restore_picture(
        self, picture: Picture, progress: Progress = lambda share: None, rule: Rule | None = None
    ) -> Picture:
        """The restored picture, everything beside its colours unchanged; `progress` is called at the end alone."""
        if picture.tables is None or picture.space == "RGB":
            kind = f"an RGB or CMYK {picture.format}" if picture.tables else picture.format or "no file"
            raise ModelError(f"{SA_DCT}: needs the quantisation tables of a grey or YCbCr JPEG, and this is {kind}")
        height, width = picture.pixels.shape[:2]
        needed = height * width * _BYTES_PER_PIXEL
        if needed > self.max_memory:
            sizes = f"{needed / 2**20:,.0f} MiB where --max-memory allows {self.max_memory / 2**20:,.0f}"
            raise ModelError(f"{SA_DCT}: takes the picture as a whole, {sizes}")
        planes = picture.pixels.reshape(height, width, -1).astype(np.float32)
        restored = load_sa_dct().deblock_planes(planes, picture.tables)
        if bound := bound_of(picture, rule or rule_for(picture, self.bound)):
            restored = bound(restored, *whole(height, width))
        planes += np.float32(self.strength) * (restored - planes)
        values = planes[..., 0] if picture.space == "L" else ycbcr_to_rgb(planes)
        pixels = np.rint(values).clip(0, 255).astype(np.uint8)
        progress(1.0)
        return dataclasses.replace(
            picture, pixels=pixels, space="L" if picture.space == "L" else "RGB", coefficients=None
        )


def load_sa_dct() -> ModuleType:
    """The `sa_dct` package, its loops compiled, so that no picture's time has that in it; ModelError without numba."""
    try:
        import artifix.restoration.sa_dct as sa_dct
    except ImportError as error:
        raise ModelError(needs_extra(SA_DCT, "peers", error)) from error
    sa_dct.deblock(np.zeros((8, 8), np.uint8), [(1,) * 64])
    return sa_dct
