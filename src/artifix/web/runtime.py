"""The files of onnxruntime-web that a page restores by, from a folder, or from npm's package as it was tested."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from artifix.errors import ArtifixError

PACKAGE: Final = "onnxruntime-web"
VERSION: Final = "1.30.0"
INTEGRITY: Final = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""The SHA-512 of the package of that version, in base64, as npm's lock files have it."""

WASM: Final = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""What runs on the processor."""
WEBGPU: Final = (
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
"""What runs by WebGPU."""
_SECONDS: Final = 600


class RuntimeFilesError(ArtifixError):
    """ONNX Runtime's files for browsers, which are missing, altered or cannot be fetched."""


@contextmanager
def runtime_files(folder: Path | None) -> Iterator[dict[str, Path]]:
    """The files by name, while the context lasts: from the package's own folder, or its `dist`; from npm for None.

    RuntimeFilesError, one line, if any is missing, npm cannot fetch the package, or the package is not the tested one.
    """
    if folder is not None:
        yield _found(folder)
        return
    with TemporaryDirectory(prefix="artifix-") as temporary:
        archive = _fetched(Path(temporary))
        with tarfile.open(archive) as package:
            for name in (*WASM, *WEBGPU):
                package.extract(f"package/dist/{name}", temporary, filter="data")
        yield _found(Path(temporary, "package"))


def _found(folder: Path) -> dict[str, Path]:
    place = folder / "dist" if (folder / "dist").is_dir() else folder
    missing = [name for name in (*WASM, *WEBGPU) if not (place / name).is_file()]
    if missing:
        raise RuntimeFilesError(f"{folder}: has no {missing[0]}; name the folder of the npm package {PACKAGE}")
    return {name: place / name for name in (*WASM, *WEBGPU)}


def _fetched(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeFilesError(f"{PACKAGE} {VERSION} is fetched by npm, which is not installed; or use --onnxruntime")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--silent"]
    try:
        subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=True)
        (archive,) = folder.glob("*.tgz")
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        raise RuntimeFilesError(f"{PACKAGE} {VERSION} cannot be fetched by npm ({error})") from error
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != INTEGRITY:
        raise RuntimeFilesError(f"{PACKAGE} {VERSION} is not the package that was tested: its SHA-512 differs")
    return archive
