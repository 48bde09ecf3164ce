"""What a run of `artifix restore` would do."""

import json

import typer

from artifix.errors import OutputError
from artifix.printable import printable
from artifix.restoration.origin import is_made
from artifix.restoration.pairing import Pair, Pairing
from artifix.restoration.selection import in_words
from artifix.video.formats import is_video


def show_plan(pairing: Pairing, settings: str, *, overwrite: bool, as_json: bool) -> None:
    """Print a line for each file, its input and output, or a JSON array of them; `settings` are the restorer's.

    What is to be done is `restore`, `keep` for an output that was made before, or `fail` for one that may not be
    replaced. Of an existing output of a video only the run itself can say which (`keep or fail`).
    """
    rows = [_row(pair, settings, overwrite=overwrite) for pair in pairing.pairs]
    rows += [{"input": each.input, "output": "", "do": "fail", "reason": each.error} for each in pairing.refused]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        aside = "" if row["do"] == "restore" else f" ({row['reason'] or row['do']})"
        typer.echo(printable(f"{row['input']} -> {row['output']}{aside}" if row["output"] else row["reason"]))
    if pairing.left_alone:
        typer.echo(printable(in_words(pairing.left_alone)))


def _row(pair: Pair, settings: str, *, overwrite: bool) -> dict[str, str]:
    do, reason = "restore", ""
    if not pair.source.exists():
        do, reason = "fail", "there is no such input"
    elif pair.target.exists() and not overwrite:
        try:
            if is_video(pair.source):
                do = "keep or fail"
            elif is_made(pair.target, pair.source, settings):
                do, reason = "keep", "kept: it was made from this input before"
        except OutputError as error:
            do, reason = "fail", str(error)
    return {"input": str(pair.source), "output": str(pair.target), "do": do, "reason": reason}
