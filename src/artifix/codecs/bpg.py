"""BPG, Bellard's HEVC intra format, by its own programs: `bpgenc` and `bpgdec`, where they are on the PATH."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from artifix.codecs.codec import Codec, Pixels
from artifix.errors import CodecError


def _encode(image: Pixels, quality: int, subsampling: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.png"), Path(folder, "out.bpg")
        Image.fromarray(image).save(source)
        _run("bpgenc", "-q", str(quality), "-f", subsampling.replace(":", ""), "-o", str(target), str(source))
        return target.read_bytes()


def _decode(data: bytes) -> Pixels:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.bpg"), Path(folder, "out.png")
        source.write_bytes(data)
        _run("bpgdec", "-o", str(target), str(source))
        with Image.open(target) as file:
            return np.asarray(file)


def _run(program: str, *arguments: str) -> None:
    try:
        subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise CodecError(f"bpg needs {program} on the PATH: https://bellard.org/bpg") from error
    except subprocess.CalledProcessError as error:
        raise CodecError(f"{program}: {error.stderr.strip() or f'exit status {error.returncode}'}") from error


BPG = Codec("QP", 51, 1, _encode, _decode)
