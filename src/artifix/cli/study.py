"""The commands below `artifix study`."""

from pathlib import Path
from typing import Annotated

import typer

from artifix.cli.listening import answer_at
from artifix.printable import counted

study_app = typer.Typer(help="Ask people how close restored pictures come to their originals.", no_args_is_help=True)

_NAMED = 3  # pictures that a warning names

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="A folder of `artifix study create`.")]


@study_app.command("create")
def create(
    data: Annotated[Path, typer.Option(help="A folder of undamaged pictures.")],
    models: Annotated[
        str, typer.Option("--model", help="jpeg, sa-dct, models' names or .safetensors files, with commas.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The study's folder, a new one.")],
    images: Annotated[int, typer.Option(min=1, help="How many pictures, one for training aside.")] = 50,
    quality: Annotated[int, typer.Option(min=1, max=100, help="JPEG's.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the pictures, and every rater's order.")] = 0,
    allow_long: Annotated[bool, typer.Option("--allow-long", help="More than half an hour for a rater.")] = False,
) -> None:
    """Choose pictures, degrade and restore them, and put them under names that tell nothing."""
    from artifix.cli.progress import show_progress
    from artifix.evaluate.methods import load_methods
    from artifix.study.design import create_study, find_compressed

    methods = load_methods(models.split(","))
    with show_progress("making pictures") as progress:
        try:
            design = create_study(
                data,
                methods,
                output,
                images=images,
                quality=quality,
                seed=seed,
                allow_long=allow_long,
                progress=progress,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    trials, minutes = len(design.images) * len(design.methods), round(design.minutes)
    typer.echo(f"{output}: {counted(trials, 'trial')}, about {counted(minutes, 'minute')} for a rater")
    if design.too_large:
        too_large = counted(design.too_large, "picture")
        typer.echo(f"artifix: {too_large} too large for two on a screen of 1920x1080, pixel for pixel", err=True)
    compressed = find_compressed(data, design)
    if compressed:
        names = ", ".join(list(compressed)[:_NAMED]) + (", ..." if len(compressed) > _NAMED else "")
        typer.echo(
            f"artifix: {len(compressed)} of {len(design.by_name)} originals show compression of their own"
            f" ({names}), so raters compare with what is impaired already",
            err=True,
        )


@study_app.command("serve")
def serve(
    study: Study,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8000,
) -> None:
    """Open the raters' page; stop it and start it again at any time, nothing is lost."""
    from artifix.serving.guard import is_loopback
    from artifix.study.app import LIMITS, create_app

    reachable = not is_loopback(host)
    if reachable:
        typer.echo(f"artifix: {host} can be reached by others, who all may rate; nothing is encrypted", err=True)
    answer_at(host, port, create_app(study, any_host=reachable), LIMITS)


@study_app.command("simulate")
def simulate(
    study: Study,
    raters: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    careless: Annotated[int, typer.Option(min=0, help="How many of them rate at random.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of their noise.")] = 0,
) -> None:
    """Add raters who are none, marked as such, to try a study out."""
    from artifix.study.simulate import simulate_raters

    try:
        simulate_raters(study, raters, careless=careless, seed=seed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--careless") from error
    typer.echo(
        f"{study}: {counted(raters, 'SIMULATED rater')}; they are told apart from people wherever ratings are reported"
    )


@study_app.command("report")
def report(
    study: Study,
    html: Annotated[Path | None, typer.Option(help="Write a page with tables and the plot.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every picture's MOS with its interval.")] = None,
    ratings: Annotated[Path | None, typer.Option(help="Write every rating, CSV.")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="Of the simulated raters, not of people.")] = False,
) -> None:
    """Say what raters found: the paper's Table 3 and Fig. 7."""
    from rich.console import Console

    from artifix.evaluate.report import terminal
    from artifix.study.report import study_sections, write_ratings_csv, write_study_csv, write_study_page
    from artifix.study.results import findings

    found = findings(study, simulated=simulated)
    Console().print(terminal(study_sections(found)))
    if html:
        write_study_page(html, found)
    if csv:
        write_study_csv(csv, found)
    if ratings:
        write_ratings_csv(ratings, study, found)
