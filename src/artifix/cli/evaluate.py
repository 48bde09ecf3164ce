"""The commands below `artifix evaluate`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from artifix.cli.progress import show_progress

evaluate_app = typer.Typer(help="Measure how good a restoration is.", no_args_is_help=True)


class Perceptual(StrEnum):
    """Metrics that the paper's table has not."""

    ssimulacra2 = "ssimulacra2"
    lpips = "lpips"
    vgg19 = "vgg19"
    texture = "texture"
    mosquito = "mosquito"


def _qualities(text: str | list[int]) -> list[int]:
    try:
        qualities = [int(number) for number in str(text).split(",")]
    except ValueError:
        qualities = []
    if not qualities or not all(1 <= quality <= 100 for quality in qualities):
        raise typer.BadParameter(f"{text!r} is no list of qualities; write 10,20,30,40, each 1..100")
    return qualities


def _crfs(text: str | list[int]) -> list[int]:
    crfs = [int(number) for number in str(text).split(",") if number.strip().isdecimal()]
    if len(crfs) != str(text).count(",") + 1 or max(crfs) > 51:
        raise typer.BadParameter(f"{text!r} is no list of rate factors; write 23,30,37, each 0..51")
    return crfs


def _match(text: str | int) -> int:
    codec, _, quality = str(text).rpartition(":")
    if codec not in ("", "jpeg") or not quality.isdecimal() or not 1 <= int(quality) <= 100:
        raise typer.BadParameter(f"{text!r} is no rate to match; write jpeg:20, the quality 1..100")
    return int(quality)


Qualities = Annotated[Any, typer.Option("--quality", parser=_qualities, help="JPEG's, with commas.")]
Models = Annotated[str, typer.Option("--model", help="jpeg, sa-dct, models' names or .safetensors files, with commas.")]
Further = Annotated[list[Perceptual] | None, typer.Option(help="A further metric; may be repeated.")]
Vgg = Annotated[Path | None, typer.Option(help="VGG19 for its metric (.safetensors); or torchvision's.")]
JsonPath = Annotated[Path | None, typer.Option("--json", help="Keep records here, and go on from them.")]
Jobs = Annotated[int, typer.Option(min=1, help="Pictures measured side by side.")]
_DETECTOR = "torchvision:MODEL, as torchvision:fasterrcnn_resnet50_fpn_v2, or an .onnx file."


@evaluate_app.command("quality")
def evaluate_quality(
    data: Annotated[Path, typer.Option(help="A folder of undamaged pictures.")],
    qualities: Qualities = "10,20,30,40",
    models: Models = "jpeg",
    peer_commands: Annotated[
        list[str] | None, typer.Option("--peer-command", help="A program: 'jpegqs {in} {out}'; may be repeated.")
    ] = None,
    colour: Annotated[bool, typer.Option("--colour", help="RGB with 4:2:0 chroma, not the paper's luma.")] = False,
    ensemble: Annotated[bool, typer.Option("--ensemble", help="Also each model's mean over flips and turns.")] = False,
    perceptual: Further = None,
    vgg: Vgg = None,
    json_path: JsonPath = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with plots and crops.")] = None,
    jobs: Jobs = 2,
) -> None:
    """Measure models by the protocol of the paper's Table 1, beside its figures."""
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
            perceptual=_names(perceptual),
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
    data: Annotated[Path, typer.Option(help="A folder in the layout of the VOC devkit.")],
    detector: Annotated[str, typer.Option(help=_DETECTOR)],
    qualities: Qualities = "10,20,30,40",
    models: Models = "jpeg",
    json_path: JsonPath = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with tables and the curve.")] = None,
    jobs: Jobs = 2,
) -> None:
    """Measure what a detector finds in originals, degraded and restored pictures: the paper's Table 2 and Fig. 6."""
    from rich.console import Console

    from artifix.evaluate.detection import report, run
    from artifix.evaluate.detection.detectors import load_detector
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
    data: Annotated[Path, typer.Option(help="A folder of pictures; with --detector, a VOC devkit.")],
    quality: Annotated[Any, typer.Option("--match", parser=_match, help="The JPEG whose bits to take.")] = "jpeg:20",
    codecs: Annotated[str, typer.Option("--codec", help="Names with commas; all that are installed by default.")] = "",
    models: Models = "jpeg",
    detector: Annotated[str | None, typer.Option(help=_DETECTOR)] = None,
    perceptual: Further = None,
    vgg: Vgg = None,
    json_path: JsonPath = None,
    jobs: Jobs = 2,
) -> None:
    """Measure what models gain after other codecs, each tuned to the same bits; with --detector, mAP, too."""
    from rich.console import Console

    from artifix.codecs import CODECS
    from artifix.evaluate.codecs import evaluate_codecs
    from artifix.evaluate.detection.detectors import load_detector
    from artifix.evaluate.detection.report import detection_sections
    from artifix.evaluate.methods import load_methods
    from artifix.evaluate.report import terminal, terminal_table

    names = codecs.split(",") if codecs else list(CODECS)
    if unknown := set(names) - set(CODECS):
        raise typer.BadParameter(f"no codec {', '.join(unknown)}; known are {', '.join(CODECS)}")
    methods = load_methods(models.split(","))
    with show_progress("measuring") as progress:
        results, found = evaluate_codecs(
            data,
            quality,
            names,
            methods,
            detector=load_detector(detector) if detector else None,
            perceptual=_names(perceptual),
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
    data: Annotated[Path, typer.Option(help="A folder of videos; or of pictures, of which films are made.")],
    crfs: Annotated[Any, typer.Option("--crf", parser=_crfs, help="Rate factors, with commas.")] = "23,30,37",
    codecs: Annotated[str, typer.Option("--codec", help="With commas; -intra codes every frame on its own.")] = (
        "h264,hevc,h264-intra,hevc-intra"
    ),
    models: Annotated[str, typer.Option("--model", help="Models' names or .safetensors files, with commas.")] = "",
    frames: Annotated[int, typer.Option(min=2, help="Frames of each clip.")] = 8,
    side: Annotated[int | None, typer.Option(min=16, help="Largest side of films made of pictures, pixels.")] = None,
    perceptual: Further = None,
    json_path: JsonPath = None,
    jobs: Jobs = 2,
) -> None:
    """Measure what models gain in decoded videos, intra-coded ones too, and whether the error flickers more."""
    from rich.console import Console

    from artifix.evaluate import video
    from artifix.evaluate.report import terminal_table

    names = codecs.split(",")
    if unknown := set(names) - set(video.CODECS):
        raise typer.BadParameter(f"no codec {', '.join(unknown)}; known are {', '.join(video.CODECS)}")
    with show_progress("measuring") as progress:
        results = video.evaluate_video(
            data,
            models.split(",") if models else [],
            crfs,
            names,
            frames=frames,
            side=side,
            perceptual=_names(perceptual),
            json_path=json_path,
            jobs=jobs,
            progress=progress,
        )
    Console().print(terminal_table(results))


def _names(perceptual: list[Perceptual] | None) -> list[str] | None:
    return [metric.value for metric in perceptual] if perceptual else None
