"""From file to file and from folder to folder, whatever it is that restores the pictures."""

import dataclasses
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from artifix.clock import Clock
from artifix.errors import ModelError, OutputError
from artifix.image import (
    MAX_PIXELS,
    Picture,
    ensure_folder,
    holds_frames,
    losses,
    read_picture,
    write_frames,
    write_picture,
)
from artifix.image.formats import output_format
from artifix.restoration.attributes import copy_attributes, permissions
from artifix.restoration.bound import BOUND_MODES, BoundMode, Rule
from artifix.restoration.folder import DEFAULT_JOBS, Progress, restore_all
from artifix.restoration.frames import restore_frames
from artifix.restoration.memory import DEFAULT_MEMORY
from artifix.restoration.origin import is_made, origin_of, with_origin
from artifix.restoration.pairing import pair_up
from artifix.restoration.policy import copies, copy_file, decision_for
from artifix.restoration.record import Record

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, repr=False)
class FileRestorer(ABC):
    """Restores pictures, and so files and folders of them; immutable and safe to share between threads."""

    strength: float = 1.0
    """0..1, between the input and the restored picture."""
    max_memory: int = DEFAULT_MEMORY
    """Bytes that restoring takes beside the picture itself."""
    bound: BoundMode = "auto"
    """Whether a JPEG's picture is kept to what could be its original, as `rule_for` decides."""
    force: bool = False
    """Whether files are restored in full even where nothing is to be gained."""

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength must be within 0..1, got {self.strength}")
        if self.bound not in BOUND_MODES:
            raise ValueError(f"bound must be one of {', '.join(BOUND_MODES)}, got {self.bound!r}")

    def __repr__(self) -> str:
        """The call that makes this restorer, without the arguments that have their default."""
        fields = sorted(dataclasses.fields(self), key=lambda field: bool(field.kw_only))
        given = [(each.name, getattr(self, each.name)) for each in fields if each.repr]
        defaults = {each.name: each.default for each in fields}
        shown = ", ".join(f"{name}={value!r}" for name, value in given if value != defaults[name])
        return f"{type(self).__name__}({shown})"

    codec: ClassVar[str | None] = None
    """The one codec whose files it restores; None for any."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called in a table."""

    @property
    def fingerprint(self) -> str:
        """What distinguishes two versions of the same name, such as a model's weights; empty if there is only one."""
        return ""

    @abstractmethod
    def restore_decoded(self, image: NDArray[np.uint8], file: bytes) -> NDArray[np.uint8]:
        """Restored RGB (H, W, 3) or grey (H, W), uint8, of an image that was decoded from this file."""

    @property
    def amounts(self) -> dict[str, float]:
        """Its strength, and detail if it has that, as fields of `Record`."""
        return {"strength": self.strength}

    @property
    @abstractmethod
    def described(self) -> dict[str, Any]:
        """Its model, and the engine and precision if it has those, as fields of `Record`."""

    @property
    @abstractmethod
    def settings(self) -> str:
        """All the settings that decide what is restored, as `name=value` words."""

    def settings_at(self, quality: int | None) -> str:
        """The same with the output encoder's quality and `force`."""
        words = [self.settings] + [f"quality={quality}"] * (quality is not None) + ["force=yes"] * self.force
        return " ".join(words)

    def record(self, source: Path, target: Path, size: tuple[int, int], seconds: float, **fields: Any) -> Record:
        """The record of a file that was written: its width and height, the seconds of work, and other fields."""
        fields |= {"input_bytes": source.stat().st_size, "output_bytes": target.stat().st_size} | self.amounts
        return Record(str(source), str(target), "restored", *size, round(seconds, 3), **fields)

    def for_picture(self, picture: Picture) -> Self:
        """The restorer itself, or one that suits the picture's format or tables better."""
        return self

    def limited_to(self, threads: int) -> Self:
        """The same restorer on so many threads, if it can use several."""
        return self

    def at(self, strength: float) -> Self:
        """The same restorer at this share, 0..1, of its strength."""
        return self if strength == 1 else dataclasses.replace(self, strength=self.strength * strength)

    @abstractmethod
    def restore_picture(
        self, picture: Picture, progress: Progress = lambda share: None, rule: Rule | None = None
    ) -> Picture:
        """The restored picture, everything beside its colours unchanged; `progress` takes the share done, 0..1.

        `rule` is what `rule_for` says of the picture, where it was asked before.
        """

    def restore_file(
        self,
        source: str | Path,
        target: str | Path,
        *,
        overwrite: bool = False,
        quality: int | None = None,
        max_pixels: int = MAX_PIXELS,
        salvage: bool = False,
        keep_dates: bool = False,
        progress: Progress = lambda share: None,
    ) -> Record:
        """Restore a file into another, whose suffix names its format; all that goes with the picture goes with it.

        So do the source's permissions and extended attributes, and with `keep_dates` its times.

        `quality` 1..100 is the encoder's, None the format's default. With `salvage`, a JPEG that was cut off is
        restored as far as it goes. Unless `overwrite`, an existing target is kept if it says that it was made of this
        source with these settings, and is an OutputError if it does not. Missing folders are made. ImageError,
        ModelError and OutputError say what is wrong; nothing is then left behind.

        `decision_for` says how far it is restored; where that is not at all, a target of the same format becomes a copy
        of the file.
        """
        source, target = Path(source), Path(target)
        settings = self.settings_at(quality)
        if not overwrite and is_made(target, source, settings):
            return Record(str(source), str(target), "kept")
        clock = Clock()
        reading: dict[str, Any] = {"max_pixels": max_pixels, "salvage": salvage, "check": lambda: progress(0.0)}
        reading["cmyk"] = output_format(target).cmyk
        picture = read_picture(source, **reading)
        height, width = picture.pixels.shape[:2]
        notes = losses(target, picture, quality=quality)
        count = picture.frames if holds_frames(target, picture) else 1
        if picture.frames > count:
            notes = (f"the first of {picture.frames} frames", *notes)
        plan, rule = decision_for(picture, target, quality=quality, bound=self.bound, force=self.force)
        logger.info("%s: strength %g%s, bound %s", source, plan.strength, _reason(plan.note), rule.said or "none")
        copied = plan.leaves and not salvage and copies(picture, target, quality)
        notes = (*(() if copied else notes), *filter(None, [plan.note, rule.note]))
        restorer = self.for_picture(picture).at(plan.strength)
        try:
            with clock.pausing_between_turns():
                if copied:
                    restored = picture
                elif count > 1:
                    restore = _unchanged if plan.leaves else restorer.restore_picture
                    options: dict[str, Any] = {"quality": quality, "max_pixels": max_pixels, "progress": progress}
                    frames, lacking = restore_frames(restore, source, target, count, **options)
                    notes = (*lacking, *filter(None, [plan.note, rule.note]))
                    restored = frames[0].picture
                elif plan.leaves:  # the very pixels that other programs show
                    restored = read_picture(source, ycbcr=False, **reading)
                else:
                    restored = restorer.restore_picture(picture, progress, rule)
        except ModelError as error:
            raise ModelError(f"{source}: {error}") from error
        del picture  # its pixels are as large as what is written next
        metadata = restored.metadata
        xmp = with_origin(metadata.xmp, origin_of(source, settings))
        restored = dataclasses.replace(restored, metadata=metadata._replace(xmp=xmp))
        ensure_folder(target.parent)
        mode = permissions(source)
        try:
            if copied:
                copy_file(source, target, overwrite=overwrite, mode=mode)
            elif count > 1:
                frames[0] = frames[0]._replace(picture=restored)
                write_frames(target, frames, quality=quality, overwrite=overwrite, mode=mode)
            else:
                write_picture(target, restored, quality=quality, overwrite=overwrite, mode=mode)
        except OutputError:
            if not overwrite and is_made(target, source, settings):  # by another command, meanwhile
                return Record(str(source), str(target), "kept")
            raise
        copy_attributes(source, target, dates=keep_dates)
        fields: dict[str, Any] = {"notes": notes, "frames": count, "bound": rule.said}
        fields |= {} if plan.leaves else restorer.described
        return restorer.record(source, target, (width, height), clock.seconds, **fields)

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
        salvage: bool = False,
        jobs: int = DEFAULT_JOBS,
    ) -> list[Record]:
        """Restore every picture of a folder into another that mirrors it; one record a file, in their order.

        A picture that fails is a record with its error, and the rest goes on; those already there are kept, so a run
        that was stopped goes on. What is no picture, or of a kind that cannot be read, is a record that says so.
        `suffix` is `pair_up`'s, `jobs` how many pictures are read and written side by side. DataError if the folder has
        no pictures.
        """
        pairing = pair_up([Path(source)], Path(target), recursive=recursive, suffix=suffix)
        restore = partial(
            self.restore_file, overwrite=overwrite, quality=quality, max_pixels=max_pixels, salvage=salvage
        )
        records = [*pairing.records, *restore_all(pairing.pairs, restore, jobs)]
        return sorted(records, key=lambda record: Path(record.input))


def _reason(note: str) -> str:
    return f" ({note})" if note else ""


def _unchanged(picture: Picture, progress: Progress = lambda share: None) -> Picture:
    progress(1.0)
    return picture
