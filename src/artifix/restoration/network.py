"""Run a network over a picture of any size: to YCbCr -> tiles -> engine -> joined -> to RGB."""

import contextvars
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artifix.color import from_batch, to_batch, ycbcr_to_rgb
from artifix.engines.engine import Engine
from artifix.engines.run import Vector
from artifix.image import Pixels, Space, large
from artifix.models.known import Known
from artifix.restoration.bound import Bound
from artifix.restoration.folder import Progress
from artifix.restoration.memory import memory_beside, tile_pixels
from artifix.restoration.tiling import ANYWHERE, Grid, Span, as_planes, plan, read_tile
from artifix.restoration.transparency import Filled

Planes = NDArray[np.float32]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TiledNetwork:
    """A network that takes at most `max_memory` bytes, and less beside a large picture (`memory_beside`).

    `strength` 0..1 blends between the input and the restored pixels, after the bound was applied.
    """

    engine: Engine
    strength: float
    max_memory: int

    def restore_pixels(
        self,
        pixels: Pixels | Filled,
        space: Space,
        known: Known,
        progress: Progress = lambda share: None,
        bound: Bound | None = None,
    ) -> Pixels:
        """Restored RGB (H, W, 3) or grey (H, W) of the same size and type.

        `pixels` are (H, W) or (H, W, 3) of uint8 or uint16 in the colour space `space`; ValueError for anything else.
        """
        shaped = pixels.ndim in (2, 3) and pixels.shape[2:] in ((), (3,)) and pixels.size
        if pixels.dtype not in (np.uint8, np.uint16) or not shaped:
            raise ValueError(f"expected (H, W) or (H, W, 3) of uint8 or uint16, got {pixels.shape} {pixels.dtype}")
        restored: Pixels = large.empty(pixels.shape, pixels.dtype)
        restore = partial(self._restore_tile, pixels, space, known.vector()[None], bound)
        self._restore_tiles(restore, restored, progress, bound)
        return restored

    def restore_planes(
        self,
        planes: Planes,
        known: Known,
        progress: Progress = lambda share: None,
        bound: Bound | None = None,
    ) -> Planes:
        """Restored full-range YCbCr (H, W, 3), or luma (H, W, 1), float32 in 0..255, of the same; not clipped."""
        restored, vector = np.empty_like(planes), known.vector()[None]

        def restore(rows: Span, columns: Span) -> Planes:
            return self._run(read_tile(planes, rows, columns), rows, columns, vector, bound)

        self._restore_tiles(restore, restored, progress, bound)
        return restored

    def _restore_tiles(
        self,
        restore: Callable[[Span, Span], NDArray[Any]],
        restored: NDArray[Any],
        progress: Progress,
        bound: Bound | None,
    ) -> None:
        """Fill `restored` tile by tile: while the network runs one, the next is read and the last is put in place."""
        height, width = restored.shape[:2]
        most = tile_pixels(self.engine, memory_beside(restored.nbytes, self.max_memory))
        tiles = list(self._tiles(height, width, most, bound))

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
        self, height: int, width: int, most: int, bound: Bound | None
    ) -> Iterator[tuple[Span, Span, tuple[slice, slice], float]]:
        """The rows and columns of each tile, the part of the picture that it fills, and the share done after it."""
        card, done = self.engine.card, 0
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

    def _run(self, planes: Planes, rows: Span, columns: Span, known: Vector, bound: Bound | None) -> Planes:
        """The part of a tile that is kept, restored: YCbCr (H, W, 3) or luma (H, W, 1), of the same type."""
        channels = self.engine.card.channels
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
