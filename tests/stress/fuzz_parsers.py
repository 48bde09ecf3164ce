"""Coverage-guided fuzzing of the parsers of our own, by atheris (pip install atheris; CPython on Linux).

    python tests/stress/fuzz_parsers.py [--seconds 240] [--json results/reliability.json]

Each input goes through every parser. What one raises that it does not say, five seconds, and two GiB are findings, and
end the run with the input in a file. Parsers that only run inside of `opened` may raise any error but of memory or
depth, since all become one line there.
"""

import argparse
import inspect
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mutations import seeds

from artifix.errors import ArtifixError
from artifix.image import avif, exif, gif, jp2, jxl, photoshop, png_metadata, refusals, scans, signature, xmp
from artifix.image.attached import read_attached
from artifix.image.segments import structure_of
from artifix.models import tensor_file
from artifix.provenance import add_results
from artifix.restoration import archive, origin

_SECONDS_EACH: Final = 5
_MEGABYTES: Final = 2048
_LONGEST: Final = 1 << 16
_OURS: Final = (
    "artifix.image",
    "artifix.models.tensor_file",
    "artifix.restoration.archive",
    "artifix.restoration.origin",
)


def _from_file(parse: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    def run(data: bytes) -> Any:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return parse(Path(file.name))

    return run


def _entries(path: Path) -> None:
    with archive._reading(path) as opened:
        archive._checked(path, opened)


def _orientation(data: bytes) -> None:
    exif.take_orientation(data)
    exif.take_thumbnail(data)
    exif.resolution(data)
    exif.is_sound(data)


def _packet(data: bytes) -> None:
    xmp.take_orientation(data)
    xmp.without_claims(data)
    xmp.without_extension(data)
    origin.with_origin(data, origin.Origin("0" * 32, "a=b"))


# A parser, and what it says that it raises.
PARSERS: Final[tuple[tuple[Callable[[bytes], Any], tuple[type[Exception], ...]], ...]] = (
    (signature.signature, ()),
    (origin.origin_in, ()),
    (_packet, ()),
    (photoshop.kept, ()),
    (gif.read_xmp, ()),
    (tensor_file.unpack, (ValueError, ArtifixError)),
    (_from_file(_entries), (ArtifixError,)),
    (_from_file(lambda path: scans.reason_against_scans(path, 10**6)), ()),
    (lambda data: refusals.refuse(io.BytesIO(data)), (Exception,)),
    (lambda data: structure_of(data), (Exception,)),
    (lambda data: png_metadata.read_metadata(io.BytesIO(data)), (Exception,)),
    (jp2.read_metadata, (Exception,)),
    (lambda data: jxl.size_of(io.BytesIO(data)), (Exception,)),
    (lambda data: jxl.read_metadata(io.BytesIO(data)), (Exception,)),
    (lambda data: avif.read_metadata(io.BytesIO(data)), (Exception,)),
    (_orientation, (Exception,)),
    (lambda data: read_attached(data, len(data) // 2, data[: len(data) // 2], 0), (Exception,)),
)


def one_input(data: bytes) -> None:
    """Run every parser."""
    for parse, says in PARSERS:
        try:
            parse(data)
        except says as error:
            if isinstance(error, MemoryError | RecursionError):
                raise


def corpus(folder: Path) -> None:
    """Small files to begin with."""
    for name, content in seeds().items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "a.cbz", "w") as made:
        made.writestr("a/1.jpg", b"one")
        made.comment = b"words"
    (folder / "a.safetensors").write_bytes(tensor_file.pack({}, {"card": "{}"}))


def fuzz(folder: str, seconds: int) -> None:
    """Be the process that atheris runs in, and ends."""
    import atheris

    for name, module in sys.modules.items():
        if name.startswith(_OURS):
            for function in vars(module).values():
                if inspect.isfunction(function) and function.__module__ == name:
                    with suppress(ValueError):  # generators' and context managers' wrappers
                        function.__code__ = atheris.instrument_func(function).__code__
    flags = [f"-max_total_time={seconds}", f"-timeout={_SECONDS_EACH}", f"-rss_limit_mb={_MEGABYTES}"]
    flags += [f"-max_len={_LONGEST}", f"-artifact_prefix={folder}/found-", "-print_final_stats=1", f"{folder}/corpus"]
    atheris.Setup([sys.argv[0], *flags], one_input)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=240)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        fuzz(given.folder, given.seconds)
        return
    folder = tempfile.mkdtemp(prefix="artifix-fuzz-")
    (Path(folder) / "corpus").mkdir()
    corpus(Path(folder) / "corpus")
    own = [sys.executable, __file__, "--folder", folder, "--seconds", str(given.seconds)]
    done = subprocess.run(own, stderr=subprocess.PIPE, text=True, check=False)
    lines = done.stderr.splitlines()
    stats = dict(line.removeprefix("stat::").split(":") for line in lines if line.startswith("stat::"))
    tried = int(stats.get("number_of_executed_units", 0))
    found = {"count": tried, "seconds": given.seconds, "parsers": len(PARSERS), "lost": int(done.returncode != 0)}
    print(json.dumps(found))
    if done.returncode:
        sys.exit("\n".join([*lines[-40:], f"the input lies in {folder}"]))
    if given.json:
        add_results(given.json, "parsers", found)


if __name__ == "__main__":
    main()
