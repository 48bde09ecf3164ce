"""The commands below `artifix evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.cli.progress import show_progress
from artifix.evaluate.further import FURTHER

evaluate_app = typer.Typer(help="Measure the quality of restored pictures and videos.", no_args_is_help=True)


def _qualities(text: str | list[int]) -> list[int]:
    try:
        qualities = [int(number) for number in str(text).split(",")]
    except ValueError:
        qualities = []
    if not qualities or not all(1 <= quality <= 100 for quality in qualities):
        raise typer.BadParameter(f"{text!r} is not a list of qualities; write 10,20,30,40, each 1..100")
    return qualities


def _crfs(text: str | list[int]) -> list[int]:
    crfs = [int(number) for number in str(text).split(",") if number.strip().isdecimal()]
    if len(crfs) != str(text).count(",") + 1 or max(crfs) > 51:
        raise typer.BadParameter(f"{text!r} is not a list of rate factors; write 23,30,37, each 0..51")
    return crfs


def _metrics(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if name not in FURTHER:
            raise typer.BadParameter(f"unknown metric {name}; choose one of {', '.join(FURTHER)}")
    return names or None


def _match(text: str | int) -> int:
    codec, _, quality = str(text).rpartition(":")
    if codec not in ("", "jpeg") or not quality.isdecimal() or not 1 <= int(quality) <= 100:
        raise typer.BadParameter(f"{text!r} is not a rate to match; write jpeg:20, with a quality of 1..100")
    return int(quality)


Qualities = Annotated[Any, typer.Option("--quality", parser=_qualities, help="JPEG qualities, separated by commas.")]
Models = Annotated[
    str, typer.Option("--model", help="jpeg, sa-dct, names of models or .safetensors files, separated by commas.")
]
Further = Annotated[
    list[str] | None,
    typer.Option(
        metavar="METRIC", callback=_metrics, help=f"Additional metric; may be repeated: {', '.join(FURTHER)}."
    ),
]
Vgg = Annotated[
    Path | None, typer.Option(help="VGG19 weights for the vgg19 metric, .safetensors (default: torchvision's).")
]
JsonPath = Annotated[
    Path | None,
    typer.Option(
        "--json", help="Write results to this file, and continue from those in it and in the records beside it."
    ),
]
Jobs = Annotated[int, typer.Option(min=1, help="Pictures measured in parallel.")]
_DETECTOR = "torchvision:MODEL, such as torchvision:fasterrcnn_resnet50_fpn_v2, or an .onnx file."


@evaluate_app.command("quality")
def evaluate_quality(
    data: Annotated[Path, typer.Option(help="Folder of uncompressed pictures.")],
    qualities: Qualities = "10,20,30,40",
    models: Models = "jpeg",
    peer_commands: Annotated[
        list[str] | None,
        typer.Option("--peer-command", help="Another program, such as 'jpegqs {in} {out}'; may be repeated."),
    ] = None,
    colour: Annotated[
        bool, typer.Option("--colour", help="Measure RGB with 4:2:0 chroma instead of the paper's luma.")
    ] = False,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Also measure each model averaged over flips and rotations.")
    ] = False,
    perceptual: Further = None,
    vgg: Vgg = None,
    json_path: JsonPath = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page with plots and crops.")] = None,
    jobs: Jobs = 2,
) -> None:
    """Measure models by the protocol of the paper's Table 1, next to its figures."""
    from rich.console import Console

    from artifix.evaluate import quality
    from artifix.evaluate.methods import load_methods, load_peer
    from artifix.evaluate.page import ensure_page, write_page
    from artifix.evaluate.report import terminal_table

    if html:
        ensure_page(html)
    methods = load_methods(models.split(","), ensemble=ensemble)
    methods += [load_peer(command) for command in peer_commands or ()]
    with show_progress("measuring") as progress:
        results = quality.evaluate_quality(
            data,
            qualities,
            methods,
            colour=colour,
            perceptual=perceptual,
            vgg=vgg,
            json_path=json_path,
            jobs=jobs,
            progress=progress,
        )
    Console().print(terminal_table(results))
    if html:
        write_page(html, results, data, methods)


@evaluate_app.command("detection")
def evaluate_detection(
    data: Annotated[Path, typer.Option(help="Folder in the layout of the VOC devkit.")],
    detector: Annotated[str, typer.Option(help=_DETECTOR)],
    qualities: Qualities = "10,20,30,40",
    models: Models = "jpeg",
    json_path: JsonPath = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML page with tables and the curve.")] = None,
    jobs: Jobs = 2,
) -> None:
    """Measure object detection in original, degraded and restored pictures: the paper's Table 2 and Fig. 6."""
    from rich.console import Console

    from artifix.evaluate.detection import report, run
    from artifix.evaluate.detection.load import load_detector
    from artifix.evaluate.methods import load_methods
    from artifix.evaluate.page import ensure_page
    from artifix.evaluate.rates import jpeg_at
    from artifix.evaluate.report import terminal

    if html:
        ensure_page(html)
    methods = load_methods(models.split(","))
    with show_progress("measuring") as progress:
        results, summary = run.evaluate_detection(
            data,
            load_detector(detector),
            [jpeg_at(quality) for quality in qualities],
            methods,
            json_path=json_path,
            jobs=jobs,
            progress=progress,
        )
    Console().print(terminal(report.detection_sections(results, summary)))
    if html:
        report.write_detection_page(html, results, summary)


@evaluate_app.command("codecs")
def evaluate_codecs(
    data: Annotated[Path, typer.Option(help="Folder of pictures; with --detector, a VOC devkit.")],
    quality: Annotated[
        Any, typer.Option("--match", parser=_match, help="JPEG quality whose bit rate the other codecs match.")
    ] = "jpeg:20",
    codecs: Annotated[
        str, typer.Option("--codec", help="Codecs, separated by commas (default: all that are installed).")
    ] = "",
    models: Models = "jpeg",
    detector: Annotated[str | None, typer.Option(help=_DETECTOR)] = None,
    perceptual: Further = None,
    vgg: Vgg = None,
    json_path: JsonPath = None,
    jobs: Jobs = 2,
) -> None:
    """Measure models after other codecs at the same bit rate; with --detector, also mAP."""
    from rich.console import Console

    from artifix.codecs import CODECS
    from artifix.evaluate.codecs import evaluate_codecs
    from artifix.evaluate.detection.load import load_detector
    from artifix.evaluate.detection.report import detection_sections
    from artifix.evaluate.methods import load_methods
    from artifix.evaluate.report import terminal, terminal_table

    names = codecs.split(",") if codecs else list(CODECS)
    if unknown := set(names) - set(CODECS):
        raise typer.BadParameter(f"unknown codec {', '.join(unknown)}; choose one of {', '.join(CODECS)}")
    methods = load_methods(models.split(","))
    with show_progress("measuring") as progress:
        results, found = evaluate_codecs(
            data,
            quality,
            names,
            methods,
            detector=load_detector(detector) if detector else None,
            perceptual=perceptual,
            vgg=vgg,
            json_path=json_path,
            jobs=jobs,
            progress=progress,
        )
    Console().print(terminal_table(results))
    if found:
        Console().print(terminal(detection_sections(*found)))


@evaluate_app.command("video")
def evaluate_video(
    data: Annotated[Path, typer.Option(help="Folder of videos, or of pictures from which clips are made.")],
    crfs: Annotated[Any, typer.Option("--crf", parser=_crfs, help="Rate factors, separated by commas.")] = "23,30,37",
    codecs: Annotated[
        str, typer.Option("--codec", help="Codecs, separated by commas; -intra codes every frame independently.")
    ] = ("h264,hevc,h264-intra,hevc-intra"),
    models: Annotated[
        str, typer.Option("--model", help="Names of models or .safetensors files, separated by commas.")
    ] = "",
    frames: Annotated[int, typer.Option(min=2, help="Frames per clip.")] = 8,
    side: Annotated[
        int | None, typer.Option(min=16, help="Longest side of clips made from pictures, in pixels.")
    ] = None,
    perceptual: Further = None,
    json_path: JsonPath = None,
    jobs: Jobs = 2,
) -> None:
    """Measure models on decoded videos, including intra-coded ones, and the flicker of their error."""
    from rich.console import Console

    from artifix.evaluate import video
    from artifix.evaluate.report import terminal_table

    names = codecs.split(",")
    if unknown := set(names) - set(video.CODECS):
        raise typer.BadParameter(f"unknown codec {', '.join(unknown)}; choose one of {', '.join(video.CODECS)}")
    with show_progress("measuring") as progress:
        results = video.evaluate_video(
            data,
            models.split(",") if models else [],
            crfs,
            names,
            frames=frames,
            side=side,
            perceptual=perceptual,
            json_path=json_path,
            jobs=jobs,
            progress=progress,
        )
    Console().print(terminal_table(results))
