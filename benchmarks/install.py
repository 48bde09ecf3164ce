"""How large an install of artifix is, what takes the room, and whether a part of OpenVINO is enough.

python benchmarks/install.py --json results/install.json [--binary dist/artifix]

Each case is a virtual environment of its own, into which pip installs this checkout. Sizes do not depend on what else
the machine is doing; speeds are those of results/bench.json.
"""

import argparse
import filecmp
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from artifix.provenance import current_commit, today

ROOT: Final = Path(__file__).parents[1]
SAMPLE: Final = ROOT / "samples" / "astronaut.jpg"
LISTED: Final = 5  # distributions of each case that are named, the largest first
# Of OpenVINO's files, what restoring on a processor never loads: other devices, other programs' formats, the headers.
UNUSED: Final = (
    "include",
    "cmake",
    "libs/cache.json",
    "libs/*_gpu_plugin*",
    "libs/*_npu_plugin*",
    "libs/*_auto_*",
    "libs/*_hetero_*",
    "libs/*_frontend*",
    "libs/*openvino_c.*",
)
_LIST: Final = """
import importlib.metadata as about, json, os
found = {}
for each in about.distributions():
    paths = {str(each.locate_file(file)) for file in each.files or ()}
    found[each.name] = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
print(json.dumps(found))
"""


def install(folder: Path, *requirements: str) -> Path:
    """A new environment with these requirements; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    command = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--constraint", ROOT / "constraints.txt"]
    subprocess.run([*command, *requirements], check=True)
    return python


def sizes(python: Path) -> dict[str, int]:
    """Bytes of each distribution but pip, the largest first."""
    done = subprocess.run([python, "-c", _LIST], check=True, capture_output=True, text=True)
    found = {name: size for name, size in json.loads(done.stdout).items() if name not in ("pip", "setuptools")}
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))


def restored(python: Path, folder: Path, precision: str) -> Path:
    """What that environment's command makes of the sample."""
    target = folder / f"{precision}.png"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"ARTIFIX_CACHE": str(folder / "cache")}
    command = [python, "-m", "artifix", "restore", SAMPLE, "-o", target, "--model", "fast", "--precision", precision]
    subprocess.run([*command, "--overwrite"], check=True, env=environment)
    return target


def trim(python: Path) -> int:
    """Remove from OpenVINO what is not used; the bytes of what is left."""
    (package,) = python.parents[1].glob("lib/*/site-packages/openvino")
    for pattern in UNUSED:
        for path in package.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def started(binary: Path) -> dict[str, Any]:
    """The size of the binary, and the processor's seconds, unpacking included, until it has said its version.

    It runs with nothing on the PATH, restores the sample so, and is started once before the clock runs.
    """
    with tempfile.TemporaryDirectory() as folder:
        bare = {"PATH": "", "HOME": folder, "TMPDIR": folder}
        made = Path(folder, "restored.png")
        subprocess.run([binary, "restore", SAMPLE, "-o", made, "--model", "fast"], check=True, env=bare)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([binary, "--version"], check=True, env=bare)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"bytes": binary.stat().st_size, "start_processor_seconds": round(seconds, 2)}


def case(name: str, found: dict[str, int]) -> dict[str, Any]:
    """A row of the results."""
    largest = dict(list(found.items())[:LISTED])
    return {"name": name, "bytes": sum(found.values()), "largest": largest}


def measure(folder: Path) -> list[dict[str, Any]]:
    """All cases."""
    usual = install(folder / "usual", str(ROOT))
    found = sizes(usual)
    cases = [case("OpenVINO", found)]
    for precision in ("fp32", "int8"):
        shutil.copy(restored(usual, folder, precision), folder / f"whole-{precision}.png")
    found["openvino"] = trim(usual)
    shutil.rmtree(folder / "cache")
    for precision in ("fp32", "int8"):
        if not filecmp.cmp(restored(usual, folder, precision), folder / f"whole-{precision}.png", shallow=False):
            raise RuntimeError("the trimmed OpenVINO restores other pixels")
    cases.append(case("OpenVINO, its part for processors alone", dict(sorted(found.items(), key=lambda e: -e[1]))))
    other = install(folder / "other", f"{ROOT}[onnxruntime]")
    subprocess.run([other, "-m", "pip", "uninstall", "--quiet", "-y", "openvino"], check=True)
    restored(other, folder, "fp32")
    return [*cases, case("ONNX Runtime", sizes(other))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--binary", type=Path, help="what tools/binary.py made")
    chosen = parser.parse_args()
    commit = current_commit()
    with tempfile.TemporaryDirectory() as folder:
        cases = measure(Path(folder))
    system = f"{sys.platform}, Python {sys.version_info.major}.{sys.version_info.minor}"
    about = {"commit": commit, "date": today(), "system": system, "cases": cases}
    if chosen.binary:
        about["binary"] = started(chosen.binary.resolve())
    chosen.json.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    for row in cases:
        print(f"{row['name']}: {row['bytes'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
