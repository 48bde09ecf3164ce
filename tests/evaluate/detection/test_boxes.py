import numpy as np
import pytest

from artifix.evaluate.detection.boxes import overlap, suppress


def test_overlap():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 4, 4], [3, 3, 3, 3]], float)
    np.testing.assert_allclose(overlap(boxes[0], boxes), [1, 1 / 3, 0, 0.04, 0])
    for box in boxes:  # symmetric
        assert overlap(box, boxes[:1])[0] == pytest.approx(overlap(boxes[0], box[None])[0])


def test_the_weaker_of_two_of_a_kind_goes():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9], [20, 20, 30, 30]], float)
    scores, labels = np.array([0.5, 0.9, 0.8, 0.1]), np.array([1, 1, 2, 1])
    np.testing.assert_array_equal(suppress(boxes, scores, labels, 0.45), [1, 2, 3])
    np.testing.assert_array_equal(suppress(boxes, scores, labels, 0.95), [1, 2, 0, 3])
    assert suppress(boxes[:0], scores[:0], labels[:0], 0.5).shape == (0,)


def test_what_was_suppressed_suppresses_nothing():
    boxes = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], float)
    kept = suppress(boxes, np.array([0.9, 0.8, 0.7]), np.zeros(3, int), 0.4)
    np.testing.assert_array_equal(kept, [0, 2])
