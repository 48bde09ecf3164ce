"""The networks, one module for each, and their kinds, by which recipes and model cards name them.

A module defines a frozen dataclass with a `kind`; it is found here because it lies in this package.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Final, Protocol

from artifix.errors import ModelError
from artifix.models.layers import Description


class Config(Protocol):
    """The configuration of a network, a frozen dataclass whose fields all have defaults."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    kind: ClassVar[str]

    @property
    def channels(self) -> int:
        """1 for Y, 3 for YCbCr."""

    @property
    def description(self) -> Description:
        """The network, layer by layer."""


def _configs() -> Iterator[type[Config]]:
    """The configurations that the modules of this package define."""
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        yield from (each for each in vars(module).values() if isinstance(each, type) and "kind" in vars(each))


DEFAULT_KIND: Final = "generator"

NETWORKS: Final[dict[str, type[Config]]] = {config.kind: config for config in _configs()}
"""Kind -> its configuration, whose `description` is the network."""


def config_class(kind: object) -> type[Config]:
    """The configuration of a kind; ModelError, which lists the kinds, for any other."""
    if not isinstance(kind, str) or kind not in NETWORKS:
        raise ModelError(f"there is no {kind!r} network; choose one of {', '.join(NETWORKS)}")
    return NETWORKS[kind]


def config_of(kind: object, values: Mapping[str, Any]) -> Config:
    """The configuration of these values, as JSON holds them; ModelError for any that no network of the kind has."""
    known: Any = config_class(kind)
    defaults = dataclasses.asdict(known())
    try:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        if any(not _alike(value, defaults[name]) for name, value in given.items()):
            raise TypeError("a value of another type")
        config: Config = known(**given)
        return config
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(f"its card describes no {kind} network ({error})") from error


def _alike(value: Any, default: Any) -> bool:
    if isinstance(default, tuple):
        return type(value) is tuple and all(type(each) is int for each in value)
    return type(value) is type(default)
