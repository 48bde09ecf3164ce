import json

import numpy as np
import pytest

from artifix.errors import ModelError
from artifix.evaluate.detection.detectors import MIN_SCORE, load_detector
from artifix.evaluate.detection.onnx_detector import METADATA_KEY
from artifix.evaluate.detection.voc import CLASSES

onnx = pytest.importorskip("onnx")


@pytest.fixture
def make_detector(tmp_path):
    """make_detector(outputs, card=None, size=(64, 48)) -> an .onnx file that answers any picture with these arrays.

    A further output `brightness`, if it is named, is the mean of the input, so that the input is looked at.
    """

    def make(outputs, card=None, size=(64, 48)):
        from onnx import TensorProto, helper, numpy_helper

        nodes, inits, infos = [], [], []
        for name, values in outputs.items():
            array = np.asarray(values, np.int64 if name == "labels" else np.float32)
            inits.append(numpy_helper.from_array(array, f"{name}_values"))
            if name == "scores":  # what is seen is as sure as the picture is bright
                nodes.append(helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0))
                nodes.append(helper.make_node("Mul", ["scores_values", "mean"], ["scores"]))
            else:
                nodes.append(helper.make_node("Identity", [f"{name}_values"], [name]))
            kind = TensorProto.INT64 if name == "labels" else TensorProto.FLOAT
            infos.append(helper.make_tensor_value_info(name, kind, array.shape))
        shape = (1, 3, size[1], size[0]) if size else (1, 3, "h", "w")
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
        graph = helper.make_graph(nodes, "detector", [image], infos, inits)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        if card is not None:
            helper.set_model_props(model, {METADATA_KEY: json.dumps(card) if isinstance(card, dict) else card})
        path = tmp_path / "detector.onnx"
        onnx.save(model, path)
        return path

    return make


WHITE = np.full((96, 128, 3), 255, np.uint8)


def scores_of(*pairs):
    """(N, 20): for each box the class that it is of, and how sure it is."""
    scores = np.zeros((len(pairs), 20))
    for row, (name, score) in enumerate(pairs):
        scores[row, CLASSES.index(name)] = score
    return scores


def test_relative_boxes_with_scores_for_each_class(make_detector):
    boxes = [[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.51], [0.25, 0.5, 2, 1], [0, 0, 1, 1]]
    scores = scores_of(("dog", 0.9), ("dog", 0.8), ("cat", 0.7), ("cow", MIN_SCORE / 2))
    found = load_detector(make_detector({"boxes": boxes, "scores": scores}))(WHITE)
    np.testing.assert_allclose(found.boxes, [[0, 0, 64, 48], [32, 48, 128, 96]])
    assert [CLASSES[label] for label in found.labels] == ["dog", "cat"]
    np.testing.assert_allclose(found.scores, [0.9, 0.7])


def test_labels_by_the_card_with_coco_names_turned_into_vocs(make_detector):
    card = {"classes": ["background", "tv", "zebra", "couch"], "boxes": "pixels", "nms": None}
    path = make_detector({"boxes": [[[8, 0, 16, 24]] * 3], "labels": [[1, 2, 3]], "scores": [[0.5, 0.9, 0.8]]}, card)
    found = load_detector(path)(WHITE)
    assert [CLASSES[label] for label in found.labels] == ["sofa", "tvmonitor"]
    np.testing.assert_allclose(found.boxes, [[16, 0, 32, 48]] * 2)


def test_a_letterbox_keeps_proportions_and_is_undone(make_detector):
    # 128x96 in 64x64: 64x48, with eight rows of grey above and below.
    outputs = {"boxes": [[0, 8, 32, 32], [0, 0, 64, 64]], "scores": scores_of(("dog", 1), ("cat", 1))}
    path = make_detector(outputs, {"resize": "letterbox", "boxes": "pixels"}, size=(64, 64))
    found = load_detector(path)(WHITE)
    np.testing.assert_allclose(found.boxes, [[0, 0, 64, 48], [0, 0, 128, 96]])
    np.testing.assert_allclose(found.scores, (48 + 16 * 114 / 255) / 64, rtol=1e-5)


def test_an_input_of_any_size_takes_the_picture_as_it_is(make_detector):
    outputs = {"boxes": [[10, 20, 30, 40]], "scores": scores_of(("dog", 1))}
    found = load_detector(make_detector(outputs, {"boxes": "pixels"}, size=None))(WHITE // 2)
    np.testing.assert_allclose(found.boxes, [[10, 20, 30, 40]])
    np.testing.assert_allclose(found.scores, 127 / 255, rtol=1e-5)


def test_nothing_seen_is_no_boxes(make_detector):
    path = make_detector({"boxes": [[0, 0, 1, 1]], "scores": scores_of(("dog", 1))})
    found = load_detector(path)(WHITE * 0)
    assert (found.boxes.shape, found.labels.shape, found.scores.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize(
    ("outputs", "card", "message"),
    [
        ({"boxes": [[0, 0, 1, 1]], "logits": [[1.0]]}, None, r"not a detector, its outputs are boxes, logits"),
        ({"boxes": [[0, 0, 1, 1]], "scores": [[1.0]]}, "{", "its card cannot be read"),
        ({"boxes": [[0, 0, 1, 1]], "scores": [[1.0]]}, {"size": 3}, "its card cannot be read"),
        ({"boxes": [[0, 0, 1, 1]], "scores": [[1.0]]}, {"resize": "crop"}, "its card has resize 'crop'"),
    ],
)
def test_another_file_is_refused_with_what_it_has(make_detector, outputs, card, message):
    with pytest.raises(ModelError, match=rf"detector\.onnx: {message}"):
        load_detector(make_detector(outputs, card))


def test_a_class_that_the_card_does_not_name(make_detector):
    path = make_detector({"boxes": [[0, 0, 1, 1]], "labels": [7], "scores": [1.0]}, {"classes": ["dog"]})
    with pytest.raises(ModelError, match="a detection of class 7, its card names 1"):
        load_detector(path)(WHITE)


@pytest.mark.parametrize(
    ("name", "message"), [("yolo", "no such detector"), ("gone.onnx", "No such file"), ("broken.onnx", "as ONNX")]
)
def test_what_is_no_detector(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=f"{name}: .*{message}"):
        load_detector(name)
