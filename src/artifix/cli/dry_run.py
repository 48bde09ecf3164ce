"""What a run of `artifix restore` would do."""

import json
from collections.abc import Callable

import typer

from artifix.errors import OutputError
from artifix.image.formats import output_format
from artifix.printable import printable
from artifix.restoration.archive import check_output, is_archive, origin_of_archive
from artifix.restoration.origin import is_made, read_origin
from artifix.restoration.pairing import Pair, Pairing
from artifix.restoration.selection import in_words
from artifix.video.formats import container_of, is_video


def show_plan(
    pairing: Pairing, settings: str, *, overwrite: bool, as_json: bool, shown: Callable[[str], str] = str
) -> None:
    """Print a line for each file, its input and output, or a JSON array of them; exit with 1 if any is known to fail.

    `settings` are the restorer's, and `shown` puts the names of pipes into a text. What is to be done is `restore`,
    `keep` for an output that was made before, or `fail` for an input that is not there and an output that may not be
    replaced or written. Of an existing output of a video only the run itself can say which (`keep or fail`). Inputs
    are not decoded, so that the run may still find one that is broken.
    """
    rows = [_row(pair, settings, overwrite=overwrite) for pair in pairing.pairs]
    rows += [{"input": each.input, "output": "", "do": "fail", "reason": each.error} for each in pairing.refused]
    rows = [{name: shown(text) for name, text in row.items()} for row in rows]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    for row in rows:
        if row["do"] == "fail":
            typer.echo(f"artifix: {printable(row['reason'])}", err=True)
        elif not as_json:
            aside = "" if row["do"] == "restore" else f" ({row['reason'] or row['do']})"
            typer.echo(printable(f"{row['input']} -> {row['output']}{aside}"))
    if pairing.left_alone and not as_json:
        typer.echo(printable(in_words(pairing.left_alone)))
    if any(row["do"] == "fail" for row in rows):
        raise typer.Exit(1)


def _row(pair: Pair, settings: str, *, overwrite: bool) -> dict[str, str]:
    do, reason = "restore", ""
    if not pair.source.exists():
        do, reason = "fail", f"{pair.source}: there is no such input"
    else:
        video, archive = is_video(pair.source), is_archive(pair.source)
        try:
            (container_of if video else check_output if archive else output_format)(pair.target)
            if video and pair.target.exists() and not overwrite:
                do = "keep or fail"
            elif not overwrite and is_made(
                pair.target, pair.source, settings, origin_of_archive if archive else read_origin
            ):
                do, reason = "keep", "exists and is kept"
        except OutputError as error:
            do, reason = "fail", str(error)
    return {"input": str(pair.source), "output": str(pair.target), "do": do, "reason": reason}
