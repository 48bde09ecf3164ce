"""The kinds of images that Python programs hold: what is restored of each is returned as the same kind."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.errors import ArtifixError
from artifix.image import Pixels
from artifix.image.jpeg import Table, quantisation_tables, stores_ycbcr, subsampling
from artifix.restoration.pairing import target_name
from artifix.restoration.record import Record
from artifix.restoration.transparency import fill_hidden


class Tensor(Protocol):
    """A torch.Tensor; torch itself is used only if the caller has imported it."""

    def detach(self) -> Any:
        """The tensor without its gradient."""


Encoded = bytes | bytearray | memoryview | BinaryIO
"""A whole picture file in memory, or a binary file object that is read to its end."""
ArrayT = TypeVar("ArrayT", bound=NDArray[Any])
TensorT = TypeVar("TensorT", bound=Tensor)

_TAKEN: Final = (
    "a numpy array (uint8, uint16 or float), a PIL.Image, a torch.Tensor, or an encoded picture as bytes or a file "
    "object in binary mode"
)
# Pillow's modes -> those that are restored. A palette or one bit cannot hold a restored picture.
_MODES: Final = {mode: mode for mode in ("L", "LA", "RGB", "RGBA", "I;16")} | {"1": "L", "P": "RGB", "PA": "RGBA"}


class ImageRestorer(ABC):
    """Restores images in memory, of every kind, by the methods that a subclass has for pixels, planes and files."""

    @abstractmethod
    def restore_pixels(self, pixels: Pixels) -> Pixels:
        """Restored RGB (H, W, 3) or grey (H, W), uint8 or uint16, of the same."""

    @abstractmethod
    def restore_planes(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Restored full-range YCbCr (H, W, 3) or luma (H, W, 1), float32 in 0..255, of the same; not clipped."""

    @abstractmethod
    def restore_file(self, source: str | Path, target: str | Path) -> Record:
        """Restore a file into another, with its metadata."""

    @abstractmethod
    def for_coding(
        self, tables: Sequence[Table] | None, subsampling: tuple[int, int] | None, *, told: bool = True
    ) -> "ImageRestorer":
        """A restorer of images that were decoded from a JPEG with these tables and this subsampling."""

    @overload
    def restore_image(self, image: ArrayT) -> ArrayT: ...
    @overload
    def restore_image(self, image: Image.Image) -> Image.Image: ...
    @overload
    def restore_image(self, image: Encoded) -> bytes: ...
    @overload
    def restore_image(self, image: TensorT) -> TensorT: ...
    def restore_image(self, image: Any) -> Any:
        """The restored image, of the same kind. Channels are in RGB order, not in the BGR order of OpenCV.

        - numpy arrays: (H, W) or (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; uint8,
          uint16, or floating-point in 0..1. Shape and dtype stay; alpha is returned as it is.
        - PIL.Image: modes L, LA, RGB, RGBA and I;16 stay; 1 becomes L, palettes become RGB or RGBA. `info`, with its
          ICC profile and EXIF, is kept. The quantisation tables of an image that Pillow opened from a JPEG are used,
          unless it was converted; it must not have been resized or turned in place.
        - torch.Tensor: (C, H, W), C being 1 to 4 as above, uint8 or floating-point in 0..1; dtype and device stay.
        - bytes or a binary file object with a picture file: the bytes of a file in the same format, PNG where that
          format cannot be written, with its metadata, as from `restore_file`. A JPEG's bound applies to these alone.

        TypeError for any other kind, dtype or mode, ValueError for a shape or range that does not fit, ImageError for
        a file that cannot be read.
        """
        if isinstance(image, np.ndarray):
            return self._restore_array(image)
        if isinstance(image, Image.Image):
            return self._restore_pillow(image)
        if isinstance(image, bytes | bytearray | memoryview):
            return self._restore_encoded(bytes(image))
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(image, torch.Tensor):
            return self._restore_tensor(image, torch)
        if hasattr(image, "read"):
            data = image.read()
            if isinstance(data, bytes):
                return self._restore_encoded(data)
        hint = "; restore_file restores a file by its path" if isinstance(image, str | Path) else ""
        raise TypeError(f"expected {_TAKEN}, got {type(image).__name__}{hint}")

    def _restore_array(self, image: NDArray[Any]) -> NDArray[Any]:
        floating = image.dtype.kind == "f"
        if image.dtype not in (np.uint8, np.uint16) and not floating:
            raise TypeError(f"expected an array of uint8, uint16 or floating-point numbers, got {image.dtype}")
        if image.ndim not in (2, 3) or not image.size or (image.ndim == 3 and image.shape[2] > 4):
            raise ValueError(f"expected an array of shape (H, W) or (H, W, C) with 1 to 4 channels, got {image.shape}")
        if floating and not (image.min() >= 0 and image.max() <= 1):
            raise ValueError(f"expected floating-point numbers in 0..1, got {image.min():g}..{image.max():g}")
        channels = image.reshape(*image.shape[:2], -1)
        if channels.shape[2] in (1, 3):
            return self._restore_colours(channels).reshape(image.shape)
        colours, alpha = channels[..., :-1], channels[..., -1:]
        visible = alpha[..., 0] != 0
        restored = self._restore_colours(fill_hidden(colours, visible))
        np.copyto(restored, colours, where=~visible[..., None])
        return np.concatenate([restored, alpha], axis=2)

    def _restore_colours(self, colours: NDArray[Any]) -> NDArray[Any]:
        """Restored grey (H, W, 1) or RGB (H, W, 3), in the same dtype."""
        grey = colours.shape[2] == 1
        if colours.dtype.kind != "f":
            pixels = colours[..., 0] if grey else colours
            return self.restore_pixels(pixels).reshape(colours.shape)
        values = colours.astype(np.float32) * np.float32(255)
        planes = self.restore_planes(values if grey else rgb_to_ycbcr(values))
        restored = planes if grey else ycbcr_to_rgb(planes)
        return (restored / np.float32(255)).clip(0, 1).astype(colours.dtype)

    def _restore_pillow(self, image: Image.Image) -> Image.Image:
        if image.mode not in _MODES:
            raise TypeError(f"images of mode {image.mode} cannot be restored; convert them to RGB or L")
        mode = _MODES[image.mode]
        if "transparency" in image.info and mode in ("L", "RGB"):
            mode += "A"
        restorer = self
        if isinstance(image, JpegImagePlugin.JpegImageFile) and (image.mode == "L" or stores_ycbcr(image)):
            restorer = self.for_coding(quantisation_tables(image), subsampling(image))
        pixels = np.asarray(image if image.mode == mode else image.convert(mode))
        restored = Image.fromarray(restorer.restore_image(pixels))
        restored.info = {key: value for key, value in image.info.items() if key != "transparency"}
        return restored

    def _restore_encoded(self, data: bytes) -> bytes:
        with TemporaryDirectory(prefix="artifix-") as folder:
            source = Path(folder, "image")
            source.write_bytes(data)
            target = source.with_name(target_name(source))
            try:
                self.restore_file(source, target)
            except ArtifixError as error:
                text = str(error).replace(str(target), "the restored picture").replace(str(source), "the picture")
                raise type(error)(text) from error
            return target.read_bytes()

    def _restore_tensor(self, tensor: Any, torch: Any) -> Any:
        if tensor.dtype != torch.uint8 and not tensor.is_floating_point():
            raise TypeError(f"expected a tensor of uint8 or floating-point numbers, got {tensor.dtype}")
        if tensor.ndim != 3:
            raise ValueError(f"expected a tensor of shape (C, H, W), got {tuple(tensor.shape)}")
        values = tensor.detach().cpu()
        array = (values if values.dtype == torch.uint8 else values.float()).numpy()
        restored = self._restore_array(array.transpose(1, 2, 0))
        return torch.from_numpy(restored.transpose(2, 0, 1).copy()).to(tensor.device, tensor.dtype)
