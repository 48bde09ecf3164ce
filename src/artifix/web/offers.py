"""What people choose between, in their own words; which model stands for each choice is said here alone."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from artifix.models.catalog import DEFAULT, VIVID


@dataclass(frozen=True)
class Choice:
    """A model under the name that people choose it by."""

    role: str
    """Also the name of its sample, `static/samples/ROLE.webp`."""
    label: str
    words: str
    model: str
    by_format: bool = False
    """Whether another shipped model may stand in for it where the picture's format has one of its own."""


CHOICES: Final = (
    Choice(
        "faithful",
        "Faithful",
        "The closest to what the picture was before it was compressed. It adds nothing of its own; take it unless"
        " you have a reason not to.",
        DEFAULT,
        by_format=True,
    ),
    Choice(
        "quick", "Quick", "Nearly as close, in about a quarter of the time. For many or very large pictures.", "fast"
    ),
    Choice(
        "vivid",
        "Vivid",
        "Crisper, with texture that looks right but is made up. For looking at, not for evidence.",
        VIVID,
    ),
)


def choices_among(models: Iterable[str], by_format: bool) -> list[dict[str, object]]:
    """The choices whose models are offered. The model of one that follows the picture's format is the empty name."""
    offered = set(models)
    return [
        asdict(choice) | {"model": "" if choice.by_format and by_format else choice.model}
        for choice in CHOICES
        if choice.model in offered
    ]
