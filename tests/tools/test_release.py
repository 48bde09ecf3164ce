"""What a release uploads: archives that PyPI takes, with addresses, and a page without a relative link."""

import hashlib
import importlib.util
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = "https://example.org/somebody/artifix"
pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("build", "twine", "hatchling"))), reason="needs build, twine and hatchling"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a release; the program itself has twine check it."""
    folder = tmp_path_factory.mktemp("release")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "release.py", HOME, "-o", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
    return folder


@pytest.fixture(scope="module")
def about(made):
    (wheel,) = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_it_has_addresses(about):
    urls = dict(each.split(", ") for each in about.get_all("Project-URL"))
    assert {"Homepage", "Documentation", "Repository", "Issues", "Changelog"} == set(urls)
    assert all(url.startswith(HOME) for url in urls.values())
    assert any(each.startswith("Topic :: Multimedia") for each in about.get_all("Classifier"))


def test_its_page_has_no_relative_link(about):
    text = about.get_payload()
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) > 10
    assert [link for link in links if not re.match(r"https?:|#", link)] == []
    assert f"]({HOME}/raw/main/docs/images/before-after.png)" in text
    for link in links:
        if link.startswith(HOME):
            assert (ROOT / link.split("/main/", 1)[1].split("#")[0]).exists(), link


def test_what_is_printed_is_what_a_release_needs(about, made):
    assert "pip install artifix " in about.get_payload()
    assert "pip install ." not in about.get_payload()
    (source,) = made.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        (name,) = [name for name in archive.getnames() if name.endswith("docs/install.md")]
        page = archive.extractfile(name).read().decode()
    assert "pip install 'artifix[heif,jxl]'" in page
    assert "not on PyPI" not in page


def test_the_formula_is_of_the_source_archive(made):
    (source,) = made.glob("*.tar.gz")
    formula = (made / "artifix.rb").read_text(encoding="utf-8")
    assert hashlib.sha256(source.read_bytes()).hexdigest() in formula
    assert f"{HOME}/releases/download/v" in formula
    assert "@" not in formula.replace("python@", "")


def test_the_tree_is_as_it_was(made):
    assert "[project.urls]" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
