"""Reading safetensors files, with an error that a user understands."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from artifix.errors import ModelError


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, on the CPU; ModelError if it cannot be read."""
    try:
        tensors: dict[str, Tensor] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{file}: not a readable safetensors file ({error})") from error
    return tensors
