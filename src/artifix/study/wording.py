"""What raters read, as a file in the study's folder that can be translated or changed before the study begins."""

import json
import re
from pathlib import Path
from typing import Final

from artifix.errors import DataError

_SHIPPED: Final = Path(__file__).parent / "wording"
_FILE: Final = "wording.json"
LANGUAGES: Final = ("en", "de")


def shipped_wording(language: str) -> dict[str, str]:
    """Texts by key in a language of `LANGUAGES`; `{name}` stands for a figure that the page fills in."""
    return json.loads((_SHIPPED / f"{language}.json").read_text(encoding="utf-8"))


def write_wording(study: str | Path, language: str) -> None:
    """Put a language's texts into a study's folder."""
    text = (_SHIPPED / f"{language}.json").read_text(encoding="utf-8")
    (Path(study) / _FILE).write_text(text, encoding="utf-8")


def read_wording(study: str | Path) -> dict[str, str]:
    """The texts in a study's folder; DataError, naming the key, where one is missing, unknown or lacks a `{name}`."""
    path = Path(study) / _FILE
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    english = shipped_wording("en")
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise DataError(f"{path}: must be an object of texts")
    if texts.keys() != english.keys():
        raise DataError(f"{path}: missing or unknown: {', '.join(sorted(texts.keys() ^ english.keys()))}")
    for key, text in texts.items():
        if _names(text) != _names(english[key]):
            expected = ", ".join(sorted(_names(english[key]))) or "none"
            raise DataError(f"{path}: {key!r} must have these in braces: {expected}")
    return texts


def _names(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))
