"""A detector in an ONNX file, run by OpenVINO, with a card that says how it wants its pictures."""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.engines.core import openvino_core
from artifix.errors import ModelError
from artifix.evaluate.detection.boxes import Boxes, suppress
from artifix.evaluate.detection.detectors import MIN_SCORE, Detections, Pixels, strongest, voc_labels
from artifix.evaluate.detection.voc import CLASSES

Values = NDArray[np.float64]

METADATA_KEY: Final = "detector"
_EXPECTED: Final = "boxes (N, 4) with scores (N, classes), or with labels and scores (N,)"
_OUTPUTS: Final = ("boxes", "scores", "labels")
_ROUNDING: Final = 1e-5  # by which a softmax in fp32 may be above 1
_FARTHEST: Final = 10.0  # that a box in 0..1 of the picture may reach; what is beside the picture is cut off
_GREY: Final = 114  # around a letterboxed picture, as the YOLO family has it


@dataclass(frozen=True)
class DetectorCard:
    """How a detector is fed and read: the JSON under `METADATA_KEY` in the file's metadata; without any, as here.

    Its input is (1, 3, H, W) RGB in 0..1. Where H and W are fixed, the picture is stretched to them, or letterboxed:
    scaled in its own proportions and centred on grey.
    """

    classes: tuple[str, ...] = CLASSES
    """What its labels stand for; a name that is none of VOC's or COCO's is passed over."""
    resize: Literal["stretch", "letterbox"] = "stretch"
    boxes: Literal["relative", "pixels"] = "relative"
    """Whether boxes are in 0..1 of the input, or in its pixels."""
    nms: float | None = 0.45
    """The overlap above which the weaker of two boxes goes; None where the file has done that already."""


class OnnxDetector:
    """The detector in an .onnx file.

    Its outputs are `boxes` (N, 4), edges x1, y1, x2, y2, with `scores` (N, classes), or with `labels` and `scores`
    (N,); a leading axis of 1 is allowed. Scores are 0..1. It runs in fp32, so that figures do not depend on the
    machine's bf16. ModelError, with what it has, if the file has another input or other outputs, or cannot be read; and
    at a picture if it gives arrays of other shapes, or numbers that cannot be.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror or error}") from error
        self.name, self.fingerprint = Path(path).stem, hashlib.sha256(data).hexdigest()[:16]
        core = openvino_core()
        try:
            model = core.read_model(data)
        except RuntimeError as error:
            raise ModelError(f"{path}: OpenVINO cannot read it as ONNX") from error
        # An array that has been handed on under another name has both.
        self.places = {name: n for n, output in enumerate(model.outputs) for name in output.names if name in _OUTPUTS}
        if not {"boxes", "scores"} <= self.places.keys():
            raise ModelError(f"{path}: not a detector, its outputs are {_told(model.outputs)}; expected {_EXPECTED}")
        self.size = _input_size(path, model.inputs)
        where = ["framework", METADATA_KEY]
        self.card = _card(path, model.get_rt_info(where).value) if model.has_rt_info(where) else DetectorCard()
        self.labels = voc_labels(self.card.classes)
        try:
            self.compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        except RuntimeError as error:
            raise ModelError(f"{path}: OpenVINO cannot compile it") from error
        self.request = self.compiled.create_infer_request()
        self.lock = threading.Lock()

    def __call__(self, image: Pixels) -> Detections:
        """What it sees in an (H, W, 3) RGB image."""
        height, width = image.shape[:2]
        fed, scale, shift = self._fit(image)
        batch = np.ascontiguousarray(fed.transpose(2, 0, 1)[None], dtype=np.float32) / 255
        try:
            with self.lock:
                results = self.request.infer(batch)
                found = {name: np.array(results[n], np.float64) for name, n in self.places.items()}
        except RuntimeError as error:
            size, reason = f"{fed.shape[1]}x{fed.shape[0]}", str(error).strip().rpartition("\n")[2]
            raise ModelError(f"{self.name}: OpenVINO cannot run it on {size} pixels ({reason})") from error
        boxes, labels, scores = self._read(self._shaped(found))
        if self.card.boxes == "relative":
            if boxes.size and (farthest := np.abs(boxes).max()) > _FARTHEST:
                raise ModelError(f"{self.name}: a box reaches {farthest:g}, expected 0..1; are they in pixels?")
            boxes = boxes * (fed.shape[1], fed.shape[0], fed.shape[1], fed.shape[0])
        boxes = ((boxes - np.tile(shift, 2)) / np.tile(scale, 2)).clip(0, (width, height, width, height))
        if self.card.nms is not None:
            kept = suppress(boxes, scores, labels, self.card.nms)
            boxes, labels, scores = boxes[kept], labels[kept], scores[kept]
        return strongest(Detections(boxes, self.labels[labels], scores))

    def _fit(self, image: Pixels) -> tuple[Pixels, NDArray[np.float64], NDArray[np.float64]]:
        """The image as the network takes it; a point (x, y) of it lies there at (x, y) * scale + shift."""
        own = np.array([image.shape[1], image.shape[0]])
        # A side that is free is the picture's, or in proportion to the other.
        scale = next((side / length for side, length in zip(self.size, own, strict=True) if side), 1.0)
        size = np.array([side or max(1, round(length * scale)) for side, length in zip(self.size, own, strict=True)])
        if (size == own).all():
            return image, np.ones(2), np.zeros(2)
        if self.card.resize == "stretch":
            return _resized(image, (int(size[0]), int(size[1]))), size / own, np.zeros(2)
        inner = np.maximum(1, np.rint(own * (size / own).min()).astype(int))
        left, top = shift = (size - inner) // 2
        fed = np.full((size[1], size[0], 3), _GREY, np.uint8)
        fed[top : top + inner[1], left : left + inner[0]] = _resized(image, (int(inner[0]), int(inner[1])))
        return fed, inner / own, shift.astype(np.float64)

    def _read(self, found: dict[str, Values]) -> tuple[Boxes, NDArray[np.intp], Values]:
        """Boxes, the detector's own labels and scores, one for each box and class worth a look."""
        boxes, scores, classes = found["boxes"], found["scores"], len(self.labels)
        possible = (scores >= 0) & (scores <= 1 + _ROUNDING)
        if not possible.all():
            raise ModelError(f"{self.name}: a score of {scores[~possible][0]:g}, expected 0..1")
        labels: NDArray[Any]
        if "labels" in found:
            places = np.flatnonzero(scores >= MIN_SCORE)
            labels, scores = found["labels"][places], scores[places]
            known = (labels >= 0) & (labels < classes)
            if not known.all():
                raise ModelError(f"{self.name}: a detection of class {labels[~known][0]:g}, its card names {classes}")
        elif scores.shape[1] == classes:
            places, labels = np.nonzero(scores >= MIN_SCORE)
            scores = scores[places, labels]
        else:
            raise ModelError(f"{self.name}: scores of {scores.shape[1]} classes, its card names {classes}")
        boxes = boxes[places]
        if not np.isfinite(boxes).all():
            raise ModelError(f"{self.name}: a box with the edges {boxes[~np.isfinite(boxes).all(axis=1)][0]}")
        return boxes, labels.astype(np.intp), scores

    def _shaped(self, found: dict[str, Values]) -> dict[str, Values]:
        """The outputs without leading axes of 1; ModelError where shapes are others, or do not go together."""
        ranks = {"boxes": 2, "labels": 1, "scores": 1 if "labels" in found else 2}
        shaped = {
            n: array[0] if array.ndim == ranks[n] + 1 and len(array) == 1 else array for n, array in found.items()
        }
        fit = all(array.ndim == ranks[name] for name, array in shaped.items()) and shaped["boxes"].shape[1] == 4
        if not fit or len({len(array) for array in shaped.values()}) > 1:
            given = ", ".join(f"{name} {array.shape}" for name, array in found.items())
            raise ModelError(f"{self.name}: not a detector, it gave {given}; expected {_EXPECTED}")
        return shaped


def _told(ports: Sequence[Any]) -> str:
    """Names, types and shapes of inputs or outputs."""
    told = (
        f"{'/'.join(sorted(port.names))} {port.element_type.get_type_name()} {port.partial_shape}" for port in ports
    )
    return ", ".join(told) or "none"


def _input_size(path: str | Path, inputs: Sequence[Any]) -> tuple[int | None, int | None]:
    """Width and height of the one input, None for what is free."""
    shape = list(inputs[0].partial_shape) if inputs and inputs[0].partial_shape.rank.is_static else []
    lengths = [None if side.is_dynamic else side.get_length() for side in shape]
    if len(inputs) != 1 or len(shape) != 4 or lengths[0] not in (1, None) or lengths[1] not in (3, None):
        raise ModelError(f"{path}: its inputs are {_told(inputs)}; expected one, (1, 3, H, W)")
    if not inputs[0].element_type.is_real():
        raise ModelError(f"{path}: its input is {_told(inputs)}; expected floats, 0..1")
    return lengths[3], lengths[2]


def _resized(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Bilinear between the four nearest pixels, as OpenCV does it, behind which such detectors are trained.

    Pillow's own `resize` would average over more of them when it makes a picture smaller, and hide what is to be seen.
    """
    whole = (0, 0, image.shape[1], image.shape[0])
    resized = Image.fromarray(image).transform(size, Image.Transform.EXTENT, whole, Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _card(path: str | Path, text: str) -> DetectorCard:
    try:
        card = DetectorCard(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path}: its card cannot be read ({error})") from error
    if not isinstance(card.classes, list | tuple) or not all(isinstance(name, str) for name in card.classes):
        raise ModelError(f"{path}: its card has classes {card.classes!r}, expected a list of names")
    if (voc_labels(tuple(card.classes)) < 0).all():
        raise ModelError(f"{path}: its card names no class that VOC has: {', '.join(card.classes[:5])}")
    if card.resize not in ("stretch", "letterbox") or card.boxes not in ("relative", "pixels"):
        raise ModelError(f"{path}: its card has resize {card.resize!r} and boxes {card.boxes!r}")
    if card.nms is not None and not (isinstance(card.nms, int | float) and 0 <= card.nms <= 1):
        raise ModelError(f"{path}: its card has nms {card.nms!r}, expected null or 0..1")
    return replace(card, classes=tuple(card.classes))
