"""Build artifix as one file that needs no Python: `python tools/binary.py -o dist` writes dist/artifix.

It contains the default install, the extras heif and jxl if they are installed, and of OpenVINO only the part for
processors. PyInstaller (`pip install 'pyinstaller>=6.11'`) builds for the system that it runs on.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
# Parts of the names of OpenVINO's files that restoring on a processor never loads; benchmarks/install.py checks that.
UNUSED: Final = ("_gpu_plugin", "_npu_plugin", "_auto_", "_hetero_", "_frontend", "openvino_c.", "libs/cache.json")
# Packages that only other extras need; PyInstaller would include those that are installed.
LEFT_OUT: Final = """
av cv2 fastapi gradio IPython matplotlib mypy numba onnx onnxruntime pandas playwright pyarrow pytest ray safetensors
scipy skimage spandrel ssimulacra2 tensorboard tkinter torch torchvision uvicorn
"""
_SPECIFICATION: Final = """
from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, collect_submodules, copy_metadata

unused = {unused!r}
def wanted(entries):
    return [entry for entry in entries if not any(part in "/".join(entry[:2]).replace("\\\\", "/") for part in unused)]

found = Analysis(
    [{entry!r}],
    pathex=[{source!r}],
    datas=collect_data_files("artifix") + copy_metadata("artifix"),
    binaries=wanted(collect_dynamic_libs("openvino")),
    hiddenimports=collect_submodules("artifix") + {optional!r},
    excludes={excludes!r},
    noarchive=False,
)
found.binaries, found.datas = wanted(found.binaries), wanted(found.datas)
EXE(PYZ(found.pure), found.scripts, found.binaries, found.datas, name="artifix", console=True, upx=False)
"""


def build(folder: Path) -> Path:
    """Build the binary in this folder; its path."""
    from importlib.util import find_spec

    optional = [name for name in ("pillow_heif", "pillow_jxl", "jpegio") if find_spec(name)]
    with tempfile.TemporaryDirectory() as temporary:
        specification = Path(temporary, "artifix.spec")
        specification.write_text(
            _SPECIFICATION.format(
                unused=UNUSED,
                entry=str(ROOT / "src" / "artifix" / "__main__.py"),
                source=str(ROOT / "src"),
                optional=optional,
                excludes=LEFT_OUT.split(),
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", folder]
        subprocess.run([*command, "--workpath", Path(temporary, "work"), specification], check=True)
    return folder / ("artifix.exe" if sys.platform == "win32" else "artifix")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write the binary to")
    made = build(parser.parse_args().output)
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
