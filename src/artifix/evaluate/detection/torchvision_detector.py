"""The detectors of torchvision by their names, with its weights: the paper's Faster R-CNN and its relatives."""

import threading

import numpy as np

from artifix.errors import ModelError
from artifix.evaluate.detection.detectors import Detections, Pixels, strongest, voc_labels


class TorchvisionDetector:
    """A detector of torchvision with its best weights, which it downloads once; COCO's labels become VOC's.

    It runs on CUDA where there is a GPU. ModelError if torchvision is not installed, or has no detector of this name.
    """

    def __init__(self, name: str) -> None:
        try:
            import torch
            from torchvision import models
        except ImportError as error:
            raise ModelError(f"torchvision:{name} needs torchvision: pip install torchvision ({error})") from error
        known = models.list_models(module=models.detection)
        if name not in known:
            raise ModelError(f"torchvision:{name}: no such detector; choose one of {', '.join(known)}")
        weights = models.get_model_weights(name).DEFAULT
        self.name, self.fingerprint = name, str(weights)
        self.labels = voc_labels(tuple(weights.meta["categories"]))
        self.prepare = weights.transforms()
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = models.get_model(name, weights=weights).eval().to(self.device)
        self.lock = threading.Lock()

    def __call__(self, image: Pixels) -> Detections:
        """What it sees in an (H, W, 3) RGB image."""
        import torch

        picture = torch.from_numpy(np.array(image.transpose(2, 0, 1)))
        with self.lock, torch.inference_mode():
            (found,) = self.network([self.prepare(picture).to(self.device)])
        boxes, labels, scores = (found[name].cpu().numpy() for name in ("boxes", "labels", "scores"))
        return strongest(Detections(boxes.astype(np.float64), self.labels[labels], scores.astype(np.float64)))
