"""A detector in an ONNX file, run by OpenVINO, with a card that says how it wants its pictures."""

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artifix.errors import ModelError
from artifix.evaluate.detection.boxes import suppress
from artifix.evaluate.detection.detectors import MIN_SCORE, Detections, Pixels, strongest, voc_labels
from artifix.evaluate.detection.voc import CLASSES
from artifix.models.runtime import openvino_core

METADATA_KEY: Final = "detector"
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
    (N,); a leading axis of 1 is allowed. It runs in fp32, so that figures do not depend on the machine's bf16.
    ModelError if the file has other outputs, or cannot be read.
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
        names = [output.get_any_name() for output in model.outputs]
        if not {"boxes", "scores"} <= set(names):
            expected = "boxes (N, 4) with scores (N, classes), or with labels and scores (N,)"
            raise ModelError(f"{path}: not a detector, its outputs are {', '.join(names)}; expected {expected}")
        where = ["framework", METADATA_KEY]
        self.card = _card(path, model.get_rt_info(where).value) if model.has_rt_info(where) else DetectorCard()
        self.labels = voc_labels(self.card.classes)
        _, _, height, width = model.inputs[0].partial_shape
        self.size = None if height.is_dynamic else (width.get_length(), height.get_length())
        self.compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self.outputs = names
        self.request = self.compiled.create_infer_request()
        self.lock = threading.Lock()

    def __call__(self, image: Pixels) -> Detections:
        """What it sees in an (H, W, 3) RGB image."""
        height, width = image.shape[:2]
        fed, scale, shift = self._fit(image)
        batch = np.ascontiguousarray(fed.transpose(2, 0, 1)[None], dtype=np.float32) / 255
        with self.lock:
            results = self.request.infer(batch)
            found = {name: np.array(results[n], np.float64) for n, name in enumerate(self.outputs)}
        boxes, labels, scores = self._read(found)
        if self.card.boxes == "relative":
            boxes = boxes * (fed.shape[1], fed.shape[0], fed.shape[1], fed.shape[0])
        boxes = ((boxes - np.tile(shift, 2)) / np.tile(scale, 2)).clip(0, (width, height, width, height))
        if self.card.nms is not None:
            kept = suppress(boxes, scores, labels, self.card.nms)
            boxes, labels, scores = boxes[kept], labels[kept], scores[kept]
        return strongest(Detections(boxes, self.labels[labels], scores))

    def _fit(self, image: Pixels) -> tuple[Pixels, NDArray[np.float64], NDArray[np.float64]]:
        """The image as the network takes it; a point (x, y) of it lies there at (x, y) * scale + shift."""
        own = np.array([image.shape[1], image.shape[0]])
        if self.size is None:
            return image, np.ones(2), np.zeros(2)
        size = np.array(self.size)
        if self.card.resize == "stretch":
            return _resized(image, self.size), size / own, np.zeros(2)
        inner = np.maximum(1, np.rint(own * (size / own).min()).astype(int))
        left, top = shift = (size - inner) // 2
        fed = np.full((self.size[1], self.size[0], 3), _GREY, np.uint8)
        fed[top : top + inner[1], left : left + inner[0]] = _resized(image, (int(inner[0]), int(inner[1])))
        return fed, inner / own, shift.astype(np.float64)

    def _read(self, found: dict[str, NDArray[np.float64]]) -> tuple[Any, NDArray[np.intp], NDArray[np.float64]]:
        """Boxes, the detector's own labels and scores, one for each box and class worth a look."""
        boxes, scores = found["boxes"].reshape(-1, 4), found["scores"]
        if "labels" in found:
            labels, scores = found["labels"].reshape(-1).astype(np.intp), scores.reshape(-1)
            places = np.flatnonzero(scores >= MIN_SCORE)
        else:
            scores = scores.reshape(len(boxes), -1)
            places, labels = np.nonzero(scores >= MIN_SCORE)
            return boxes[places], self._known(labels), scores[places, labels]
        return boxes[places], self._known(labels[places]), scores[places]

    def _known(self, labels: NDArray[np.intp]) -> NDArray[np.intp]:
        if labels.size and not 0 <= labels.min() <= labels.max() < len(self.labels):
            raise ModelError(f"{self.name}: a detection of class {labels.max()}, its card names {len(self.labels)}")
        return labels


def _resized(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Bilinear between the four nearest pixels, as OpenCV does it, behind which such detectors are trained.

    Pillow's own `resize` would average over more of them when it makes a picture smaller, and hide what is to be seen.
    """
    whole = (0, 0, image.shape[1], image.shape[0])
    resized = Image.fromarray(image).transform(size, Image.Transform.EXTENT, whole, Image.Resampling.BILINEAR)
    return np.asarray(resized)


def _card(path: str | Path, text: str) -> DetectorCard:
    try:
        values = json.loads(text)
        card = DetectorCard(**values | {"classes": tuple(values.get("classes", CLASSES))})
        known = card.resize in ("stretch", "letterbox") and card.boxes in ("relative", "pixels")
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: its card cannot be read ({error})") from error
    if not known:
        raise ModelError(f"{path}: its card has resize {card.resize!r} and boxes {card.boxes!r}")
    return card
