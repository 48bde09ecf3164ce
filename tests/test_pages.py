"""What the documentation prints to be typed: every command exists with its options, and most are run, on small files.

docs/start.md has a test of its own. A line is either run, or named in `NOT_RUN` with the reason and parsed all the
same.
"""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from artifix.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = {
    r"^(pip|make|wget|tar|mkdir|for |done|cp ) ?": "what it does is not ours, or takes the network",
    r"^(docker|ARTIFIX_TOKEN=\$)": "needs Docker; tests/integrations runs the image's command",
    r"^(curl|artifix serve|ARTIFIX_TOKEN=\.\.\. artifix serve|python -m http)": "a server; tests/web asks ours",
    r"^artifix web-build": "fetches a package; tests/web/browser builds it",
    r"^artifix bench": "takes minutes; tests/bench runs it on small pictures",
    r"^(artifix|torchrun .* artifix) train": "takes hours; tests/train runs each recipe for some steps",
    r"^artifix export (runs/|RUN)": "of a training",
    r"^artifix evaluate": "real data; tests/evaluate runs each kind on small pictures",
    r"^artifix study": "serves and waits for people; tests/study runs it whole",
    r"^artifix restore (blocky\.jpg|.*s3://)": "of a training, or of a bucket",
    r"^python (tools|benchmarks|PACK)/": "programs of this project, which measure for long or build; they have tests",
    r"^dist/artifix": "the binary that the line before builds",
}
PYTHON_NOT_RUN = {
    "integrations.md": "needs the package of integrations/spandrel; its tests run these lines",
    "scale.md": "a pool of four processes; tests/pool runs one of two",
}
PRELUDE = "import artifix\nimage = artifix.read_image('photo.jpg')\n"  # what a page has said before


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def lines(page):
    """The commands of a page, continued lines joined, without comments."""
    text = "".join(blocks(page, "sh")).replace("\\\n", " ")
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [re.sub(r"\s+", " ", line) for line in stripped if line]


def is_run(line):
    return not any(re.search(pattern, line) for pattern in NOT_RUN)


ALL = [(page, line) for page in PAGES for line in lines(page)]
COMMANDS = [
    (page.name, part) for page, line in ALL for part in re.findall(r"\bartifix ([a-z-]+ [^&|;>]*|--version)", line)
]


def test_every_reason_is_needed():
    for pattern in NOT_RUN:
        assert any(re.search(pattern, line) for _, line in ALL), pattern
    for name in PYTHON_NOT_RUN:
        assert blocks(ROOT / "docs" / name, "python"), name


@pytest.mark.parametrize(
    ("page", "line"), [(page, line) for page, line in COMMANDS if not line.startswith("restore /")]
)
def test_every_command_takes_what_is_printed(page, line):
    """By the command line's own parser: a name, an option or a choice that is not there is an error."""
    command, arguments = get_command(app), shlex.split(line.split(" -- ")[0].replace("...", ""))
    if arguments == ["--version"]:
        return
    context = command.make_context("artifix", arguments)
    while hasattr(command, "resolve_command"):
        rest = [*getattr(context, "_protected_args", []), *context.args]
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


@pytest.fixture
def world(photograph, make_model, change_model, tmp_path, own_command):
    """A folder with small files under the names that the pages use, and this environment's command on the PATH."""
    small = Image.fromarray(photograph[:48, :64])
    small.save(tmp_path / "photo.jpg", quality=30)
    small.save(tmp_path / "screenshot.png")
    (tmp_path / "photos").mkdir()
    small.save(tmp_path / "photos/a.jpg", quality=20)
    mine = Path(shutil.copy(make_model(), tmp_path / "mine.safetensors"))
    change_model(mine, tmp_path / "vivid.safetensors", lambda name, values: values * 1.01)  # as if trained on from it
    return tmp_path


def make_clip(path):
    av = pytest.importorskip("av")
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 96, 80, "yuv420p"
        for number in range(3):
            image = np.full((80, 96, 3), 40 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "start.md" and any(map(is_run, lines(page)))], ids=lambda p: p.name
)
def test_the_commands_of_a_page_run(page, world):
    script = [line for line in lines(page) if is_run(line)]
    for name in {name for line in script for name in re.findall(r"\bclip\.\w+", line)}:
        make_clip(world / name)
    for line in script:
        for words, package in (("artifix export", "onnx"), ("--engine-pool", "pyarrow")):
            if words in line and not importlib.util.find_spec(package):
                pytest.skip(f"{line} needs {package}")
        done = subprocess.run(["bash", "-ec", line], cwd=world, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        for target in re.findall(r" -o (\S+)", line):
            assert (world / target).exists(), line


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in {"start.md", *PYTHON_NOT_RUN} and blocks(page, "python")],
    ids=lambda page: page.name,
)
def test_the_python_of_a_page_runs(page, world):
    if page.name == "detection.md":
        onnx = pytest.importorskip("onnx")
        node = onnx.helper.make_node("Identity", ["image"], ["boxes"])
        ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 3, 8, 8]) for n in ("image", "boxes")]
        graph = onnx.helper.make_graph([node], "detector", ends[:1], ends[1:])
        onnx.save(onnx.helper.make_model(graph), world / "detector.onnx")
    for block in blocks(page, "python"):
        code = PRELUDE + block
        done = subprocess.run([sys.executable, "-c", code], cwd=world, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
