"""A row of a table: a name, and a function from a degraded image to a restored one."""

import hashlib
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from artifix.color import rgb_to_ycbcr
from artifix.errors import ImageError, ModelError
from artifix.image import read_image
from artifix.restoration import Restorer, load_restorer
from artifix.restoration.files import FileRestorer

Pixels = NDArray[np.uint8]
Restore = Callable[[Pixels, bytes], Pixels]


@dataclass(frozen=True)
class Method:
    """A row of a table.

    `restore` maps a uint8 image, (H, W) or (H, W, 3), and the coded file that it was decoded from, which most methods
    leave aside, to an image of the same shape; it may be called from several threads at once. `fingerprint`
    distinguishes two states of one method, so that figures of an older model are measured again. `codec` is the one
    whose files it goes by; None for any.
    """

    name: str
    restore: Restore
    fingerprint: str = ""
    codec: str | None = None

    def follows(self, codec: str) -> bool:
        """Whether it restores what this codec has degraded."""
        return self.codec in (None, codec)


JPEG: Final = Method("jpeg", lambda degraded, file: degraded)


def load_methods(names: Iterable[str | Path], *, ensemble: bool = False) -> list[Method]:
    """The methods of these names, in this order.

    A name is `jpeg`, `sa-dct`, a shipped model, or the path of a .safetensors file, which is called by its stem. With
    `ensemble` each model has a second row, its name with a `+`: see `ensemble_of`. Models run in fp32 whatever is
    quicker here, so that figures do not depend on the processor. ModelError for an unknown one.
    """
    return [method for name in names for method in _load(name, ensemble)]


def _load(name: str | Path, ensemble: bool) -> Iterator[Method]:
    if str(name) == JPEG.name:
        yield JPEG
        return
    restorer = load_restorer(name, precision="fp32")
    yield method_of(restorer)
    if ensemble and isinstance(restorer, Restorer):

        def restore(degraded: Pixels, file: bytes) -> Pixels:
            return ensemble_of(partial(restorer.restore_decoded, file=file, told=False))(degraded)

        yield Method(f"{restorer.name}+", restore, restorer.fingerprint)


def method_of(restorer: FileRestorer, name: str = "") -> Method:
    """What restores files, as a row of a table under its own name or another."""
    return Method(name or restorer.name, restorer.restore_decoded, restorer.fingerprint, restorer.codec)


def ensemble_of(restore: Callable[[Pixels], Pixels]) -> Callable[[Pixels], Pixels]:
    """The geometric self-ensemble (Timofte et al. 2016): the mean over the image's eight flips and rotations.

    Each is restored and turned back; the mean is rounded to uint8 once, at the end. Eight times the work.
    """

    def restore_eight(degraded: Pixels) -> Pixels:
        total = np.zeros(degraded.shape, dtype=np.float64)
        for turns in range(4):
            turned = np.rot90(degraded, turns)
            total += np.rot90(restore(np.ascontiguousarray(turned)), -turns)
            total += np.rot90(restore(np.ascontiguousarray(turned[:, ::-1]))[:, ::-1], -turns)
        return np.rint(total / 8).astype(np.uint8)

    return restore_eight


def load_peer(command: str) -> Method:
    """An outside program as a method, by a command such as `jpegqs {in} {out}`; it is run without a shell.

    `{in}` is the coded file; `{out}`, with suffix .png, is where the program writes the restored picture, in any format
    that `read_image` reads, for a grey picture in colour too. Starting the program, and writing and reading its files,
    counts in its time. The method is called by the command without the folders and the two files; its fingerprint is
    the command's and the program's.

    ModelError for a command without `{in}` or `{out}`, or whose program is not found; and from the method where the
    program fails, or writes no picture, or one of another size.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ModelError(f"{command}: not a command ({error})") from error
    for placeholder in ("{in}", "{out}"):
        if not any(placeholder in word for word in words):
            raise ModelError(f"{command}: lacks {placeholder}; write 'PROGRAM {{in}} {{out}}'")
    program = shutil.which(words[0])
    if program is None:
        raise ModelError(f"{command}: there is no program {words[0]}")
    name = " ".join(Path(word).name for word in words if "{in}" not in word and "{out}" not in word)
    fingerprint = hashlib.sha256(command.encode() + Path(program).read_bytes()).hexdigest()[:16]
    return Method(name, lambda degraded, file: _run_peer(name, words, degraded, file), fingerprint)


def _run_peer(name: str, words: list[str], degraded: Pixels, file: bytes) -> Pixels:
    with tempfile.TemporaryDirectory(prefix="artifix-") as folder:
        source, target = Path(folder, "degraded.jpg"), Path(folder, "restored.png")
        source.write_bytes(file)
        words = [word.replace("{in}", str(source)).replace("{out}", str(target)) for word in words]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except OSError as error:  # a script that names no interpreter, for one
            raise ModelError(f"{name}: cannot be run ({error.strerror})") from error
        if done.returncode != 0:
            last_words = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise ModelError(f"{name}: failed with exit status {done.returncode} ({last_words or 'no message'})")
        if not target.exists():
            raise ModelError(f"{name}: wrote nothing to {{out}}")
        try:
            restored = read_image(target)
        except ImageError as error:
            raise ModelError(f"{name}: {error}") from error
    if degraded.ndim == 2 and restored.ndim == 3:
        restored = np.rint(rgb_to_ycbcr(restored)[..., 0]).astype(np.uint8)
    if restored.shape != degraded.shape:
        raise ModelError(f"{name}: restored an image of shape {degraded.shape} to {restored.shape}")
    return restored
