"""What a run writes down as it goes: figures by the line, curves, and a strip of pictures to look at."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from artifix.image import write_image
from artifix.train.checkpoint import Progress


class Log:
    """RUN/log.jsonl, one line an interval; the same in RUN/tensorboard, if that is installed; and RUN/strip.png."""

    def __init__(self, run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.strip = run / "strip.png"
        self.lines = (run / "log.jsonl").open("a", encoding="utf-8")
        self.board: Any = None
        with suppress(ImportError):  # without it the lines say the same
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(run / "tensorboard"))

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        if self.board:
            self.board.close()

    def line(self, progress: Progress, figures: dict[str, float]) -> None:
        """Write figures under the progress's step."""
        seconds = round(progress.seconds, 1)
        self.lines.write(json.dumps({"step": progress.step, "seconds": seconds, **figures}) + "\n")
        self.lines.flush()
        for name, value in figures.items() if self.board else ():
            self.board.add_scalar(name, value, progress.step)

    def pictures(self, progress: Progress, strip: Any) -> None:
        """Keep a strip of degraded | restored | target, (H, W, 3) uint8."""
        if self.board:
            self.board.add_image("degraded | restored | target", strip, progress.step, dataformats="HWC")
        write_image(self.strip, strip, overwrite=True)
