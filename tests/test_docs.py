"""The documentation is a site that builds without a warning, and what its first pages say to type works."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
START = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", START, re.MULTILINE | re.DOTALL))


def blocks(section, language):
    return re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(not importlib.util.find_spec("mkdocs"), reason="needs the extra docs")
def test_the_site_builds_without_a_warning(tmp_path):
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    environment = os.environ | {"PYTHONPATH": source, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--dry-run" in (tmp_path / "site/reference/command/index.html").read_text(encoding="utf-8")
    assert "restore_folder" in (tmp_path / "site/reference/library/index.html").read_text(encoding="utf-8")


def test_every_page_is_in_the_contents():
    contents = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert f": {page.relative_to(ROOT / 'docs').as_posix()}\n" in contents, page


def test_no_page_installs_from_pypi_what_is_not_there():
    """A name that is not ours there could be anybody's."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "integrations").rglob("*.md")):
        if page.name != "CHANGELOG.md":
            assert not re.search(r"pip install (-\S+ )*['\"]?artifix\b", page.read_text(encoding="utf-8")), page


@pytest.fixture
def pictures(photograph, tmp_path, own_command):
    """A folder with small pictures under the names that the page uses, and this environment's command on the PATH."""
    small = Image.fromarray(photograph[:64, :80])
    small.save(tmp_path / "photo.jpg", quality=30)
    small.save(tmp_path / "photo.png")
    for folder in ("photos/2001", "uploads"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(2):
            small.save(tmp_path / folder / f"{number}.jpg", quality=20 + number)
    return tmp_path


@pytest.mark.parametrize("section", [name for name in SECTIONS if blocks(name, "sh") and name != "Videos"])
def test_the_commands_of_a_section_run(section, pictures):
    for block in blocks(section, "sh"):
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", block], cwd=pictures, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    for name in re.findall(r"(?:-o|>) (\S+)", "".join(blocks(section, "sh"))):
        made = pictures / name
        assert any(made.iterdir()) if made.is_dir() else made.stat().st_size, name


def test_the_video_runs(pictures):
    av = pytest.importorskip("av")
    with av.open(pictures / "clip.mp4", "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            image = np.full((48, 64, 3), 40 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    (block,) = blocks("Videos", "sh")
    subprocess.run(["bash", "-e", "-c", block], cwd=pictures, check=True, capture_output=True)
    assert (pictures / "restored.mp4").stat().st_size


def test_the_python_of_the_page_runs(pictures):
    for section in SECTIONS:
        for block in blocks(section, "python"):
            subprocess.run([sys.executable, "-c", block], cwd=pictures, check=True)
