"""What asks a command to end, beside Ctrl-C: another process and, but on Windows, a terminal that is closed."""

import signal
import sys
from typing import Final

STOPPING: Final = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))


def stop_as_after_ctrl_c() -> None:
    """Have these signals raise SystemExit, so that what was begun is cleaned up; under nohup SIGHUP stays ignored."""
    for number in STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
