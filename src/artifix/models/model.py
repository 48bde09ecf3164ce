"""A trained network: its card and its weights, as they lie in one file; the network itself follows from the card."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.errors import ModelError
from artifix.models.card import METADATA_KEY, ModelCard, card_from_json
from artifix.models.layers import Description
from artifix.models.networks import Config, config_of
from artifix.models.tensor_file import pack, unpack

SUFFIX: Final = ".safetensors"
CARD_TENSOR: Final = "artifix.card"
_LARGEST_TILE: Final = 1 << 28  # values of the widest layer in the smallest tile: a pixel and what it sees around it


@dataclass(frozen=True, eq=False)
class Model:
    """A card and the weights that it describes, in half precision, named and shaped as `Description.weights` has them.

    ModelError where they do not fit each other.
    """

    card: ModelCard
    weights: Mapping[str, NDArray[np.float16]]

    def __post_init__(self) -> None:
        described, card = self.description, self.card
        computed = (described.channels, described.radius, described.multiple, described.maps)
        if (card.channels, card.radius, card.multiple, card.maps) != computed:
            raise ModelError("its network does not fit its card")
        if described.maps * (2 * described.radius + described.multiple) ** 2 > _LARGEST_TILE:
            raise ModelError("its network takes more memory for a pixel than any of ours")
        if {name: value.shape for name, value in self.weights.items()} != dict(described.weights()):
            raise ModelError("its weights do not fit its card")
        if not all(np.isfinite(value).all() for value in self.weights.values()):
            raise ModelError("its weights are not numbers")

    @cached_property
    def description(self) -> Description:
        """The network, layer by layer."""
        return config_of(self.card.network, self.card.config).description

    def to_bytes(self) -> bytes:
        """The model's file."""
        return pack(self._ordered, {METADATA_KEY: self.card.to_json()})

    def to_spandrel(self) -> bytes:
        """The file for the loader in integrations/spandrel.

        It holds the card once more, in UTF-8 as a tensor of bytes named `CARD_TENSOR`, because spandrel reads tensors
        alone.
        """
        card = self.card.to_json()
        tensor = np.frombuffer(card.encode(), np.uint8)
        return pack(self._ordered | {CARD_TENSOR: tensor}, {METADATA_KEY: card})

    @property
    def _ordered(self) -> dict[str, NDArray[np.float16] | NDArray[np.uint8]]:
        return {name: self.weights[name] for name, _ in self.description.weights()}

    @cached_property
    def fingerprint(self) -> str:
        """What distinguishes it from any other: a part of the SHA-256 of its file."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]


def model_from_bytes(data: bytes) -> Model:
    """The model in a file; ModelError, one line, if it is not one of ours."""
    weights, text = unpack(data)
    return Model(card_from_json(text.get(METADATA_KEY)), weights)


def card_of(config: Config, name: str, **about: object) -> ModelCard:
    """The card of a network: what follows from its configuration, its name, and what else there is to say of it."""
    described = config.description
    return ModelCard(
        name=name,
        network=config.kind,
        channels=config.channels,
        radius=described.radius,
        multiple=described.multiple,
        config=dataclasses.asdict(config),
        parameters=described.parameters,
        macs_per_pixel=described.macs_per_pixel,
        maps=described.maps,
        **about,  # type: ignore[arg-type]
    )
