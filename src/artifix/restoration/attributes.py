"""What a file system keeps beside a file, from an input to its output."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def permissions(source: Path) -> int | None:
    """The input's permissions, for its output; None if they are not to be had."""
    try:
        return stat.S_IMODE(source.stat().st_mode) & 0o777  # what runs programs as somebody else is not for pictures
    except OSError:
        return None


def copy_attributes(source: Path, target: Path, *, dates: bool) -> None:
    """Give an output the user's extended attributes of its input and, with `dates`, its times.

    Attributes are copied on Linux alone, and where both file systems have them.
    """
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(source):
                if name.startswith("user."):
                    os.setxattr(target, name, os.getxattr(source, name))
    if dates:
        status = source.stat()
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
