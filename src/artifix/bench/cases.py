"""What is measured, each case in a process of its own, so that its memory and its start-up are its own.

    python -m artifix.bench.cases KIND ARGUMENTS

calls one of `CASES` with the arguments, a JSON object, and prints what it found, another.
"""

import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from artifix.engines.core import openvino_core
from artifix.engines.engine import Engine, EngineName, Precision, load_engine
from artifix.engines.limits import Kind, load_limit
from artifix.engines.run import Batch, Inside, Vector
from artifix.errors import ArtifixError, ImageError, ModelError
from artifix.image import Picture, read_image, read_picture, write_picture
from artifix.restoration.restorer import Restorer

Found = dict[str, float | str]

_AT_LEAST: Final = 0.5  # seconds that a figure rests on
# A picture of as many pixels, so of "1 megapixel" in any shape, is restored once before a clock runs, and then so many
# times at least: its first run makes kernels for its size. Of a larger one a corner does, as tiles are most of it.
_SMALL: Final = 1_100_000
_CALLS: Final = 3
_CORNER: Final = 500  # pixels, the side


def limit(kind: Kind, precision: str, threads: int) -> Found:
    """The machine's limit in this arithmetic: `gflops`, 10^9 operations a second."""
    run, operations = load_limit(kind, precision, threads)
    run()
    return {"gflops": operations / 1e9 / typical_seconds(run)}


def start(model: str, engine: EngineName, precision: Precision, threads: int) -> Found:
    """Load the model: `load_seconds`, imports apart; ModelError where the engine falls back to another precision."""
    began = time.perf_counter()
    loaded = load_engine(model, engine, precision, threads)
    seconds = time.perf_counter() - began
    _require(precision, loaded)
    return {"load_seconds": seconds}


def restore(model: str, engine: EngineName, precision: Precision, threads: int, picture: str) -> Found:
    """Restore a decoded picture: `seconds`, and `peak_bytes` of the process; ModelError as in `start`."""
    restorer = Restorer(model, engine=engine, precision=precision, threads=threads)
    _require(precision, restorer.load())
    degraded = read_picture(picture)
    calls = _warm_up(restorer, degraded)
    seconds = typical_seconds(lambda: restorer.restore_picture(degraded), calls)
    return {"seconds": seconds} | peak_memory()


def file(model: str, threads: int, picture: str) -> Found:
    """Restore a JPEG into another as `artifix restore` does by default, the model being loaded: `seconds`.

    Then once more step by step, as seconds: `decode`, `network`, `around` it (what of colours and tiles the network
    does not run beside) and `encode`. `engine` and `precision` say what ran; `peak_bytes` is the process's.
    """
    restorer = Restorer(model, threads=threads)
    calls = _warm_up(restorer, read_picture(picture))
    engine, network = restorer.load(), 0.0

    def timed(batch: Batch, inside: Inside, known: Vector) -> Batch:
        nonlocal network
        began = time.perf_counter()
        restored = engine.run(batch, inside, known)
        network += time.perf_counter() - began
        return restored

    restorer = restorer.running_on(dataclasses.replace(engine, run=timed))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "restored.jpg")
        seconds = typical_seconds(lambda: restorer.restore_file(picture, target, overwrite=True), calls)
        network = 0.0
        ticks = [time.perf_counter()]
        degraded = read_picture(picture)
        ticks.append(time.perf_counter())
        restored = restorer.restore_picture(degraded)
        ticks.append(time.perf_counter())
        write_picture(target, restored, overwrite=True)
        ticks.append(time.perf_counter())
    decode, restoring, encode = (after - before for before, after in pairwise(ticks))
    stages: Found = {"decode": decode, "network": network, "around": restoring - network, "encode": encode}
    used: Found = {"engine": engine.name, "precision": engine.precision}
    return {"seconds": seconds} | stages | used | peak_memory()


def program(name: str, picture: str) -> Found:
    """Run `NAME picture output`, a program that restores files: `seconds`, its start included.

    ModelError if it fails, or writes no picture, or one of another size.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "restored.jpg")
        command = [name, picture, str(target)]

        def run() -> None:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode:
                raise ModelError(f"{name}: failed with exit status {done.returncode}")

        seconds = typical_seconds(run)
        try:
            restored = read_image(target)
        except ImageError as error:
            raise ModelError(f"{name}: wrote no picture ({error})") from error
        if restored.shape[:2] != read_image(picture).shape[:2]:
            raise ModelError(f"{name}: wrote a picture of another size")
        return {"seconds": seconds}


CASES: Final[dict[str, Callable[..., Found]]] = {
    "limit": limit,
    "start": start,
    "restore": restore,
    "file": file,
    "program": program,
}


def _require(precision: str, engine: Engine) -> None:
    # torch would go on without the instructions, many times slower.
    lacking = precision == "bf16" and "BF16" not in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if lacking or engine.precision != precision:
        raise ModelError(f"{engine.name} has no {precision} on this machine")


def _warm_up(restorer: Restorer, picture: Picture) -> int:
    """Restore what the clock is not to meet first; how many calls it is to run over at least."""
    height, width = picture.pixels.shape[:2]
    if height * width <= _SMALL:
        restorer.restore_picture(picture)
        return _CALLS
    restorer.restore_picture(dataclasses.replace(picture, pixels=picture.pixels[:_CORNER, :_CORNER]))
    return 1


def typical_seconds(run: Callable[[], Any], calls: int = 1) -> float:
    """Median wall time of a call, over at least so many, and as many as fill half a second."""
    times: list[float] = []
    while len(times) < calls or sum(times) < _AT_LEAST:
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def peak_memory() -> Found:
    """The most that this process had resident so far, `peak_bytes`; nothing where the platform does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    marks = [line for line in lines if line.startswith("VmHWM:")]
    if marks:  # first choice: getrusage counts what the process that started this one had, too
        return {"peak_bytes": float(marks[0].split()[1]) * 1024}
    if sys.platform == "win32":
        return {}
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return {"peak_bytes": float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)}


if __name__ == "__main__":
    try:
        print(json.dumps(CASES[sys.argv[1]](**json.loads(sys.argv[2]))))
    except ArtifixError as error:
        sys.exit(str(error))
