"""OpenVINO's own object, which everything that reads or runs a network in it shares."""

from functools import cache
from typing import Any, Final

from artifix.errors import ModelError

HINTS: Final = {"fp32": "f32", "bf16": "bf16"}
"""How OpenVINO says the floating precisions that may be asked for."""


@cache
def openvino_core() -> Any:
    """OpenVINO's own object, one for all; ModelError if it is not installed.

    Each gives the main thread a stack for its signals. Of several that go in another order than they came, the last
    leaves the thread with a stack that is gone, and the next signal, Ctrl-C for one, would end the process.
    """
    try:
        import openvino
    except ImportError as error:
        raise ModelError(f"OpenVINO is not installed ({error}); please install artifix again") from error
    return openvino.Core()


def precision_setting(precision: str) -> dict[str, str]:
    """The setting to compile or import a network by in this precision; none for what is not asked for by a hint."""
    return {"INFERENCE_PRECISION_HINT": HINTS[precision]} if precision in HINTS else {}
