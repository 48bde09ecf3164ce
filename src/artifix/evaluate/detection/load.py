"""Detectors by name; each is imported only if it is named."""

from pathlib import Path

from artifix.errors import ModelError
from artifix.evaluate.detection.detectors import Detector


def load_detector(name: str | Path) -> Detector:
    """`torchvision:NAME` for a detector of torchvision with its own weights, else the path of an .onnx file.

    ModelError if there is none, or it is no detector.
    """
    kind, _, rest = str(name).partition(":")
    if kind == "torchvision":
        from artifix.evaluate.detection.torchvision_detector import TorchvisionDetector

        return TorchvisionDetector(rest)
    if Path(name).suffix == ".onnx":
        from artifix.evaluate.detection.onnx_detector import OnnxDetector

        return OnnxDetector(name)
    raise ModelError(f"{name}: no such detector; name torchvision:MODEL or the path of an .onnx file")
