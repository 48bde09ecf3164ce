import json

import numpy as np
import pytest

from artifix.errors import ModelError
from artifix.evaluate.detection.detectors import MIN_SCORE
from artifix.evaluate.detection.load import load_detector
from artifix.evaluate.detection.onnx_detector import METADATA_KEY
from artifix.evaluate.detection.voc import CLASSES

onnx = pytest.importorskip("onnx")


@pytest.fixture
def make_detector(tmp_path):
    """make_detector(outputs, card=None, size=(64, 48)) -> an .onnx file that answers any picture with these arrays.

    Its scores are these by the mean of the input, so that the input is looked at. `shape` is the input's instead of
    (1, 3, height, width), `kind` its ONNX type.
    """

    def make(outputs, card=None, size=(64, 48), shape=None, kind=1):
        from onnx import TensorProto, helper, numpy_helper

        nodes, inits, infos = [], [], []
        for name, values in outputs.items():
            array = np.asarray(values, np.int64 if name == "labels" else np.float32)
            inits.append(numpy_helper.from_array(array, f"{name}_values"))
            if name == "scores":  # what is seen is as sure as the picture is bright
                nodes.append(helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT))
                nodes.append(helper.make_node("ReduceMean", ["floats"], ["mean"], keepdims=0))
                nodes.append(helper.make_node("Mul", ["scores_values", "mean"], ["scores"]))
            else:
                nodes.append(helper.make_node("Identity", [f"{name}_values"], [name]))
            type = TensorProto.INT64 if name == "labels" else TensorProto.FLOAT
            infos.append(helper.make_tensor_value_info(name, type, array.shape))
        shape = shape or ((1, 3, size[1], size[0]) if size else (1, 3, "h", "w"))
        image = helper.make_tensor_value_info("image", kind, shape)
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


ONE, SURE = [[0, 0, 1, 1]], scores_of(("dog", 1))


def test_other_outputs_are_refused_with_what_they_are(make_detector):
    path = make_detector({"boxes": ONE, "logits": [[1.0]]})
    message = (
        r"detector\.onnx: not a detector, its outputs are boxes\S* f32 \[1,4\], logits\S* f32 \[1,1\]; expected boxes"
    )
    with pytest.raises(ModelError, match=message):
        load_detector(path)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("{", "cannot be read"),
        ("[1]", "cannot be read"),
        ({"size": 3}, "cannot be read"),
        ({"resize": "crop"}, "has resize 'crop'"),
        ({"nms": 45}, "has nms 45, expected null or 0..1"),
        ({"nms": "0.45"}, "has nms '0.45', expected null or 0..1"),
        ({"classes": "dog"}, "has classes 'dog', expected a list of names"),
        ({"classes": [1, 2]}, r"has classes \[1, 2\], expected a list of names"),
        ({"classes": ["zebra"]}, "names no class that VOC has: zebra"),
    ],
)
def test_a_card_that_cannot_be_is_refused(make_detector, card, message):
    with pytest.raises(ModelError, match=rf"detector\.onnx: its card {message}"):
        load_detector(make_detector({"boxes": ONE, "scores": SURE}, card))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (1, 48, 64, 3)}, r"its inputs are image f32 \[1,48,64,3\]; expected one, \(1, 3, H, W\)"),
        ({"shape": (1, 1, 48, 64)}, "its inputs are"),
        ({"shape": (2, 3, 48, 64)}, "its inputs are"),
        ({"shape": (3, 64)}, "its inputs are"),
        ({"kind": 2}, r"its input is image u8 \[1,3,48,64\]; expected floats"),
    ],
)
def test_another_input_is_refused_with_what_it_is(make_detector, options, message):
    with pytest.raises(ModelError, match=rf"detector\.onnx: {message}"):
        load_detector(make_detector({"boxes": ONE, "scores": SURE}, **options))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"boxes": ONE, "labels": [0, 7, 25], "scores": [1.0]}, "not a detector"),
        ({"boxes": ONE * 2, "labels": [0, 25], "scores": [1.0, 0.9]}, "a detection of class 25, its card names 20"),
        ({"boxes": ONE * 2, "labels": [-1, 0], "scores": [1.0, 0.9]}, "a detection of class -1, its card names 20"),
        ({"boxes": ONE, "labels": [0], "scores": SURE}, r"it gave boxes \(1, 4\), labels \(1,\), scores \(1, 20\)"),
        ({"boxes": ONE * 3, "scores": SURE}, r"it gave boxes \(3, 4\), scores \(1, 20\); expected boxes \(N, 4\)"),
        ({"boxes": np.zeros((1, 4, 9)), "scores": np.zeros((1, 20, 9))}, r"it gave boxes \(1, 4, 9\)"),
        ({"boxes": ONE, "scores": SURE[:, :5]}, "scores of 5 classes, its card names 20"),
        ({"boxes": [[8, 0, 64, 48]], "scores": SURE}, "a box reaches 64, expected 0..1; are they in pixels"),
        ({"boxes": ONE, "scores": SURE * 90}, "a score of 90, expected 0..1"),
        ({"boxes": ONE, "scores": SURE * np.nan}, "a score of nan, expected 0..1"),
        ({"boxes": ONE, "scores": SURE - 0.1}, "a score of -0.1, expected 0..1"),
        ({"boxes": [[0, 0, 1, np.inf]], "scores": SURE}, "a box with the edges .*inf"),
        ({"boxes": [[np.nan, 0, 1, 1]], "scores": SURE}, "a box with the edges .*nan"),
    ],
)
def test_outputs_that_cannot_be_are_refused_with_what_they_are(make_detector, outputs, message):
    detector = load_detector(make_detector(outputs))
    with pytest.raises(ModelError, match=f"^detector: .*{message}"):
        detector(WHITE)


def test_an_edge_of_what_is_not_looked_at_may_be_anything(make_detector):
    outputs = {"boxes": [[0, 0, 1, 1], [np.nan] * 4], "labels": [11, -1], "scores": [0.9, 0.0]}
    assert len(load_detector(make_detector(outputs))(WHITE).boxes) == 1


def test_a_side_that_is_free_goes_with_the_other(make_detector):
    outputs = {"boxes": [[0, 0, 32, 24]], "scores": SURE}
    for shape in ((1, 3, 48, "w"), (1, 3, "h", 64)):
        found = load_detector(make_detector(outputs, {"boxes": "pixels"}, shape=shape))(WHITE)
        np.testing.assert_allclose(found.boxes, [[0, 0, 64, 48]])


def test_an_output_handed_on_from_another_name_keeps_its_own(make_detector):
    model = onnx.load(make_detector({"boxes": ONE, "scores": SURE}))
    for node in model.graph.node:
        node.output[:] = [f"a_{name}" if name in ("boxes", "scores") else name for name in node.output]
    for name in ("boxes", "scores"):
        model.graph.node.append(onnx.helper.make_node("Identity", [f"a_{name}"], [name]))
    model.graph.output[0].name, model.graph.output[1].name = "boxes", "scores"
    path = make_detector({"boxes": ONE, "scores": SURE})
    onnx.save(model, path)
    assert len(load_detector(path)(WHITE).boxes) == 1


@pytest.mark.parametrize("labels", [{}, {"labels": [11, 3]}])
def test_no_boxes_at_all_are_none(make_detector, labels):
    """As where the file suppresses and thresholds itself."""
    outputs = {"boxes": ONE * 2, "scores": [1.0, 0.9] if labels else np.repeat(SURE, 2, axis=0)} | labels
    model = onnx.load(make_detector(outputs, {"nms": None}))
    nodes, helper = model.graph.node, onnx.helper
    for node in nodes:
        node.output[:] = [f"all_{name}" if name in outputs else name for name in node.output]
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(2), "threshold"))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1]), "last"))
    best = "all_scores"
    if not labels:
        nodes.append(helper.make_node("ReduceMax", [best], ["best"], axes=[1], keepdims=0))
        best = "best"
    nodes.append(helper.make_node("Greater", [best, "threshold"], ["kept"]))
    for output in model.graph.output:
        nodes.append(helper.make_node("Compress", [f"all_{output.name}", "kept"], [output.name], axis=0))
        output.type.tensor_type.shape.dim[0].dim_param = "n"
    path = make_detector(outputs)
    onnx.save(model, path)
    found = load_detector(path)(WHITE)
    assert (found.boxes.shape, found.labels.shape, found.scores.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize(
    ("name", "message"), [("yolo", "no such detector"), ("gone.onnx", "No such file"), ("broken.onnx", "as ONNX")]
)
def test_what_is_no_detector(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=f"{name}: .*{message}"):
        load_detector(name)
