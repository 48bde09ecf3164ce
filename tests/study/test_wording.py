import json
import re
from pathlib import Path

import pytest

import artifix.study
from artifix.errors import DataError
from artifix.study.wording import LANGUAGES, read_wording, shipped_wording, write_wording

STATIC = Path(artifix.study.__file__).parent / "static"


def change(tmp_path, **changes):
    texts = shipped_wording("en") | changes
    (tmp_path / "wording.json").write_text(json.dumps({key: text for key, text in texts.items() if text is not None}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_is_whole(tmp_path, language):
    write_wording(tmp_path, language)
    assert read_wording(tmp_path)["language"] == language


def test_a_translation_is_read(tmp_path):
    change(tmp_path, trial="Essai {place} sur {count}", thanks="Merci")
    assert read_wording(tmp_path)["thanks"] == "Merci"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"thanks": None}, "missing or unknown: thanks"),
        ({"merci": "Merci"}, "missing or unknown: merci"),
        ({"trial": "Trial {place}"}, "'trial' must have these in braces: count, place"),
        ({"thanks": "Thanks {name}"}, "'thanks' must have these in braces: none"),
        ({"thanks": 3}, "must be an object of texts"),
    ],
)
def test_a_broken_translation_is_refused(tmp_path, changes, words):
    change(tmp_path, **changes)
    with pytest.raises(DataError, match=words):
        read_wording(tmp_path)


def test_no_wording_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_wording(tmp_path)


def test_the_page_asks_for_no_other_text():
    """Every key in the page is in the file, and every key in the file is somewhere in the page."""
    page = (STATIC / "index.html").read_text()
    script = (STATIC / "app.js").read_text() + (STATIC / "words.js").read_text()
    asked = set(re.findall(r'data-text="([^"]+)"', page)) | set(re.findall(r'(?:say|hint)\("([^"]+)"', script))
    texts = shipped_wording("en")
    assert asked <= texts.keys()
    built = ("heading", "task", "question", "small", "dsis", "acr", "pairs")  # and a name of what is asked
    others = {"practice", "practice.hint", "trial", "original", "test", "left", "right", "zoomed", "length.one"}
    rest = texts.keys() - asked - others
    assert {key for key in rest if key.split(".")[0] not in built} == set()
