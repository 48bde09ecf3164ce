"""The model card: what a weights file is, how it was made and how good it is, carried inside the file itself."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Final

from artifix.errors import ModelError

METADATA_KEY: Final = "artifix"
FORMAT: Final = 1

_LARGEST: Final = 1e6  # of the values in a network; those of ours stay within a hundred


@dataclass(frozen=True)
class ModelCard:
    """The facts that restoring needs, then those that people need."""

    name: str
    network: str  # its kind, one of `networks.NETWORKS`
    channels: int  # 1: Y, 3: YCbCr
    radius: int  # how far an output pixel sees, pixels; the halo of a tile
    multiple: int  # sides of an input must be multiples of it
    config: dict[str, Any]  # the network's own configuration
    parameters: int
    macs_per_pixel: int  # multiply-accumulates for one pixel of a large picture
    maps: int  # of its widest layer at full resolution; memory goes by it
    summary: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    data: str = ""  # what it learned from
    steps: int = 0
    hours: float = 0.0  # of training
    commit: str = ""
    figures: dict[str, float] = field(default_factory=dict)  # measured on the held-out pictures
    failures: str = ""  # where it is known to do badly
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)  # what int8 covers of each layer's input
    int8_loss: dict[str, float] = field(default_factory=dict)  # dB of PSNR, by quality, that int8 costs
    license: str = "Apache-2.0"

    def to_json(self) -> str:
        """The card as the text kept under `METADATA_KEY`."""
        return json.dumps({"format": FORMAT} | dataclasses.asdict(self))


def card_from_json(text: str | None) -> ModelCard:
    """The card in such a text; ModelError if there is none, or it is from a later version or out of bounds."""
    if text is None:
        raise ModelError("not an artifix model: it has no model card")
    try:
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise ModelError("its card is of another version of artifix")
        values["ranges"] = {layer: _range(*bounds) for layer, bounds in values.get("ranges", {}).items()}
        card = ModelCard(**values)
        whole = all(type(number) is int for number in (card.channels, card.radius, card.multiple, card.maps))
        bounded = whole and card.channels in (1, 3) and 0 <= card.radius <= 1024 and 1 <= card.multiple <= 64
        bounded = bounded and card.maps >= 1 and isinstance(card.config, dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"its card cannot be read ({error})") from error
    if not bounded:
        raise ModelError("its card asks for channels, a radius, a multiple or maps that no artifix model has")
    return card


def _range(low: float, high: float) -> tuple[float, float]:
    if not -_LARGEST <= low <= high <= _LARGEST:
        raise ValueError(f"{low} to {high} is no range")
    return low, high
