"""Text fit for terminals, and for people."""

import re


def printable(text: str) -> str:
    """The text in one line that commands no terminal: file names may hold any character but a slash.

    What turns the direction of reading, and so makes a name look like another, is escaped as control characters are.
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", lambda found: repr(found[0])[1:-1], text)


def counted(number: int, noun: str, nouns: str = "") -> str:
    """`1 picture`, `2 pictures`; `nouns` where more than an s is needed."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
