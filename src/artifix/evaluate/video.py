"""What restoring gains in films: fidelity frame by frame, and whether the error flickers more or less than before.

A clip is coded at a constant rate factor and decoded; its frames are restored as `artifix restore` restores a video's,
in their own YCbCr, and are compared, as decoded and as restored, with the frames that were coded, in RGB. What the
restored video would lose when it is coded again is left out.
"""

import dataclasses
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.codecs.clips import CLIP_CODECS, LAYOUT, Motion, decode_clip, encode_clip, film, from_planes, to_planes
from artifix.color import rgb_to_ycbcr, ycbcr_to_rgb
from artifix.errors import DataError, ModelError
from artifix.evaluate.datasets import Dataset, load_dataset
from artifix.evaluate.metric import Compare
from artifix.evaluate.rates import read_rgb
from artifix.evaluate.records import Cell, Record
from artifix.evaluate.registry import load_metrics
from artifix.evaluate.results import Results, open_results
from artifix.evaluate.run import measure_missing
from artifix.image import MAX_PIXELS
from artifix.inspection.blocking import BLOCK
from artifix.provenance import current_commit, today
from artifix.restoration import Restorer
from artifix.video.formats import is_video
from artifix.yuv import Plane, Samples, add_change

Pixels = NDArray[np.uint8]
Frames = list[Plane]  # full-range YCbCr, (H, W, 3) in 0..255

INTRA: Final = "-intra"
CODECS: Final = (*CLIP_CODECS, *(codec + INTRA for codec in CLIP_CODECS))
CRFS: Final = (23, 30, 37)
_WINDOW: Final = 0.8  # of a picture's sides that a camera sees
_SPEED: Final = 2.0  # pixels a frame at most
_ZOOM: Final = 0.004  # a frame at most


def evaluate_video(
    data: str | Path,
    models: Sequence[str | Path] = (),
    crfs: Sequence[int] = CRFS,
    codecs: Sequence[str] = CODECS,
    *,
    frames: int = 8,
    side: int | None = None,
    perceptual: Sequence[str] | None = None,
    json_path: str | Path | None = None,
    jobs: int = 2,
    progress: Callable[[float], None] = lambda share: None,
) -> Results:
    """Measure each model on every clip, at every constant rate factor (0..51) of every codec.

    A codec is one of `CODECS`; with `-intra` behind it every frame is coded on its own, as the paper's pictures are.
    Clips are so many frames each: the beginnings of the videos in a folder, or, where it holds none, films of its
    pictures, over which a camera pans and zooms as the picture's name decides, at most `side` pixels high and wide. A
    clip's figures are its frames' means.
    `flicker` is the mean absolute change of the error from one frame to the next, as a share of the decoded clip's: 1
    is no better, 0 an error that stands still. The quality of a record is the rate factor.

    The rest, `perceptual` (by default ssimulacra2) and `json_path` with its resuming included, is as in
    `evaluate_quality`. DataError for a folder without clips, CodecError where PyAV or an encoder is missing.
    """
    results = open_results(json_path, "video")
    dataset = _dataset(Path(data), frames, side)
    results.include(dataset)
    metrics = load_metrics(("ssimulacra2",) if perceptual is None else perceptual, None, results.skipped)
    restorers = {Path(model).stem: Restorer(model, precision="fp32") for model in models}
    if len(restorers) < len(models):
        raise ModelError(f"two models have the same name: {', '.join(map(str, models))}")
    states = {name: restorer.load().fingerprint for name, restorer in restorers.items()}
    cells = [
        Cell(codec, crf, name, state)
        for codec, crf in itertools.product(codecs, crfs)
        for name, state in ({codec: ""} | states).items()
    ]
    bench = _Bench(dataset.name, frames, side, metrics, restorers)
    try:
        measure_missing(
            results,
            dataset.name,
            {path.name: path for path in dataset.paths},
            cells,
            bench.measure,
            metrics=metrics.keys(),
            jobs=jobs,
            progress=progress,
        )
    finally:
        results.save()
    return results


def flicker(restored: Sequence[Pixels], targets: Sequence[Pixels]) -> float:
    """The mean absolute change of the error from one frame to the next, grey levels; 0 of a single frame."""
    errors = [a.astype(np.float32) - b for a, b in zip(restored, targets, strict=True)]
    changes = [float(np.abs(after - before).mean()) for before, after in itertools.pairwise(errors)]
    return float(np.mean(changes)) if changes else 0.0


class _Bench:
    """What all measurements of a run share."""

    def __init__(
        self, dataset: str, frames: int, side: int | None, metrics: dict[str, Compare], restorers: dict[str, Restorer]
    ) -> None:
        self.dataset, self.frames, self.side, self.commit = dataset, frames, side, current_commit()
        self.metrics, self.restorers = metrics, restorers

    def measure(self, path: Path, cells: list[Cell]) -> list[Record]:
        """The records of one clip."""
        clip = _read_clip(path, self.frames, self.side)
        targets = list(map(_rgb, clip))
        records = []
        for (codec, crf), group in itertools.groupby(cells, key=lambda cell: (cell.codec or "", cell.quality or 0)):
            base, intra = codec.removesuffix(INTRA), codec.endswith(INTRA)
            packets = encode_clip([to_planes(frame) for frame in clip], base, crf=crf, intra=intra)
            decoded = decode_clip(packets, base)
            shown = [_rgb(from_planes(planes)) for planes in decoded]
            before = flicker(shown, targets)
            bpp = 8 * sum(map(len, packets)) / (clip[0].shape[0] * clip[0].shape[1] * len(clip))
            for cell in group:
                began = time.perf_counter()
                restorer = self.restorers.get(cell.method)
                restored = [_restored(planes, restorer) for planes in decoded] if restorer else shown
                seconds = time.perf_counter() - began
                after = flicker(restored, targets)
                figures = {
                    name: round(float(np.mean([of(a, b) for a, b in zip(restored, targets, strict=True)])), 6)
                    for name, of in self.metrics.items()
                }
                figures |= {"flicker": round(after / before, 6)} if before else {}
                figures |= {"bpp": round(bpp, 6), "seconds": round(seconds, 4)}
                records.append(Record(self.dataset, path.name, cell, self.commit, today(), figures))
        return records


def _dataset(folder: Path, frames: int, side: int | None) -> Dataset:
    """The folder's videos, else its pictures; what of them is measured belongs to what they are."""
    videos = sorted(path for path in folder.iterdir() if is_video(path)) if folder.is_dir() else []
    if not videos:
        dataset = load_dataset(folder)
        films = f"films of {frames} frames" + (f", {side} pixels a side" if side else "")
        return dataclasses.replace(dataset, fingerprint=f"{dataset.fingerprint}, {films}")
    digest = hashlib.sha256()
    for path in videos:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return Dataset(folder.resolve().name, tuple(videos), f"{digest.hexdigest()}, {frames} frames", exact=False)


def _read_clip(path: Path, frames: int, side: int | None) -> Frames:
    """The clip's frames, sides even, that are coded."""
    clip = list(itertools.islice(_video_frames(path) if is_video(path) else _film_frames(path, frames, side), frames))
    if min(clip[0].shape[:2]) < BLOCK:
        raise DataError(f"{path}: is too small to measure")
    return clip


def _video_frames(path: Path) -> Iterator[Plane]:
    from artifix.video.samples import read_samples
    from artifix.video.source import Tally, probe, read_frames
    from artifix.yuv import to_ycbcr

    video = probe(path, max_pixels=MAX_PIXELS)
    if video.layout.subsampling == "4:0:0":
        raise DataError(f"{path}: is grey; films are measured in colour")
    for frame in read_frames(video, Tally()):
        ycbcr = to_ycbcr(read_samples(frame, video.layout), video.layout)
        yield ycbcr[: ycbcr.shape[0] // 2 * 2, : ycbcr.shape[1] // 2 * 2]


def _film_frames(path: Path, frames: int, side: int | None) -> Iterator[Plane]:
    picture = read_rgb(path)
    height, width = (min(int(_WINDOW * extent), side or extent) // 2 * 2 for extent in picture.shape[:2])
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:8]))
    angle, speed, zoom = rng.uniform(0, 2 * np.pi), _SPEED * rng.random(), rng.uniform(-_ZOOM, _ZOOM)
    y, x = (picture.shape[0] - height) / 2, (picture.shape[1] - width) / 2
    motion = Motion(x, y, speed * np.cos(angle), speed * np.sin(angle), 1.0, 1 + zoom)
    yield from map(rgb_to_ycbcr, film(picture, motion, height, width, frames))


def _restored(planes: Sequence[Samples], restorer: Restorer) -> Pixels:
    ycbcr = from_planes(planes)
    return _rgb(from_planes(add_change(planes, restorer.restore_planes(ycbcr) - ycbcr, LAYOUT)))


def _rgb(ycbcr: Plane) -> Pixels:
    return np.rint(ycbcr_to_rgb(ycbcr)).clip(0, 255).astype(np.uint8)
