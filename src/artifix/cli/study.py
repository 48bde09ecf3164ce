"""The commands below `artifix study`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from artifix.cli.listening import answer_at
from artifix.printable import counted

study_app = typer.Typer(
    help="Run a study in which people rate how close restored pictures are to their originals.", no_args_is_help=True
)

_Design = Literal["continuous", "dsis", "acr", "pairs"]
_Language = Literal["en", "de"]
_NAMED = 3  # pictures that a warning names

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder made by `artifix study create`.")]


@study_app.command("create")
def create(
    data: Annotated[Path, typer.Option(help="Folder of uncompressed pictures.")],
    models: Annotated[
        str, typer.Option("--model", help="jpeg, sa-dct, names of models or .safetensors files, separated by commas.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="New folder for the study.")],
    images: Annotated[int, typer.Option(min=1, help="Number of pictures, besides the one for practice.")] = 50,
    quality: Annotated[int, typer.Option(min=1, max=100, help="JPEG quality.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the choice of pictures and of each rater's order.")] = 0,
    design_name: Annotated[
        _Design,
        typer.Option(
            "--design",
            help="continuous: the paper's line; dsis: five grades of impairment (ITU-R BT.500); acr: five grades of "
            "quality, one picture at a time; pairs: the better of two pictures.",
        ),
    ] = "continuous",
    hidden_reference: Annotated[
        bool, typer.Option("--hidden-reference", help="Have the originals rated, too, without saying so.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=0, help="Number of trials that each rater sees a second time.")] = 4,
    checks: Annotated[int, typer.Option(min=0, help="Number of attention checks for each rater.")] = 4,
    minimum_seconds: Annotated[
        float, typer.Option(min=0, max=60, help="Seconds that a trial must be looked at before it can be answered.")
    ] = 1.0,
    language: Annotated[
        _Language, typer.Option(help="Language of the rating page. Its texts are in STUDY/wording.json.")
    ] = "en",
    allow_long: Annotated[bool, typer.Option("--allow-long", help="Allow sessions longer than half an hour.")] = False,
) -> None:
    """Choose pictures, degrade and restore them, and store them under anonymous names."""
    from artifix.cli.progress import show_progress
    from artifix.evaluate.methods import load_methods
    from artifix.study.design import create_study
    from artifix.study.order import Controls
    from artifix.study.pictures import find_compressed

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
                procedure=design_name,
                controls=Controls(hidden_reference, repeats, checks, minimum_seconds),
                language=language,
                allow_long=allow_long,
                progress=progress,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    minutes = round(design.minutes)
    typer.echo(f"{output}: {counted(design.trials, 'trial')}, about {counted(minutes, 'minute')} for a rater")
    if design.too_large:
        too_large = counted(design.too_large, "picture")
        typer.echo(f"artifix: {too_large} too large for a 1920x1080 screen at full size", err=True)
    compressed = find_compressed(data, design.by_name)
    if compressed:
        names = ", ".join(list(compressed)[:_NAMED]) + (", ..." if len(compressed) > _NAMED else "")
        typer.echo(
            f"artifix: {len(compressed)} of {len(design.by_name)} originals show compression themselves"
            f" ({names}), so raters compare with originals that are already impaired",
            err=True,
        )


@study_app.command("serve")
def serve(
    study: Study,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = 8000,
    key: Annotated[
        str, typer.Option(envvar="ARTIFIX_TOKEN", help="Key of the experimenter's page; a new one if empty.")
    ] = "",
) -> None:
    """Serve the rating page; it can be stopped and restarted at any time without losing ratings.

    The experimenter's page, which shows how far each rater is, opens by a key that is printed at the start.
    """
    import secrets

    from artifix.serving.guard import is_loopback
    from artifix.study.app import LIMITS, create_app

    reachable = not is_loopback(host)
    if reachable:
        typer.echo(f"artifix: others can reach {host} and rate without a token, and nothing is encrypted", err=True)
    key = key or secrets.token_urlsafe(16)
    app = create_app(study, any_host=reachable, key=key)
    typer.echo(f"artifix: the experimenter's page is at /progress#{key}", err=True)
    answer_at(host, port, app, LIMITS)


@study_app.command("invite")
def invite(
    study: Study,
    count: Annotated[int, typer.Option(min=1, max=1000, help="Number of codes.")] = 1,
) -> None:
    """Print new invitation codes, each for one rater; once there is one, nobody can begin without a code."""
    from artifix.study.design import read_design
    from artifix.study.store import Store

    read_design(study)
    typer.echo("\n".join(Store(study).add_invites(count)))


@study_app.command("simulate")
def simulate(
    study: Study,
    raters: Annotated[int, typer.Option(min=1, help="Number of raters.")] = 10,
    careless: Annotated[int, typer.Option(min=0, help="Number of raters among them who rate at random.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of their noise.")] = 0,
) -> None:
    """Add simulated raters, marked as such, to try out a study."""
    from artifix.study.simulate import simulate_raters

    try:
        simulate_raters(study, raters, careless=careless, seed=seed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--careless") from error
    typer.echo(f"{study}: {counted(raters, 'SIMULATED rater')}; reports keep them apart from people")


@study_app.command("report")
def report(
    study: Study,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page with tables and the plot.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option(help="Write the MOS of every picture and its confidence interval, or how often it was preferred."),
    ] = None,
    ratings: Annotated[Path | None, typer.Option(help="Write every rating as CSV.")] = None,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Report the simulated raters instead of people.")
    ] = False,
) -> None:
    """Report the ratings: the paper's Table 3 and Fig. 7, agreement among raters, and metrics beside opinions."""
    from rich.console import Console

    from artifix.evaluate.report import terminal
    from artifix.study.design import read_design
    from artifix.study.files import write_ratings_csv, write_study_csv, write_study_page
    from artifix.study.pairs import preferences
    from artifix.study.report import study_sections
    from artifix.study.results import findings

    found = (preferences if read_design(study).procedure.compares else findings)(study, simulated=simulated)
    Console().print(terminal(study_sections(found)))
    if html:
        write_study_page(html, study, found)
    if csv:
        write_study_csv(csv, found)
    if ratings:
        write_ratings_csv(ratings, found)
