"""Restore a picture: to YCbCr -> tiles -> engine -> joined -> to RGB, in memory or from file to file."""

import dataclasses
import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import from_batch, rgb_to_ycbcr, to_batch, ycbcr_to_rgb
from artifix.errors import ModelError, OutputError
from artifix.image import MAX_PIXELS, Picture, Pixels, Space, losses, read_picture, write_picture
from artifix.models.card import ModelCard
from artifix.models.catalog import DEFAULT
from artifix.restoration.engine import EngineName, Precision, load_engine
from artifix.restoration.folder import DEFAULT_JOBS, Pair, Progress, Record, pair_up, restore_all
from artifix.restoration.tiling import Span, plan
from artifix.restoration.transparency import fill_hidden

Planes = NDArray[np.float32]

DEFAULT_MEMORY: Final = 1 << 30  # bytes
# What a pixel of a tile takes while the network runs, in bytes for each of its maps: with OpenVINO 5.3 in bf16
# and 9.7 in fp32 were measured; the rest is reserve for the tile's own planes and for other engines.
_BYTES_PER_MAP: Final = {"bf16": 7, "fp16": 7, "fp32": 16}


class Restorer:
    """A model, loaded once, that restores any number of pictures; safe to share between threads.

    `model` is a shipped model's name or the path of an .onnx file of ours. `strength` 0..1 blends between the input
    and the restored picture. `engine`, `precision` and `threads` are `load_engine`'s. `max_memory`, in bytes, bounds
    what the network takes beside the picture itself; larger pictures go through in tiles, with the same result.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        strength: float = 1.0,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        max_memory: int = DEFAULT_MEMORY,
    ) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must be within 0..1, got {strength}")
        self.strength = strength
        self.engine = load_engine(model, engine, precision, threads)
        maps = self.card.config.get("features", 64)
        if not isinstance(maps, int) or maps < 1:
            raise ModelError(f"{model}: its card says nothing of its maps")
        self.tile_pixels = max(1, max_memory // (maps * _BYTES_PER_MAP[self.engine.precision]))

    @property
    def card(self) -> ModelCard:
        """The loaded model's card."""
        return self.engine.card

    def restore_image(self, image: Pixels) -> Pixels:
        """The restored image: RGB (H, W, 3) or grey (H, W), uint8 or uint16, gives the same shape and type.

        ValueError for anything else, a side of 0 included.
        """
        return self._restore(image, "L" if image.ndim == 2 else "RGB")

    def restore_picture(self, picture: Picture, progress: Progress = lambda share: None) -> Picture:
        """The restored picture, everything beside its colours unchanged; `progress` hears the share done, 0..1."""
        hidden = None if picture.alpha is None else picture.alpha == 0
        pixels: Pixels = picture.pixels
        space = picture.space
        if hidden is not None and hidden.any():
            planes = pixels.reshape(*hidden.shape, -1).astype(np.float32)
            pixels = np.rint(fill_hidden(planes, ~hidden)).astype(picture.pixels.dtype).reshape(picture.pixels.shape)
        restored = self._restore(pixels, space, progress)
        if hidden is not None:
            restored[hidden] = picture.pixels[hidden]
        return dataclasses.replace(picture, pixels=restored, space="L" if space == "L" else "RGB")

    def restore_file(
        self,
        source: str | Path,
        target: str | Path,
        *,
        overwrite: bool = False,
        quality: int | None = None,
        max_pixels: int = MAX_PIXELS,
        progress: Progress = lambda share: None,
    ) -> Record:
        """Restore a file into another, whose suffix names its format; all that goes with the picture goes with it.

        `quality` 1..100 is the encoder's, None the format's default. An existing target is kept unless `overwrite`.
        Missing folders are made. ImageError and OutputError say what is wrong with a file; nothing is then left behind.
        """
        source, target = Path(source), Path(target)
        if not overwrite and source.exists() and target.is_file():
            if target.samefile(source):
                raise OutputError(f"{target}: is the input itself; give another output, or allow to overwrite it")
            return Record(str(source), str(target), "kept")
        began = time.perf_counter()
        picture = read_picture(source, max_pixels=max_pixels)
        height, width = picture.pixels.shape[:2]
        notes = losses(target, picture, quality=quality)
        if picture.frames > 1:
            notes = (f"the first of {picture.frames} frames", *notes)
        restored = self.restore_picture(picture, progress)
        del picture  # its pixels are as large as what is written next
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{target.parent}: cannot be made a folder ({error.strerror})") from error
        write_picture(target, restored, quality=quality, overwrite=overwrite)
        seconds = time.perf_counter() - began
        return Record(str(source), str(target), "restored", width, height, round(seconds, 3), tuple(notes))

    def restore_folder(
        self,
        source: str | Path,
        target: str | Path,
        *,
        recursive: bool = True,
        suffix: str = "",
        overwrite: bool = False,
        quality: int | None = None,
        max_pixels: int = MAX_PIXELS,
        jobs: int = DEFAULT_JOBS,
    ) -> list[Record]:
        """Restore every picture of a folder into another that mirrors it; one record a picture, in their order.

        A picture that fails is a record with its error, and the rest goes on; those already there are kept, so a run
        that was stopped goes on. `suffix` is `pair_up`'s, `jobs` how many pictures are read and written side by side.
        DataError if the folder has no pictures, OutputError if two pictures would meet in one output.
        """
        pairs = pair_up([Path(source)], Path(target), recursive=recursive, suffix=suffix)

        def restore(pair: Pair, progress: Progress) -> Record:
            return self.restore_file(
                *pair, overwrite=overwrite, quality=quality, max_pixels=max_pixels, progress=progress
            )

        records = {record.source: record for record in restore_all(pairs, restore, jobs)}
        return [records[str(pair.source)] for pair in pairs]

    def _restore(self, pixels: Pixels, space: Space, progress: Progress = lambda share: None) -> Pixels:
        if pixels.dtype not in (np.uint8, np.uint16) or pixels.shape[2:] not in ((), (3,)) or not pixels.size:
            raise ValueError(f"expected (H, W) or (H, W, 3) of uint8 or uint16, got {pixels.shape} {pixels.dtype}")
        restored = np.empty_like(pixels)
        height, width = pixels.shape[:2]
        card, done = self.card, 0
        tiles = plan(height, width, radius=card.radius, multiple=card.multiple, max_pixels=self.tile_pixels)
        for rows, columns in tiles:
            kept = slice(rows.keep_start, rows.keep_stop), slice(columns.keep_start, columns.keep_stop)
            tile = self._restore_tile(pixels, space, rows, columns)
            restored[kept] = tile[: height - rows.keep_start, : width - columns.keep_start]
            done += restored[kept].size
            progress(done / restored.size)
        return restored

    def _restore_tile(self, pixels: Pixels, space: Space, rows: Span, columns: Span) -> Pixels:
        """The part of a tile that is kept, restored, in the output's colour space and type."""
        white = np.iinfo(pixels.dtype).max
        planes = _planes(_read(pixels, rows, columns).astype(np.float32) * np.float32(255 / white), space)
        channels = self.card.channels
        degraded = planes[..., :channels]
        if degraded.shape[2] < channels:  # grey in a colour model: with neutral chroma
            neutral = np.full((*planes.shape[:2], channels - 1), 128, np.float32)
            degraded = np.concatenate([degraded, neutral], axis=2)
        restored = from_batch(self.engine(to_batch(degraded)))

        keep = (
            slice(rows.keep_start - rows.start, rows.keep_stop - rows.start),
            slice(columns.keep_start - columns.start, columns.keep_stop - columns.start),
        )
        planes = planes[keep]
        changed = min(channels, planes.shape[2])
        planes[..., :changed] += np.float32(self.strength) * (restored[keep][..., :changed] - planes[..., :changed])
        values = planes[..., 0] if space == "L" else ycbcr_to_rgb(planes)
        return np.rint(values * np.float32(white / 255)).clip(0, white).astype(pixels.dtype)


def _read(pixels: Pixels, rows: Span, columns: Span) -> Pixels:
    """The tile's pixels; past the picture's last row or column, that row or column again."""
    height, width = pixels.shape[:2]
    tile = pixels[rows.start : rows.stop, columns.start : columns.stop]
    missing = max(0, rows.stop - height), max(0, columns.stop - width)
    if any(missing):
        tile = np.pad(tile, [(0, n) for n in missing] + [(0, 0)] * (pixels.ndim - 2), mode="edge")
    return tile


def _planes(tile: Planes, space: Space) -> Planes:
    """YCbCr (H, W, 3), or grey (H, W, 1), of a tile in 0..255."""
    return rgb_to_ycbcr(tile) if space == "RGB" else tile.reshape(*tile.shape[:2], -1)


def restore(image: Pixels, model: str | Path = DEFAULT, strength: float = 1.0) -> Pixels:
    """Restore one image: `Restorer(model, strength=strength).restore_image(image)`."""
    return Restorer(model, strength=strength).restore_image(image)
