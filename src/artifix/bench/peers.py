"""Other papers' networks, and our small one, to measure: how fast they run does not depend on what they learned."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from artifix.models.card import ModelCard
from artifix.models.catalog import MODELS
from artifix.restoration.engine import read_card

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
        if name not in MODELS:
            model, weights = str(folder / f"{name}.onnx"), "fresh"
            try:
                Path(model).write_bytes(_fresh_dncnn(name))
            except ModuleNotFoundError as error:
                left_out[name] = f"not shipped, and to make it {error.name} is not installed"
                continue
        peers.append(Peer(name, model, weights, read_card(model)))
    return peers, left_out


def _fresh_dncnn(name: str) -> bytes:
    """The ONNX file of DnCNN's network as its training would begin."""
    from artifix.models.dncnn import DnCnnConfig
    from artifix.models.networks import new_network
    from artifix.train.export import card_of, to_onnx

    config = DnCnnConfig()
    network = new_network(config)
    return to_onnx(config, network.state_dict(), card_of(config, network, name=name))
