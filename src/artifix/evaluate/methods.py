"""What stands in a row of a table: a callable from a degraded image to a restored one, and a name."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.models.catalog import read_model
from artifix.restoration import Restorer

Pixels = NDArray[np.uint8]
Restore = Callable[[Pixels], Pixels]


@dataclass(frozen=True)
class Method:
    """A row of a table.

    `restore` maps a uint8 image, (H, W) or (H, W, 3), to one of the same shape, and may be called from several threads
    at once. `fingerprint` tells two states of one method apart, so that figures of an older model are measured again.
    """

    name: str
    restore: Restore
    fingerprint: str = ""


JPEG: Final = Method("jpeg", lambda degraded: degraded)


def load_methods(names: Iterable[str | Path], *, ensemble: bool = False) -> list[Method]:
    """The methods of these names, in this order: `jpeg`, shipped models, or paths of .onnx files, called by their stem.

    With `ensemble` each model has a second row, its name with a `+`: see `ensemble_of`. ModelError for an unknown one.
    """
    return [method for name in names for method in _load(name, ensemble)]


def _load(name: str | Path, ensemble: bool) -> Iterator[Method]:
    if str(name) == JPEG.name:
        yield JPEG
        return
    restorer = Restorer(name)

    def restore(degraded: Pixels) -> Pixels:
        return restorer.restore_image(degraded).astype(np.uint8, copy=False)

    model = Method(Path(name).stem, restore, hashlib.sha256(read_model(name)).hexdigest()[:16])
    yield model
    if ensemble:
        yield Method(f"{model.name}+", ensemble_of(model.restore), model.fingerprint)


def ensemble_of(restore: Restore) -> Restore:
    """The geometric self-ensemble (Timofte et al. 2016): the mean over the image's eight flips and rotations.

    Each is restored and turned back; the mean is rounded to uint8 once, at the end. Eight times the work.
    """

    def restore_eight(degraded: Pixels) -> Pixels:
        total = np.zeros(degraded.shape, dtype=np.float64)
        for turns in range(4):
            turned = np.rot90(degraded, turns)
            total += np.rot90(restore(np.ascontiguousarray(turned)), -turns)
            total += np.rot90(restore(np.ascontiguousarray(turned[:, ::-1]))[:, ::-1], -turns)
        return np.rint(total / 8).astype(np.uint8)

    return restore_eight
