"""A model as a file: one of ours, or one that other programs load."""

from pathlib import Path
from typing import Final

from artifix.errors import ModelError, needs_extra
from artifix.image import atomic_output
from artifix.models.model import SUFFIX, Model

ONNX: Final = ".onnx"


def check_form(output: Path, *, rgb: bool = False, spandrel: bool = False) -> None:
    """ModelError for a name or a form that `write_model` does not write."""
    if output.suffix not in (SUFFIX, ONNX):
        raise ModelError(f"{output}: a model's name ends in {SUFFIX}, or for other programs in {ONNX}")
    if rgb and output.suffix != ONNX:
        raise ModelError(f"{output}: a model of RGB is an {ONNX} file")
    if spandrel and output.suffix != SUFFIX:
        raise ModelError(f"{output}: a model for spandrel is a {SUFFIX} file")


def write_model(
    model: Model, output: Path, *, rgb: bool = False, spandrel: bool = False, overwrite: bool = False
) -> None:
    """Write a model: `.safetensors`, which artifix reads, or `.onnx`, as `to_onnx` has it.

    With `rgb` the ONNX file maps RGB to RGB (`to_rgb_onnx`), and with `spandrel` the safetensors file is one for the
    loader in integrations/spandrel (`Model.to_spandrel`). ModelError for any other form, OutputError as in
    `atomic_output`.
    """
    check_form(output, rgb=rgb, spandrel=spandrel)
    if output.suffix == ONNX:
        content = _onnx(model, output, rgb=rgb)
    else:
        content = model.to_spandrel() if spandrel else model.to_bytes()
    with atomic_output(output, overwrite=overwrite) as file:
        file.write(content)


def _onnx(model: Model, output: Path, *, rgb: bool) -> bytes:
    try:
        from artifix.engines.onnx_graph import to_onnx
        from artifix.engines.onnx_rgb import to_rgb_onnx

        return to_rgb_onnx(model) if rgb else to_onnx(model)
    except ImportError as error:
        raise ModelError(needs_extra(str(output), "onnxruntime", error)) from error
