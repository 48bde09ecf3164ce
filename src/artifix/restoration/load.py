"""What restores pictures, by the name that the command line gives it."""

from pathlib import Path

from artifix.engines.engine import EngineName, Precision
from artifix.errors import ModelError
from artifix.models.catalog import VIVID
from artifix.restoration.bound import BoundMode
from artifix.restoration.deblocker import SA_DCT, Deblocker
from artifix.restoration.files import FileRestorer
from artifix.restoration.memory import DEFAULT_MEMORY
from artifix.restoration.restorer import Restorer


def load_restorer(
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
) -> FileRestorer:
    """A `Restorer`, `model` being as it takes it; for `sa-dct` a `Deblocker`, which has no engine.

    ModelError as theirs, and for `sa-dct` with `detail`, for which there must be weights.
    """
    if str(model) == SA_DCT:
        if detail:
            raise ModelError(f"{SA_DCT}: has no weights to blend towards more detail")
        return Deblocker(strength=strength, max_memory=max_memory, bound=bound, force=force)
    return Restorer(
        model,
        strength=strength,
        detail=detail,
        vivid=vivid,
        engine=engine,
        precision=precision,
        threads=threads,
        max_memory=max_memory,
        bound=bound,
        force=force,
    )
