"""The kinds of networks that there are, by the name that recipes and model cards give them."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from artifix.errors import ModelError
from artifix.models.ar_cnn import ArCnnConfig
from artifix.models.chain import ChainConfig
from artifix.models.dncnn import DnCnnConfig
from artifix.models.generator import GeneratorConfig
from artifix.models.svoboda import L4Config, L8Config
from artifix.models.told import ToldConfig
from artifix.models.unet import UNetConfig

Config = GeneratorConfig | ChainConfig | UNetConfig | ToldConfig

DEFAULT_KIND: Final = "generator"

NETWORKS: Final[dict[str, type[Config]]] = {
    DEFAULT_KIND: GeneratorConfig,
    "ar-cnn": ArCnnConfig,
    "l4": L4Config,
    "l8": L8Config,
    "dncnn": DnCnnConfig,
    "told": ToldConfig,
    "unet": UNetConfig,
}
"""Kind -> its configuration, whose `description` is the network."""


def kind_of(config: Config) -> str:
    """The kind that a configuration belongs to."""
    return next(kind for kind, known in NETWORKS.items() if type(config) is known)


def config_class(kind: object) -> type[Config]:
    """The configuration of a kind; ModelError, with those that there are, for any other."""
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
