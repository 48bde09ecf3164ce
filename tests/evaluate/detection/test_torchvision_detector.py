"""torchvision cannot be installed beside this torch, so a small module with its names and shapes stands in for it."""

import sys
import types

import numpy as np
import pytest

from artifix.errors import ModelError
from artifix.evaluate.detection.load import load_detector
from artifix.evaluate.detection.voc import CLASSES

torch = pytest.importorskip("torch")


class Network(torch.nn.Module):
    """Says that the bright part of a picture, 0..1 floats (3, H, W), is a person, a zebra and, faintly, a couch."""

    def forward(self, pictures):
        assert not self.training
        answers = []
        for picture in pictures:
            assert picture.dtype == torch.float32
            assert 0 <= picture.min() <= picture.max() <= 1
            rows, columns = (torch.nonzero(picture.amax(0) > 0.5)[:, axis] for axis in (0, 1))
            box = torch.stack([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).float()
            boxes, labels = box.repeat(3, 1), torch.tensor([3, 1, 2])
            answers.append({"boxes": boxes, "labels": labels, "scores": torch.tensor([0.3, 0.9, 0.8])})
        return answers


class Weights:
    meta = {"categories": ["__background__", "person", "zebra", "couch"]}  # noqa: RUF012

    def transforms(self):
        return lambda picture: picture.float() / 255

    def __str__(self):
        return "Small_Weights.COCO_V1"


@pytest.fixture
def torchvision(monkeypatch):
    models = types.ModuleType("torchvision.models")
    models.detection = types.ModuleType("torchvision.models.detection")
    models.list_models = lambda module=None: ["small"] if module is models.detection else ["small", "resnet50"]
    models.get_model_weights = lambda name: types.SimpleNamespace(DEFAULT=Weights())
    models.get_model = lambda name, weights: Network()
    package = types.ModuleType("torchvision")
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)


def test_cocos_labels_become_vocs(torchvision):
    detector = load_detector("torchvision:small")
    image = np.zeros((40, 50, 3), np.uint8)
    image[10:20, 5:30] = 255
    found = detector(image)
    np.testing.assert_array_equal(found.boxes, [[5, 10, 30, 20]] * 2)
    assert [CLASSES[label] for label in found.labels] == ["person", "sofa"]
    np.testing.assert_allclose(found.scores, [0.9, 0.3], rtol=1e-6)
    assert (detector.name, detector.fingerprint) == ("small", "Small_Weights.COCO_V1")


def test_a_classifier_is_no_detector(torchvision):
    with pytest.raises(ModelError, match="torchvision:resnet50: no such detector; choose one of small"):
        load_detector("torchvision:resnet50")


def test_without_torchvision_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ModelError, match="pip install torchvision"):
        load_detector("torchvision:fasterrcnn_resnet50_fpn_v2")
