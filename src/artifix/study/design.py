"""A study's folder: pictures under names that tell nothing, and `study.json`, which alone knows what they are."""

import dataclasses
import itertools
import json
import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from artifix.errors import DataError, ModelError, OutputError
from artifix.evaluate.datasets import load_dataset
from artifix.evaluate.methods import Method
from artifix.image.output import publish_folder
from artifix.printable import counted
from artifix.provenance import current_commit, today
from artifix.study.order import REFERENCE, WORST, Controls, Shown, Trial, draw_order
from artifix.study.pictures import PICTURES, StudyImage, make_pictures
from artifix.study.procedures import PROCEDURES, Procedure
from artifix.study.wording import write_wording

MINUTES: Final = 30.0
"""A session's limit (BT.500-13, Annex 1, 2.7)."""
_SECONDS_A_TRIAL: Final = 12.0  # the paper's raters took about 20 minutes for 100
_INTRODUCTION: Final = 1.0  # minutes
_WIDE, _HIGH = 1850, 780  # pixels that pictures may take of such a window
_FILE: Final = "study.json"


@dataclass(frozen=True)
class Design:
    """What is shown in a study, and how. `exact`: the data are the known set of this name.

    `asked` names the procedure, and `methods` are fingerprints by name. `commit` and `date` (ISO 8601) say what made
    it, and when.
    """

    dataset: str
    exact: bool
    quality: int
    seed: int
    asked: str
    controls: Controls
    methods: dict[str, str]
    training: StudyImage
    images: tuple[StudyImage, ...]
    commit: str
    date: str

    @property
    def procedure(self) -> Procedure:
        """How raters are asked."""
        return PROCEDURES[self.asked]

    @property
    def conditions(self) -> list[str]:
        """What is rated of each picture: the methods, and the hidden reference if there is one."""
        return [*self.methods, *([REFERENCE] if self.controls.hidden_reference else [])]

    @property
    def shown(self) -> list[Shown]:
        """What the trials show of each picture: every condition, or every two of them."""
        if self.procedure.compares:
            return list(itertools.combinations(self.conditions, 2))
        return [(condition, "") for condition in self.conditions]

    @property
    def practice(self) -> list[Shown]:
        """What the practice shows: the best, the worst, and all that is between (BT.500-13, Annex 1, 2.5)."""
        methods = list(self.methods)
        if self.procedure.compares:
            return [(WORST, REFERENCE), *itertools.combinations(methods, 2)]
        return [(condition, "") for condition in (REFERENCE, WORST, *methods)]

    @property
    def checks(self) -> list[tuple[str, Shown]]:
        """The attention checks: a worst picture, or by turns the original beside itself; see `passes`."""
        if self.procedure.compares:
            kinds: list[Shown] = [(WORST, REFERENCE)]
        else:
            kinds = [(WORST, ""), (REFERENCE, "")] if self.procedure.shows_original else [(WORST, "")]
        images = [image.name for image in self.images]
        return [(images[n % len(images)], kinds[n % len(kinds)]) for n in range(self.controls.checks)]

    def passes(self, method: str, score: float) -> bool:
        """Whether a score is an attentive one for a check: on the worst picture's, or the original's, side.

        In paired comparison `method` is the one on the left.
        """
        if self.procedure.compares:
            return (score == self.procedure.highest) == (method == REFERENCE)
        return score < self.procedure.middle if method == WORST else score > self.procedure.middle

    @property
    def by_name(self) -> dict[str, StudyImage]:
        """All pictures, that for training included."""
        return {image.name: image for image in (self.training, *self.images)}

    @property
    def trials(self) -> int:
        """How many trials of one rater are no practice."""
        return len(self.images) * len(self.shown) + min(self.controls.repeats, self._first_half) + self.controls.checks

    @property
    def _first_half(self) -> int:
        return (len(self.images) * len(self.shown) + 1) // 2

    @property
    def minutes(self) -> float:
        """How long one rater takes, about."""
        return estimate_minutes(self.trials + len(self.practice))

    @property
    def too_large(self) -> int:
        """How many pictures a window of 1920 by 1000 pixels cannot show with what stands beside, pixel for pixel."""
        count = 2 if self.procedure.shows_original or self.procedure.compares else 1
        return sum(
            (count * image.width > _WIDE or image.height > _HIGH)
            and (image.width > _WIDE or count * image.height > _HIGH)
            for image in self.images
        )

    def order_of(self, rater: int) -> list[Trial]:
        """The trials of the rater of this number, drawn from the study's seed and the number."""
        return draw_order(
            self.training.name,
            [image.name for image in self.images],
            self.shown,
            (self.seed, rater),
            practice=self.practice,
            checks=self.checks,
            repeats=self.controls.repeats,
        )


def estimate_minutes(trials: int) -> float:
    """How long one rater takes for so many trials, practice included."""
    return trials * _SECONDS_A_TRIAL / 60 + _INTRODUCTION


def create_study(
    data: str | Path,
    methods: Sequence[Method],
    output: str | Path,
    *,
    images: int = 50,
    quality: int = 20,
    seed: int = 0,
    procedure: str = "continuous",
    controls: Controls = Controls(),  # noqa: B008 - frozen
    language: str = "en",
    allow_long: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> Design:
    """Choose pictures of a folder by the seed, degrade them as JPEG (4:2:0), and restore each by every method.

    One further picture is for training. The folder `output` appears whole or not at all; its `wording.json`, what
    raters read in a language that is shipped, may be changed before the study begins. `progress` is called with the
    share done, 0..1. ValueError for a study that takes a rater more than `MINUTES`, unless `allow_long`, and for one
    with nothing to compare; DataError for too few pictures, ModelError for a name that is used twice or reserved,
    OutputError for a folder that exists or cannot be written.
    """
    output = Path(output)
    names = [method.name for method in methods]
    if len(set(names)) < len(names):
        raise ModelError(f"two methods have the same name: {', '.join(names)}")
    if {REFERENCE, WORST} & set(names):
        raise ModelError(f"{REFERENCE} and {WORST} are names that a study uses itself")
    if os.path.lexists(output):
        raise OutputError(f"{output}: exists already; a study needs a folder of its own")
    dataset = load_dataset(data)
    planned = [StudyImage(str(number), 0, 0, "", {}) for number in range(images + 1)]
    design = Design(
        dataset.name,
        dataset.exact,
        quality,
        seed,
        procedure,
        controls,
        {method.name: method.fingerprint for method in methods},
        planned[0],
        tuple(planned[1:]),
        current_commit(),
        today(),
    )
    if not design.shown:
        raise ValueError("paired comparison needs two methods, or one and the hidden reference")
    if design.minutes > MINUTES and not allow_long:
        raise ValueError(
            f"{counted(images, 'picture')} by {counted(len(names), 'method')} take a rater about {design.minutes:.0f}"
            f" minutes, more than the {MINUTES:.0f} of BT.500; show fewer, or allow it by --allow-long"
        )
    if len(dataset.paths) <= images:
        raise DataError(
            f"{data}: has {counted(len(dataset.paths), 'picture')}; {images} and one for practice are needed"
        )
    chosen = np.random.default_rng(seed).choice(len(dataset.paths), images + 1, replace=False)
    temporary = output.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        (temporary / PICTURES).mkdir(parents=True)
        made = []
        for number, which in enumerate(chosen):
            path = dataset.paths[which]
            extremes = {REFERENCE, WORST} if number <= controls.checks else {*design.conditions}
            made.append(make_pictures(path, quality, methods, extremes, temporary / PICTURES))
            progress((number + 1) / len(chosen))
        design = dataclasses.replace(design, training=made[0], images=tuple(made[1:]))
        (temporary / _FILE).write_text(json.dumps(dataclasses.asdict(design), indent=1) + "\n", encoding="utf-8")
        write_wording(temporary, language)
        publish_folder(temporary, output)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return design


def read_design(study: str | Path) -> Design:
    """The design in a study's folder; DataError if there is none, or one of an earlier version."""
    try:
        values = json.loads((Path(study) / _FILE).read_text(encoding="utf-8"))
        training = StudyImage(**values.pop("training"))
        images = tuple(StudyImage(**image) for image in values.pop("images"))
        controls = Controls(**values.pop("controls"))
        design = Design(training=training, images=images, controls=controls, **values)
        _ = design.procedure
    except OSError as error:
        raise DataError(f"{study}: no study in it ({error.strerror}); `artifix study create` makes one") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{study}: no study that this version of artifix reads") from error
    return design
