"""The four ways in which raters are asked, each with its scale and the standard that it follows."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Procedure:
    """What a trial shows and how it is answered.

    A score lies within `lowest`..`highest`, at any place of a line, or on whole grades where `graded`. The original
    stands beside the test picture where it `shows_original`; two test pictures stand beside each other where it
    `compares`, and the score is then 1 for the left one and 0 for the right one.
    """

    name: str
    standard: str
    lowest: float
    highest: float
    graded: bool
    shows_original: bool
    compares: bool = False

    @property
    def middle(self) -> float:
        """The middle of the scale."""
        return (self.lowest + self.highest) / 2

    @property
    def grades(self) -> list[int]:
        """The grades, best first; none on a line."""
        return list(range(int(self.highest), int(self.lowest) - 1, -1)) if self.graded else []

    def accepts(self, score: float) -> bool:
        """Whether a score is on the scale."""
        return self.lowest <= score <= self.highest and (not self.graded or score == int(score))


PROCEDURES: Final = {
    procedure.name: procedure
    for procedure in (
        Procedure(
            "continuous",
            "Galteri et al. 2017: the double-stimulus impairment scale of BT.500 as a line without marks, 0..100",
            0,
            100,
            graded=False,
            shows_original=True,
        ),
        Procedure(
            "dsis",
            "ITU-R BT.500-15, double-stimulus impairment scale: five grades (ITU-T P.910, 8.2, DCR)",
            1,
            5,
            graded=True,
            shows_original=True,
        ),
        Procedure(
            "acr",
            "ITU-T P.910, 8.1, absolute category rating: five grades, one picture at a time",
            1,
            5,
            graded=True,
            shows_original=False,
        ),
        Procedure(
            "pairs",
            "paired comparison (ITU-T P.913, 7.1.3), forced choice, two pictures beside each other",
            0,
            1,
            graded=True,
            shows_original=False,
            compares=True,
        ),
    )
}
