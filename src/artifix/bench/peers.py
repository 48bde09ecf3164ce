"""Other papers' networks, and our small one, to measure: how fast they run does not depend on what they learned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from artifix.models.card import ModelCard
from artifix.models.catalog import model_names, read_card

NETWORKS: Final = ("ar-cnn", "dncnn-3", "fast")


@dataclass(frozen=True)
class Peer:
    """A network that `--model` takes as `model`; `weights` are shipped, or fresh from a random generator."""

    name: str
    model: str
    weights: str
    card: ModelCard


def find_peers(folder: Path) -> tuple[list[Peer], dict[str, str]]:
    """`NETWORKS`, those that do not ship made in the folder with fresh weights; and why some cannot be."""
    peers, left_out = [], {}
    for name in NETWORKS:
        model, weights = name, "shipped"
        if name not in model_names():
            model, weights = str(folder / f"{name}.safetensors"), "fresh"
            try:
                Path(model).write_bytes(_fresh_dncnn(name))
            except ModuleNotFoundError as error:
                left_out[name] = f"not shipped, and to make it {error.name} is not installed"
                continue
        peers.append(Peer(name, model, weights, read_card(model)))
    return peers, left_out


def _fresh_dncnn(name: str) -> bytes:
    """The file of DnCNN's network as its training would begin."""
    from artifix.models.model import card_of
    from artifix.models.networks.dncnn import DnCnnConfig
    from artifix.models.torch_network import TorchNetwork
    from artifix.train.export import in_half_precision

    config = DnCnnConfig()
    network = TorchNetwork(config.description)
    return in_half_precision(card_of(config, name), network.state_dict()).to_bytes()
