"""The house stays as it is drawn: imports point one way, torch stays out of restoring, the public names are pinned."""

import ast
import subprocess
import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import artifix

SOURCE = Path(artifix.__file__).parent

# Each room may import from those below it.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"bench", "web"},
    {"study"},
    {"evaluate", "paths"},
    {"train", "video", "pool"},
    {"restoration"},
    {"engines", "inspection"},
    {"models", "codecs"},
    {"image", "machine", "provenance", "serving"},
    {"jpeg"},
    {"color", "dct", "yuv"},
    {"clock", "errors", "offline", "printable", "threads"},
]


def room(module: str) -> str:
    return module.split(".")[1]


def imports_of(file: Path) -> set[str]:
    """The rooms that a file imports from, by `from artifix.room.file import name` or `from artifix import room`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {room(alias.name) for alias in node.names if alias.name.startswith("artifix.")}
        elif isinstance(node, ast.ImportFrom) and node.module == "artifix":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("artifix."):
            found.add(room(node.module or ""))
    return found


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


FILES = [file for file in sorted(SOURCE.rglob("*.py")) if file.name != "__init__.py" or file.parent != SOURCE]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_point_down(file):
    own = file.relative_to(SOURCE).parts[0].removesuffix(".py")
    for other in imports_of(file) - {own}:
        assert floor(other) > floor(own), f"{own} imports {other}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_file_is_one_idea(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 300


def modules_of(file: Path, known: Mapping[str, Path]) -> set[str]:
    """The modules of ours that a file imports, in functions, too, but for what only the type checker reads."""
    found = set()
    waiting = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {name if (name := f"{node.module}.{alias.name}") in known else node.module for alias in node.names}
        waiting += ast.iter_child_nodes(node)
    return found & known.keys()


def test_no_module_imports_itself_by_way_of_others():
    known = {}
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE.parent).with_suffix("").parts
        known[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    imports = {name: modules_of(file, known) - {name} for name, file in known.items()}
    assert "artifix.restoration.restorer" in imports["artifix.restoration"]
    TopologicalSorter(imports).prepare()  # CycleError names a circle


RUNTIMES = {"openvino", "onnxruntime", "onnx"}
TORCH = {"discriminator.py", "padding.py", "torch_network.py", "lpips.py", "torchvision_detector.py"}


def packages_of(file: Path) -> set[str]:
    """The packages, ours apart, that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_runtime_is_imported_by_engines_alone(file):
    own = file.relative_to(SOURCE).parts[0]
    assert own == "engines" or not packages_of(file) & RUNTIMES
    assert own in ("engines", "train") or file.name in TORCH or "torch" not in packages_of(file)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_names():
    assert artifix.__all__ == [
        "ArtifixError",
        "FileOptions",
        "Inspection",
        "Picture",
        "Pool",
        "Record",
        "Restorer",
        "degrade",
        "inspect",
        "load_restorer",
        "read_image",
        "read_picture",
        "restore",
        "restore_path",
        "write_image",
        "write_picture",
    ]
    for name in artifix.__all__:
        assert getattr(artifix, name).__name__ == name
    assert set(artifix.__all__) | {"__version__"} <= set(dir(artifix))
    assert [name for name in dir(artifix) if not name.startswith("__") and name not in artifix.__all__] == []
    with pytest.raises(AttributeError, match="nothing"):
        _ = artifix.nothing


def test_restoring_needs_no_torch(make_model, tmp_path):
    """In a process where torch, onnx and the like cannot be imported at all."""
    code = f"""
import sys
for name in ("torch", "onnx", "safetensors", "tensorboard", "onnxruntime", "matplotlib", "scipy", "skimage"):
    sys.modules[name] = None
import numpy as np, artifix
image = np.arange(48 * 40 * 3, dtype=np.uint8).reshape(48, 40, 3)
artifix.write_image({str(tmp_path / "in.png")!r}, artifix.degrade(image, quality=20))
artifix.restore(image, {str(make_model())!r})
restorer = artifix.Restorer({str(make_model())!r})
print(restorer.restore_file({str(tmp_path / "in.png")!r}, {str(tmp_path / "out.jpg")!r}).status)
print(artifix.inspect({str(tmp_path / "out.jpg")!r}).format)
"""
    assert run(code).splitlines() == ["restored", "JPEG"]


def test_the_command_line_starts_without_heavy_imports():
    heavy = "{'numpy', 'PIL', 'openvino', 'torch', 'rich.progress'}"
    assert run(f"import sys, artifix.cli; print(sorted({heavy} & set(sys.modules)))") == "[]"
