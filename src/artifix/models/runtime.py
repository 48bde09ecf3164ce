"""OpenVINO's own object, which everything that reads or runs a network in it shares."""

from functools import cache
from typing import Any


@cache
def openvino_core() -> Any:
    """OpenVINO's own object, one for all.

    Each gives the main thread a stack for its signals. Of several that go in another order than they came, the last
    leaves the thread with a stack that is gone, and the next signal, Ctrl-C for one, would end the process.
    """
    import openvino

    return openvino.Core()
