"""Restore a picture by a network: to YCbCr -> tiles -> engine -> joined -> to RGB."""

import contextvars
import copy
import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifix.color import from_batch, to_batch, ycbcr_to_rgb
from artifix.engines.engine import Engine, EngineName, Precision, load_engine
from artifix.engines.run import Vector
from artifix.image import Picture, Pixels, Space
from artifix.image.jpeg import Table, coding_of
from artifix.models.card import ModelCard
from artifix.models.catalog import BLENDED, DEFAULT, VIVID, model_for, model_for_tables
from artifix.models.known import NOTHING, Known
from artifix.restoration.bound import BOUND_MODES, Bound, BoundMode, Rule, bound_of, bound_word, rule_for
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import Progress
from artifix.restoration.kinds import ImageRestorer
from artifix.restoration.known import known_of, known_of_picture
from artifix.restoration.memory import DEFAULT_MEMORY, memory_beside, tile_pixels
from artifix.restoration.tiling import ANYWHERE, Grid, Span, as_planes, plan, read_tile
from artifix.restoration.transparency import Filled, restore_hidden

Planes = NDArray[np.float32]
logger = logging.getLogger(__name__)


class Restorer(FileRestorer, ImageRestorer):
    """A model, loaded once, that restores any number of pictures; safe to share between threads, and picklable.

    `model` is a shipped model's name or the path of a .safetensors file of ours. None leaves it to each picture's
    format and each video's codec, as `model_for` says, and is the default model for images; with `detail` it is the
    faithful model of the vivid one's form. For coarse JPEGs a model may have a companion (`model_for_tables`), but not
    with `detail`. Networks that can be told of a JPEG's tables are, where a picture comes with its file. `strength`
    0..1 blends between the input and the restored picture, `detail` 0..1 between the model and a `vivid` one of the
    same beginning. `engine`, `precision` and `threads` are `load_engine`'s. `max_memory`, in bytes, bounds what the
    network takes beside the picture itself (less beside a large one, `memory_beside`); larger pictures go through in
    tiles, with the same result. `bound` keeps what is restored of a JPEG to what could be its original, as `rule_for`
    says; `strength` blends afterwards.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        strength: float = 1.0,
        detail: float = 0.0,
        vivid: str | Path = VIVID,
        engine: EngineName = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        max_memory: int = DEFAULT_MEMORY,
        bound: BoundMode = "auto",
        force: bool = False,
    ) -> None:
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must be within 0..1, got {strength}")
        if not 0 <= detail <= 1:
            raise ValueError(f"detail must be within 0..1, got {detail}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        if bound not in BOUND_MODES:
            raise ValueError(f"bound must be one of {', '.join(BOUND_MODES)}, got {bound!r}")
        self.model, self.strength, self.max_memory = (
            str(model or (BLENDED if detail else DEFAULT)),
            strength,
            max_memory,
        )
        self.bound: BoundMode = bound
        self.force = force
        self._arguments = {"model": model, "strength": strength, "detail": detail, "vivid": vivid, "engine": engine}
        self._arguments |= {"precision": precision, "threads": threads, "max_memory": max_memory}
        self._arguments |= {"bound": bound, "force": force}
        self._weights = self.model  # what the engine runs, whatever name it is shown under
        self._load = partial(load_engine, engine=engine, precision=precision, threads=threads)
        self.engine = self._load(self.model, detail=detail, vivid=vivid)
        self.tile_pixels = tile_pixels(self.engine, max_memory)
        logger.info("%s runs on %s in %s", self.model, self.engine.name, self.engine.precision)
        self._by_format, self._is_blend = model is None and not detail, bool(detail)
        self._known = NOTHING  # of images that are restored without their file
        self._detail, self._precision = detail, precision
        self._others: dict[str, Engine] = {}  # for pictures that another model suits, each loaded at the first of them
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Restorer({', '.join(f'{name}={value!r}' for name, value in self.described.items())})"

    def __copy__(self) -> "Restorer":
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self._arguments, self._weights, self.strength, self._known)

    @property
    def described(self) -> dict[str, Any]:
        """What restores, as fields of `Record`."""
        engine = self.engine
        ran = {"engine": engine.name, "precision": engine.precision}
        return {"model": self.model, "strength": self.strength, "detail": self._detail} | ran

    @property
    def settings(self) -> str:
        """All that was asked for and decides what is restored, as `name=value` words; where no model was, `auto`."""
        name = "auto" if self._by_format else self.card.name.replace(" ", "_")
        words = [f"model={name}:{self.engine.fingerprint}", f"strength={self.strength:g}", f"detail={self._detail:g}"]
        words += [f"precision={self._precision}"] * (self._precision != "auto")
        return " ".join(words) + bound_word(self.bound)

    @property
    def card(self) -> ModelCard:
        """The loaded model's card."""
        return self.engine.card

    def for_picture(self, picture: Picture) -> "Restorer":
        """The restorer itself, or one alike but for the model, which suits the picture's format and its tables."""
        model = model_for(picture.format, picture.lossy) if self._by_format else self._weights
        return self._with(model, picture.tables)

    def for_video(self, codec: str) -> "Restorer":
        """The same for a video, by FFmpeg's name of its codec."""
        return self._with(model_for(codec, lossy=True) if self._by_format else self._weights)

    def for_file(self, file: bytes, *, told: bool = True) -> "Restorer":
        """The same for an image that was decoded from this file, whatever its format: by its tables alone.

        A network that can be told of the file then is, unless `told` is False: where the image has been turned or cut.
        """
        return self.for_coding(*coding_of(file), told=told)

    def for_coding(
        self, tables: Sequence[Table] | None, subsampling: tuple[int, int] | None, *, told: bool = True
    ) -> "Restorer":
        """The same for an image that was decoded from a JPEG with these tables and this subsampling."""
        restorer = copy.copy(self._with(self._weights, tables))
        restorer._known = known_of(tables, subsampling) if told else NOTHING
        return restorer

    def _with(self, model: str, tables: Sequence[Table] | None = None) -> "Restorer":
        if not self._is_blend:
            model = model_for_tables(model, tables)
        if model == self._weights:
            return self
        with self._lock:
            if model not in self._others:
                self._others[model] = self._load(model)
        other = copy.copy(self)
        other.model = other._weights = model
        other.engine = self._others[model]
        other.tile_pixels = tile_pixels(other.engine, self.max_memory)
        return other

    def restore_pixels(self, pixels: Pixels) -> Pixels:
        """Restored RGB (H, W, 3) or grey (H, W), uint8 or uint16, of the same; ValueError for anything else."""
        return self._restore(pixels, "L" if pixels.ndim == 2 else "RGB", self._known)

    def restore_planes(self, planes: Planes, progress: Progress = lambda share: None) -> Planes:
        """Restored full-range YCbCr (H, W, 3), or luma (H, W, 1), float32 in 0..255, of the same; not clipped.

        `progress` takes the share done, 0..1.
        """
        restored = np.empty_like(planes)

        told = self._known.vector()[None]

        def restore(rows: Span, columns: Span) -> Planes:
            return self._run(read_tile(planes, rows, columns), rows, columns, told)

        self._restore_tiles(restore, restored, progress)
        return restored

    def restore_picture(
        self, picture: Picture, progress: Progress = lambda share: None, rule: Rule | None = None
    ) -> Picture:
        """The restored picture, everything beside its colours unchanged; `progress` takes the share done, 0..1.

        `rule` is what `rule_for` says of the picture, where it was asked before.
        """
        rule = rule or rule_for(picture, self.bound)
        restorer = self.for_picture(picture)
        if restorer is not self:
            return restorer.restore_picture(picture, progress, rule)
        pixels = picture.pixels if picture.alpha is None else Filled(picture.pixels, picture.alpha)
        restored = self._restore(pixels, picture.space, known_of_picture(picture), progress, bound_of(picture, rule))
        if picture.alpha is not None:
            restore_hidden(restored, picture.pixels, picture.alpha)
        space: Space = "L" if picture.space == "L" else "RGB"
        return dataclasses.replace(picture, pixels=restored, space=space, coefficients=None)

    def _restore(
        self,
        pixels: Pixels | Filled,
        space: Space,
        known: Known,
        progress: Progress = lambda share: None,
        bound: Bound | None = None,
    ) -> Pixels:
        shaped = pixels.ndim in (2, 3) and pixels.shape[2:] in ((), (3,)) and pixels.size
        if pixels.dtype not in (np.uint8, np.uint16) or not shaped:
            raise ValueError(f"expected (H, W) or (H, W, 3) of uint8 or uint16, got {pixels.shape} {pixels.dtype}")
        restored: Pixels = np.empty(pixels.shape, pixels.dtype)
        restore = partial(self._restore_tile, pixels, space, known.vector()[None], bound)
        self._restore_tiles(restore, restored, progress, bound)
        return restored

    def _restore_tiles(
        self,
        restore: Callable[[Span, Span], NDArray[Any]],
        restored: NDArray[Any],
        progress: Progress,
        bound: Bound | None = None,
    ) -> None:
        """Fill `restored` tile by tile: while the network runs one, the next is read and the last is put in place."""
        height, width = restored.shape[:2]
        most = tile_pixels(self.engine, memory_beside(restored.nbytes, self.max_memory))
        tiles = list(self._tiles(height, width, min(self.tile_pixels, most), bound))

        def fill(rows: Span, columns: Span, kept: tuple[slice, slice]) -> None:
            down, across = restored[kept].shape[:2]
            restored[kept] = restore(rows, columns)[:down, :across]

        pool = ThreadPoolExecutor(min(2, len(tiles)), thread_name_prefix="tile")
        logger.debug("%d x %d pixels, tiles: %d", width, height, len(tiles))
        try:
            done = [
                pool.submit(contextvars.copy_context().run, fill, rows, columns, kept)
                for rows, columns, kept, _ in tiles
            ]
            for (*_, share), future in zip(tiles, done, strict=True):
                future.result()
                progress(share)
        finally:
            pool.shutdown(cancel_futures=True)

    def _tiles(
        self, height: int, width: int, most: int, bound: Bound | None = None
    ) -> Iterator[tuple[Span, Span, tuple[slice, slice], float]]:
        """Rows and columns of each tile, what is kept of it, and the share that is done with it."""
        card, done = self.card, 0
        grids: tuple[Grid, Grid] = bound.grids if bound else ANYWHERE
        taken = bound.nbytes / self.max_memory if bound else 0.0  # of what the network would have
        most = max(1, int(most * max(0.5, 1 - taken)))
        for rows, columns in plan(
            height, width, radius=card.radius, multiple=card.multiple, max_pixels=most, grids=grids
        ):
            bottom, right = min(rows.keep_stop, height), min(columns.keep_stop, width)
            done += (bottom - rows.keep_start) * (right - columns.keep_start)
            kept = slice(rows.keep_start, bottom), slice(columns.keep_start, right)
            yield rows, columns, kept, done / (height * width)

    def _restore_tile(
        self, pixels: Pixels | Filled, space: Space, known: Vector, bound: Bound | None, rows: Span, columns: Span
    ) -> Pixels:
        """The part of a tile that is kept, restored, in the output's colour space and type."""
        white = np.iinfo(pixels.dtype).max
        planes = as_planes(read_tile(pixels, rows, columns).astype(np.float32) * np.float32(255 / white), space)
        planes = self._run(planes, rows, columns, known, bound)
        values = planes[..., 0] if space == "L" else ycbcr_to_rgb(planes)
        return np.rint(values * np.float32(white / 255)).clip(0, white).astype(pixels.dtype)

    def _run(self, planes: Planes, rows: Span, columns: Span, known: Vector, bound: Bound | None = None) -> Planes:
        """The part of a tile that is kept, restored: YCbCr (H, W, 3) or luma (H, W, 1), of the same type."""
        channels = self.card.channels
        degraded = planes[..., :channels]
        if degraded.shape[2] < channels:  # grey in a colour model: with neutral chroma
            neutral = np.full((*planes.shape[:2], channels - 1), 128, np.float32)
            degraded = np.concatenate([degraded, neutral], axis=2)
        inside = (rows.begins_inside, columns.begins_inside, rows.ends_inside, columns.ends_inside)
        restored = from_batch(self.engine(to_batch(degraded), inside, known))

        trim = self.engine.trim
        restored = restored[rows.kept(trim), columns.kept(trim)]
        planes = planes[rows.kept(), columns.kept()]
        restored = np.concatenate([restored[..., : planes.shape[2]], planes[..., channels:]], axis=2)
        if bound:
            restored = bound(restored, rows, columns)
        if self.strength == 1:
            return restored
        return planes + np.float32(self.strength) * (restored - planes)


def _rebuilt(arguments: dict[str, Any], weights: str, strength: float, known: Known) -> Restorer:
    """The restorer that was pickled."""
    restorer = copy.copy(Restorer(**arguments)._with(weights))
    restorer.strength, restorer._known = strength, known
    return restorer
