"""The models that are offered, each loaded when it is first wanted and then kept."""

import dataclasses
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from artifix.errors import ModelError
from artifix.models.blending import read_blended
from artifix.models.card import ModelCard
from artifix.models.catalog import BLENDED, DEFAULT, MODELS, read_card
from artifix.restoration import Restorer
from artifix.serving.refusal import Refusal

_KEPT: Final = 4  # pairs of a model and an amount of detail that stay loaded


class Restorers:
    """Models by name, each as `Restorer` takes it, and the vivid one that detail leads to; safe between threads.

    None stands for all that are shipped. `default` is the name of the one for most formats. ModelError if one cannot
    be read; without a vivid one there is no detail.
    """

    def __init__(self, models: Mapping[str, str | Path] | None, vivid: str | Path, max_memory: int) -> None:
        self._models: dict[str, str | Path] = dict(models or {name: name for name in MODELS})
        self.cards: dict[str, ModelCard] = {name: read_card(model) for name, model in self._models.items()}
        self.default = DEFAULT if DEFAULT in self.cards else next(iter(self.cards))
        self.by_format = models is None
        """Whether an empty name leaves the model to the picture's format."""
        self._vivid, self._max_memory = vivid, max_memory
        self._detailed = {name for name, model in self._models.items() if _blends(model, vivid)}
        if self.by_format and BLENDED in self._detailed:
            self._detailed.add(self.default)  # which has `BLENDED` in its place where detail is asked for
        self._lock = threading.Lock()
        self._loaded = lru_cache(_KEPT)(self._load)

    def has_detail(self, name: str) -> bool:
        """Whether there is something between this model and the vivid one."""
        return name in self._detailed

    def ensure_known(self, name: str) -> None:
        """Refusal 400 for the name of a model that is not offered."""
        if name and name not in self.cards:
            raise Refusal(400, f"model: no such model; choose one of {', '.join(self.cards)}")

    def options(self, name: str, strength: float) -> dict[str, Any]:
        """What `Restorer` takes for a model by its name, for use in another process."""
        name = name or ("" if self.by_format else self.default)
        model = self._models[name] if name else None
        return {"model": model, "strength": strength, "max_memory": self._max_memory}

    def get(self, name: str, strength: float = 1.0, detail: float = 0.0) -> Restorer:
        """The restorer with these settings; those that differ in strength alone share an engine.

        An empty name leaves the model to the picture's format, or is the default among models that are not shipped.
        ModelError if the model cannot be blended with the vivid one.
        """
        name = name or ("" if self.by_format else self.default)
        with self._lock:
            return dataclasses.replace(self._loaded(name, detail), strength=strength)

    def name_of(self, model: str) -> str:
        """The name under which a record's model is offered, rather than the path of its file."""
        return next((name for name, path in self._models.items() if str(path) == model), model)

    def _load(self, name: str, detail: float) -> Restorer:
        stands_in = detail and self.by_format and name == self.default
        model = self._models[name] if name and not stands_in else None
        return Restorer(model, detail=detail, vivid=self._vivid, max_memory=self._max_memory)


def _blends(model: str | Path, vivid: str | Path) -> bool:
    if model == vivid:
        return False
    try:
        read_blended(model, 0.5, vivid)
    except ModelError:
        return False
    return True
