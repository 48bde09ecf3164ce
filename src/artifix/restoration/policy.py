"""How strongly a picture is restored: `artifix.inspection.plan` decides by the evidence of its codings."""

import shutil
from pathlib import Path
from typing import Final

from artifix.image import Picture, atomic_output
from artifix.image.formats import output_format
from artifix.image.write import jpeg_tables
from artifix.inspection.history import Evidence
from artifix.inspection.plan import Plan, decide
from artifix.inspection.tables import estimate_quality
from artifix.inspection.trace import find_trace
from artifix.restoration.bound import BoundMode, Rule, earlier_coding, rule_for

FULL: Final = Plan(1.0)
LOST_AGAIN: Final = Plan(
    0.0, "left as it is: a JPEG as fine as this cannot hold what would be gained, --format png can"
)
_OURS: Final = b"urn:artifix:"  # stands in the XMP of what artifix wrote
_FINE: Final = 80  # below, a JPEG is restored at full strength whatever came before


def plan_for(picture: Picture, evidence: Evidence | None = None, *, bounded: bool = False) -> Plan:
    """What to do with a picture that was read from a file; one that was not is restored.

    `evidence` is its `earlier_coding`, if known, and `bounded` whether its file bounds what is restored (`rule_for`).
    """
    if not picture.format:
        return FULL
    ours = _OURS in (picture.metadata.xmp or b"")
    if not picture.lossy:
        return decide(lossy=False, trace=find_trace(picture.pixels, picture.space), restored_before=ours)
    if picture.tables is None:
        return decide(lossy=True, restored_before=ours)
    quality, _ = estimate_quality(*picture.tables[:2])
    earlier = None
    if quality >= _FINE:
        evidence = evidence or earlier_coding(picture)
        earlier = evidence.quality if evidence.sure > 0.5 else None
    return decide(
        lossy=True,
        quality=quality,
        full_chroma=picture.subsampling in (None, (1, 1)),
        earlier=earlier,
        bounded=bounded,
        restored_before=ours,
    )


def decision_for(
    picture: Picture, target: Path | None, *, bound: BoundMode, force: bool, quality: int | None = None
) -> tuple[Plan, Rule]:
    """How far a picture is restored on its way to a target, and whether its file bounds it.

    `target` is None if no picture file is written, `quality` the encoder's, None for the default; `force` restores in
    full whatever the picture is.
    """
    evidence = earlier_coding(picture)
    rule = rule_for(picture, bound, evidence)
    if force:
        return FULL, rule
    plan = plan_for(picture, evidence, bounded=rule.applies)
    if target and rule.applies and not plan.leaves and is_lost_again(picture, target, quality):
        plan = LOST_AGAIN
    return plan, Rule(False, "") if plan.leaves else rule


def is_lost_again(picture: Picture, target: Path, quality: int | None) -> bool:
    """Whether coding a bounded picture into the target would quantise it back to the JPEG that it was read from.

    So it is where the target is a JPEG with the very tables and chroma of the input: within the file's bound every
    coefficient rounds to what the file has already.
    """
    if quality is not None or not picture.tables or output_format(target).name != picture.format:
        return False
    own = [list(table) for table in picture.tables]
    luma, chroma = jpeg_tables(picture)
    return picture.subsampling in (None, (1, 1)) and own in ([luma], [luma, chroma, chroma])


def copies(picture: Picture, target: Path, quality: int | None) -> bool:
    """Whether a picture that is left as it is goes to its target as the file that it is, all that is in it included."""
    return quality is None and output_format(target).name == picture.format


def copy_file(source: Path, target: Path, *, overwrite: bool, mode: int | None = None) -> None:
    """Copy a file, whole or not at all, with these permissions. OutputError if it cannot be written."""
    with source.open("rb") as file, atomic_output(target, overwrite=overwrite, mode=mode) as output:
        shutil.copyfileobj(file, output, 1 << 20)
