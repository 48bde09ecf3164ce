"""Restore pictures by a network, which the picture's format chooses unless a model is named."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from artifix.engines.engine import Engine, EngineName, Precision, check_engine
from artifix.engines.loaded import EngineCache
from artifix.errors import ModelError
from artifix.image import Picture, Pixels, Space
from artifix.image.jpeg import Table, coding_of
from artifix.inspection.flatness import is_flat
from artifix.models.card import ModelCard
from artifix.models.catalog import BLENDED, DEFAULT, VIVID, model_for, model_for_tables, models_of
from artifix.models.known import NOTHING, Known
from artifix.models.model import Model
from artifix.restoration.bound import Bound, Rule, bound_of, bound_word, rule_for
from artifix.restoration.files import FileRestorer
from artifix.restoration.folder import Progress
from artifix.restoration.kinds import ImageRestorer
from artifix.restoration.known import known_of, known_of_picture
from artifix.restoration.network import Planes, TiledNetwork
from artifix.restoration.plates import restore_plates
from artifix.restoration.transparency import Filled, restore_hidden


@dataclass(frozen=True, repr=False)
class Restorer(FileRestorer, ImageRestorer):
    """A model that restores any number of pictures: immutable, safe to share between threads, and picklable.

    The model is read and checked at once, and compiled when it is first needed. `dataclasses.replace` makes a restorer
    with other settings that shares what is compiled already. A network that was trained to use a JPEG's quantisation
    tables is given them where a picture comes with its file. ModelError as in `read_blended` and `check_engine`,
    ValueError for a setting out of its range.
    """

    model: str | Path | None = None
    """A shipped model's name, or the path of a .safetensors file of ours.

    None takes the model for each picture's format and each video's codec (`model_for`), and the default model for
    images in memory; with `detail` it is the model that the vivid one was trained from. Without `detail` a model may
    have a companion for coarse JPEGs (`model_for_tables`).
    """
    _: KW_ONLY
    detail: float = 0.0
    """0..1, between the model and a vivid one that was trained from the same weights."""
    vivid: str | Path = VIVID
    """The vivid model, named as `model` is."""
    engine: EngineName = "auto"
    precision: Precision = "auto"
    """That of `load_engine`; with `auto`, a flat picture (`is_flat`) is restored in `float`.

    int8 costs a photograph a few hundredths of a decibel, but flat colours and smooth skies up to several decibels.
    """
    threads: int | None = None
    """Of the engine; None takes every core."""
    known: Known = field(default=NOTHING, repr=False)
    """What is known of the file that images in memory were decoded from; see `for_file`."""
    engines: EngineCache = field(default_factory=EngineCache, repr=False, compare=False)
    """Where engines are loaded, which several restorers may share."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.detail <= 1:
            raise ValueError(f"detail must be within 0..1, got {self.detail}")
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads must be at least 1, got {self.threads}")
        if self.detail and self.precision == "int8":
            raise ModelError(f"{self._name}: int8 needs activation ranges, which are not measured for blended weights")
        try:
            check_engine(self._read, self.engine, self.precision)
        except ModelError as error:
            raise ModelError(f"{self._name}: {error}") from error

    def load(self) -> Engine:
        """The engine that runs the model, loaded now if it has not been needed before; ModelError if it cannot be."""
        return self.engines.engine(self._name, self.detail, self.vivid, self.engine, self.precision, self.threads)

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self._read.card

    @property
    def name(self) -> str:
        """The model's name, or that of its file without the suffix."""
        return Path(self._name).stem

    @property
    def fingerprint(self) -> str:
        """A hash of the model's weights, and of its companion's for coarse JPEGs."""
        models = [self.engines.model(model, self.detail, self.vivid) for model in models_of(self._name)]
        return hashlib.sha256("".join(model.fingerprint for model in models).encode()).hexdigest()[:16]

    @property
    def amounts(self) -> dict[str, float]:
        """Its strength and detail, as fields of `Record`."""
        return {"strength": self.strength, "detail": self.detail}

    @property
    def described(self) -> dict[str, Any]:
        """The model and its engine, as fields of `Record`; the engine is loaded for it."""
        loaded = self.load()
        return {"model": self._name, "engine": loaded.name, "precision": loaded.precision}

    @property
    def settings(self) -> str:
        """All the settings that decide what is restored, as `name=value` words; `auto` stands for no named model."""
        name = "auto" if self._by_format else self.card.name.replace(" ", "_")
        words = [f"model={name}:{self._read.fingerprint}", f"strength={self.strength:g}", f"detail={self.detail:g}"]
        words += [f"precision={self.precision}"] * (self.precision != "auto")
        return " ".join(words) + bound_word(self.bound)

    def running_on(self, engine: Engine) -> Self:
        """The same restorer on this engine, whichever its settings would load: to time or to observe one."""
        return dataclasses.replace(self, engines=EngineCache(engine))

    def limited_to(self, threads: int) -> Self:
        """The same restorer, its engine running on so many threads."""
        return dataclasses.replace(self, threads=threads)

    def for_picture(self, picture: Picture) -> Self:
        """The restorer itself, or one with the model and the precision for this picture instead."""
        model = model_for(picture.format, picture.lossy) if self._by_format else self._name
        return self._with(model, picture.tables)._for_pixels(picture.pixels, picture.space)

    def for_video(self, codec: str) -> Self:
        """The same for a video, by FFmpeg's name of its codec."""
        return self._with(model_for(codec, lossy=True) if self._by_format else self._name)

    def for_file(self, file: bytes, *, told: bool = True) -> Self:
        """The same for images that were decoded from this file, whatever its format: by its tables alone.

        A network that uses the tables is given them, unless `told` is False: for images that were turned or cut.
        """
        return self.for_coding(*coding_of(file), told=told)

    def for_coding(
        self, tables: Sequence[Table] | None, subsampling: tuple[int, int] | None, *, told: bool = True
    ) -> Self:
        """The same for images that were decoded from a JPEG with these tables and this subsampling."""
        known = known_of(tables, subsampling) if told else NOTHING
        return dataclasses.replace(self._with(self._name, tables), known=known)

    def restore_decoded(self, image: NDArray[np.uint8], file: bytes, *, told: bool = True) -> NDArray[np.uint8]:
        """Restored RGB (H, W, 3) or grey (H, W) of an image that was decoded from this file.

        `told` is `for_file`'s.
        """
        return self.for_file(file, told=told).restore_pixels(image).astype(np.uint8, copy=False)

    def restore_pixels(self, pixels: Pixels) -> Pixels:
        """Restored RGB (H, W, 3) or grey (H, W), uint8 or uint16, of the same; ValueError for anything else."""
        space: Space = "L" if pixels.ndim == 2 else "RGB"
        return self._for_pixels(pixels, space)._network.restore_pixels(pixels, space, self.known)

    def restore_planes(
        self, planes: Planes, progress: Progress = lambda share: None, bound: Bound | None = None
    ) -> Planes:
        """Restored full-range YCbCr (H, W, 3), or luma (H, W, 1), float32 in 0..255, of the same; not clipped.

        `progress` takes the share done, 0..1. `bound` is that of the JPEG which the planes were decoded from.
        """
        return self._network.restore_planes(planes, self.known, progress, bound)

    def restore_picture(
        self, picture: Picture, progress: Progress = lambda share: None, rule: Rule | None = None
    ) -> Picture:
        """The restored picture, everything beside its colours unchanged; `progress` takes the share done, 0..1.

        `rule` is the result of `rule_for`, if it has been computed already.
        """
        if picture.black is not None:
            return restore_plates(self.restore_picture, picture, progress)
        rule = rule or rule_for(picture, self.bound)
        pixels = picture.pixels if picture.alpha is None else Filled(picture.pixels, picture.alpha)
        # Told of fine tables, a network leaves traces of an earlier coding: 0.6 dB of 0.9 where its grid is shifted.
        known = NOTHING if rule.coded_before else known_of_picture(picture)
        restored = self.for_picture(picture)._network.restore_pixels(
            pixels, picture.space, known, progress, bound_of(picture, rule)
        )
        if picture.alpha is not None:
            restore_hidden(restored, picture.pixels, picture.alpha)
        space: Space = "L" if picture.space == "L" else "RGB"
        return dataclasses.replace(picture, pixels=restored, space=space, coefficients=None)

    @property
    def _name(self) -> str:
        return str(self.model) if self.model is not None else BLENDED if self.detail else DEFAULT

    @property
    def _by_format(self) -> bool:
        return self.model is None and not self.detail

    @property
    def _read(self) -> Model:
        return self.engines.model(self._name, self.detail, self.vivid)

    @property
    def _network(self) -> TiledNetwork:
        return TiledNetwork(self.load(), self.strength, self.max_memory)

    def _for_pixels(self, pixels: Pixels, space: Space) -> Self:
        may_be_int8 = self.precision == "auto" and self._read.card.ranges
        return dataclasses.replace(self, precision="float") if may_be_int8 and is_flat(pixels, space) else self

    def _with(self, model: str, tables: Sequence[Table] | None = None) -> Self:
        if not self.detail:
            model = model_for_tables(model, tables)
        return self if model == self._name else dataclasses.replace(self, model=model)
