"""A process that restores files from strangers, watched from outside: how each of them ends."""

import multiprocessing as mp
import resource
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from PIL import Image

from artifix.errors import ArtifixError
from artifix.restoration import Restorer

SECONDS: Final = 10.0  # for one file
MEMORY: Final = 2 << 30  # bytes resident
PIXELS: Final = 1 << 20  # a header may truly promise more, and then restoring takes its time
GOOD: Final = ("restored", "refused")


@dataclass(frozen=True)
class End:
    """How one file ended: the outcome, why, after how many seconds, with how many bytes resident in the worker."""

    outcome: str
    reason: str = ""
    seconds: float = 0.0
    memory: float = 0.0


class Worker:
    """A process that restores one file after another, and is started anew when one was its end."""

    suffix = ".png"  # of what it writes

    @staticmethod
    def is_whole(path: Path) -> bool:
        """Whether the output can be read from end to end."""
        try:
            with Image.open(path) as picture:
                picture.load()
        except OSError:
            return False
        return True

    @staticmethod
    def restorer() -> Callable[[Path, Path], object]:
        """What restores a file into another, in the process."""
        return partial(Restorer(threads=1).restore_file, max_pixels=PIXELS)

    def __enter__(self) -> "Worker":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def restore(self, folder: Path, name: str, data: bytes) -> End:
        """Restore these bytes under this name in an empty folder, look at what is there then, and empty it."""
        source, target = folder / name, folder / "restored" / f"{Path(name).stem}{self.suffix}"
        source.write_bytes(data)
        end = self._ask(source, target)
        left = {path for path in folder.rglob("*") if path.is_file()} - {source}
        if source.read_bytes() != data:
            end = End("input changed")
        elif end.outcome in GOOD and left != ({target} if end.outcome == "restored" else set()):
            end = End("leftovers", str(left))
        elif end.outcome == "restored" and not self.is_whole(target):
            end = End("broken output")
        for path in (*left, source):
            path.unlink()
        return end

    def _ask(self, source: Path, target: Path) -> End:
        try:
            self.pipe.send((source, target))
            if self.pipe.poll(SECONDS):
                end: End = self.pipe.recv()
                return end if end.memory < MEMORY else self._ended("too much memory", f"{end.memory / 2**30:.1f} GiB")
        except (EOFError, OSError):  # the other end is gone
            return self._ended("crashed", f"exit {self.process.exitcode}")
        return self._ended("hung", f"after {SECONDS} s")

    def _ended(self, outcome: str, reason: str) -> End:
        self._stop()
        self._start()
        return End(outcome, reason)

    def _start(self) -> None:
        spawn = mp.get_context("spawn")  # a fork would take the threads' locks with it
        self.pipe, far = spawn.Pipe()
        self.process = spawn.Process(target=_work, args=(far, self.restorer), daemon=True)
        self.process.start()
        far.close()
        self.pipe.recv()  # ready

    def _stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(pipe: Connection, make_restorer: Callable[[], Callable[[Path, Path], object]]) -> None:
    restore = make_restorer()
    pipe.send("ready")
    with suppress(EOFError):
        while True:
            source, target = pipe.recv()
            began = time.perf_counter()
            outcome, reason = "restored", ""
            try:
                restore(source, target)
            except ArtifixError as error:
                outcome, reason = "refused", str(error)
                if "\n" in reason or source.name not in reason:
                    outcome = "unclear error"
            except BaseException:
                outcome, reason = "traceback", traceback.format_exc()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            pipe.send(End(outcome, reason, time.perf_counter() - began, memory))
