"""One thing to measure, and how it is measured in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from artifix.bench.cases import Found
from artifix.engines.cache import VARIABLE
from artifix.errors import ModelError

_GIVEN_UP: Final = 600  # seconds for a process, whatever it does


@dataclass(frozen=True)
class Case:
    """One thing to measure: its place in the results, which of `cases.CASES` it is, and that one's arguments."""

    place: tuple[str, ...]
    kind: str
    arguments: dict[str, Any]
    megapixels: float = 0.0
    macs_per_pixel: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    """What stands beside its figures in the results."""


def run_apart(case: Case, folder: Path, cache: Path) -> Found:
    """What a case finds in a process of its own, without a GPU; ModelError, with its last words, if it fails.

    What it started ends with it, and its temporary files are in `folder`.
    """
    command = [sys.executable, "-m", "artifix.bench.cases", case.kind, json.dumps(case.arguments)]
    environment = os.environ | {VARIABLE: str(cache), "TMPDIR": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            said, complaint = process.communicate(timeout=_GIVEN_UP)
        except subprocess.TimeoutExpired as error:
            raise ModelError(f"not done within {_GIVEN_UP} s") from error
        finally:
            _end(process)
    if process.returncode < 0:
        raise ModelError(f"ended by signal {-process.returncode}")
    if process.returncode:
        raise ModelError(complaint.strip().rpartition("\n")[2] or f"failed with exit status {process.returncode}")
    found: Found = json.loads(said)
    return found


def _end(process: "subprocess.Popen[str]") -> None:
    """Kill what is left of a process and of all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # macOS, where all has ended
        os.killpg(process.pid, signal.SIGKILL)
