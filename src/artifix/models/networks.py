"""The kinds of networks that there are, by the name that recipes and model cards give them."""

from collections.abc import Callable
from typing import Any, Final

from artifix.errors import ModelError
from artifix.models.ar_cnn import ArCnnConfig
from artifix.models.chain import Chain, ChainConfig
from artifix.models.dncnn import DnCnnConfig
from artifix.models.generator import Generator, GeneratorConfig
from artifix.models.svoboda import L4Config, L8Config
from artifix.models.told import ToldConfig
from artifix.models.torch_network import TorchNetwork
from artifix.models.unet import UNetConfig

Config = GeneratorConfig | ChainConfig | UNetConfig | ToldConfig
Network = Generator | Chain | TorchNetwork

DEFAULT_KIND: Final = "generator"

# Kind -> its configuration, and the network that is made from one.
NETWORKS: Final[dict[str, tuple[type[Config], Callable[[Any], Network]]]] = {
    DEFAULT_KIND: (GeneratorConfig, Generator),
    "ar-cnn": (ArCnnConfig, Chain),
    "l4": (L4Config, Chain),
    "l8": (L8Config, Chain),
    "dncnn": (DnCnnConfig, Chain),
    "told": (ToldConfig, lambda config: TorchNetwork(config.description)),
    "unet": (UNetConfig, lambda config: TorchNetwork(config.description)),
}


def new_network(config: Config) -> Network:
    """A network of this configuration, its weights as training begins with them."""
    make: Any = NETWORKS[kind_of(config)][1]
    network: Network = make(config)
    return network


def kind_of(config: Config) -> str:
    """The kind that a configuration belongs to."""
    return next(kind for kind, (known, _) in NETWORKS.items() if type(config) is known)


def config_class(kind: object) -> type[Config]:
    """The configuration of a kind; ModelError, with those that there are, for any other."""
    if not isinstance(kind, str) or kind not in NETWORKS:
        raise ModelError(f"there is no {kind!r} network; known are {', '.join(NETWORKS)}")
    return NETWORKS[kind][0]
