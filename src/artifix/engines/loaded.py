"""Models that have been read and engines that have been loaded, shared between restorers."""

import logging
import threading
from pathlib import Path
from typing import Any

from artifix.engines.engine import Engine, EngineName, Precision, load_engine
from artifix.models.blending import read_blended
from artifix.models.model import Model

logger = logging.getLogger(__name__)

_Blend = tuple[str, float, str]


class EngineCache:
    """Engines, each loaded when it is first needed; safe to share between threads.

    With `only`, that engine runs every model. A pickle of a cache is empty.
    """

    def __init__(self, only: Engine | None = None) -> None:
        self._only = only
        self._lock = threading.Lock()
        self._models: dict[_Blend, Model] = {}
        self._engines: dict[tuple[_Blend, EngineName, Precision, int | None], Engine] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return EngineCache, ()

    def model(self, name: str, detail: float, vivid: str | Path) -> Model:
        """The model as `read_blended` reads it; ModelError as there."""
        blend = _blend(name, detail, vivid)
        with self._lock:
            if blend not in self._models:
                self._models[blend] = read_blended(name, detail, vivid)
            return self._models[blend]

    def engine(
        self,
        name: str,
        detail: float,
        vivid: str | Path,
        engine: EngineName,
        precision: Precision,
        threads: int | None,
    ) -> Engine:
        """The engine for that model; ModelError as in `load_engine`."""
        if self._only:
            return self._only
        model = self.model(name, detail, vivid)
        blend = _blend(name, detail, vivid)
        key = blend, engine, precision, threads
        with self._lock:
            if key not in self._engines and precision == "float":
                fastest = self._engines.get((blend, engine, "auto", threads))
                if fastest and fastest.precision != "int8":
                    return fastest
            if key not in self._engines:
                self._engines[key] = loaded = load_engine(model, engine, precision, threads)
                logger.info("%s runs on %s in %s", name, loaded.name, loaded.precision)
            return self._engines[key]


def _blend(name: str, detail: float, vivid: str | Path) -> _Blend:
    return name, detail, str(vivid) if detail else ""
