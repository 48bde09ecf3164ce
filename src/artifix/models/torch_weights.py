"""A network of ours, as torch holds it, from its ONNX file."""

from pathlib import Path

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from artifix.errors import ModelError
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.networks import Network, config_class, new_network


def network_from_file(path: Path) -> tuple[ModelCard, Network]:
    """As `network_from_onnx`, from a file, which a ModelError names."""
    try:
        return network_from_onnx(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def network_from_onnx(data: bytes) -> tuple[ModelCard, Network]:
    """The card and the network in an exported file; ModelError if it is not one or its weights do not fit its card."""
    try:
        model = onnx.load_from_string(data)
    except DecodeError as error:
        raise ModelError("not an artifix model: it is not ONNX") from error
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    card = card_from_json(metadata.get(METADATA_KEY))
    stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
    config = config_class(card.network)
    try:
        network = new_network(config(**card.config))
        network.load_state_dict({name: stored[name].float() for name in network.state_dict()})
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError("its network does not fit its card") from error
    return card, network
