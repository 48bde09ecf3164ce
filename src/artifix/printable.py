"""Text with file names in it, fit for a terminal."""

import re


def printable(text: str) -> str:
    """The text in one line that commands no terminal: file names may hold any character but a slash."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)
