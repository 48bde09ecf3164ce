"""Sizes in bytes, as people write them."""

import math
import re

import typer


def parse_size(text: str | int) -> int:
    """The number of bytes in `1GiB`, `500MB` or a plain number; BadParameter for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", str(text), re.IGNORECASE)
    if not match or not math.isfinite(float(match[1])):
        raise typer.BadParameter(f"{text!r} is not a size; write 1GiB, 500MB or a number of bytes")
    number, unit, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(unit.upper() or " "))
