"""Average precision, against the devkit's own code put into Python line by line, and against pycocotools."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from artifix.evaluate.detection.average_precision import Ranking, bootstrap_weights, match
from artifix.evaluate.detection.detectors import Detections
from artifix.evaluate.detection.voc import CLASSES, Annotated

CAT, DOG = CLASSES.index("cat"), CLASSES.index("dog")


def devkit(pictures, found, label):
    """VOCevaldet.m of the VOC2007 and VOC2012 devkits: 11-point and area under curve of one class."""
    entries = [
        (score, n, box) for n, seen in enumerate(found) for box, own, score in zip(*seen, strict=True) if own == label
    ]
    entries.sort(key=lambda entry: -entry[0])
    npos = sum(int(np.sum((p.labels == label) & ~p.difficult)) for p in pictures)
    det = [np.zeros(len(p.boxes), bool) for p in pictures]
    tp, fp = np.zeros(len(entries)), np.zeros(len(entries))
    for d, (_, i, edges) in enumerate(entries):
        bb = [edges[0] + 1, edges[1] + 1, edges[2], edges[3]]
        ovmax, jmax = -np.inf, -1
        for j, box in enumerate(pictures[i].boxes):
            if pictures[i].labels[j] != label:
                continue
            bbgt = [box[0] + 1, box[1] + 1, box[2], box[3]]
            bi = [max(bb[0], bbgt[0]), max(bb[1], bbgt[1]), min(bb[2], bbgt[2]), min(bb[3], bbgt[3])]
            iw, ih = bi[2] - bi[0] + 1, bi[3] - bi[1] + 1
            if iw > 0 and ih > 0:
                ua = (
                    (bb[2] - bb[0] + 1) * (bb[3] - bb[1] + 1)
                    + (bbgt[2] - bbgt[0] + 1) * (bbgt[3] - bbgt[1] + 1)
                    - iw * ih
                )
                if iw * ih / ua > ovmax:
                    ovmax, jmax = iw * ih / ua, j
        if ovmax >= 0.5:
            if not pictures[i].difficult[jmax]:
                if not det[i][jmax]:
                    tp[d] = 1
                    det[i][jmax] = True
                else:
                    fp[d] = 1
        else:
            fp[d] = 1
    fp, tp = np.cumsum(fp), np.cumsum(tp)
    counted = fp + tp > 0  # MATLAB's max leaves out the NaN of 0 / 0
    rec, prec = tp[counted] / npos, tp[counted] / (fp + tp)[counted]
    eleven = sum(max(prec[rec >= t / 10 - 1e-12], default=0) / 11 for t in range(11))
    mrec, mpre = np.concatenate([[0], rec, [1]]), np.concatenate([[0], prec, [0]])
    for i in range(len(mpre) - 2, -1, -1):
        mpre[i] = max(mpre[i], mpre[i + 1])
    i = np.flatnonzero(mrec[1:] != mrec[:-1]) + 1
    return float(np.sum((mrec[i] - mrec[i - 1]) * mpre[i])), float(eleven)


def ours(pictures, found, label, weights=None):
    outcomes = [match(seen, picture).get(CLASSES[label], []) for seen, picture in zip(found, pictures, strict=True)]
    seen = [(score, right, n) for n, outcome in enumerate(outcomes) for score, right in outcome]
    scores, right, images = np.array(seen, float).reshape(-1, 3).T
    wanted = np.array([picture.positives.get(CLASSES[label], 0) for picture in pictures])
    weights = np.ones((1, len(pictures)), np.float32) if weights is None else weights
    ranking = Ranking(scores, right.astype(bool), images.astype(int), wanted)
    return ranking.area_under_curve(weights), ranking.eleven_point(weights)


def random_boxes(rng, count, size=100):
    corners = rng.integers(0, size - 10, (count, 2))
    return np.hstack([corners, corners + rng.integers(5, 40, (count, 2))]).astype(float)


def random_scene(rng, crowded):
    """Pictures and what was found in them: some boxes near an object, twice at times, and some anywhere."""
    pictures, found = [], []
    for number in range(12):
        count = rng.integers(0, 8)
        if crowded:
            boxes = random_boxes(rng, count)
        else:  # one object in a cell of 60 x 60 pixels, so that no box can reach two of them
            cells = rng.permutation(9)[:count]
            boxes = random_boxes(rng, len(cells), 30).clip(0, 58) + np.stack([cells % 3, cells // 3] * 2, axis=1) * 60.0
        labels = rng.choice([CAT, DOG], len(boxes))
        pictures.append(Annotated(Path(f"{number}.jpg"), boxes, labels, rng.random(len(boxes)) < 0.2))
        near = np.repeat(boxes, rng.integers(0, 3, len(boxes)), axis=0)
        near = near + rng.integers(-4, 5, near.shape)
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        seen = np.vstack([near, random_boxes(rng, 5, 180)])
        # Scores of five decimals, as they are kept, no two alike.
        scores = (rng.permutation(10_000)[: len(seen)] * 12 + number) / 120_000
        found.append(Detections(seen, rng.choice([CAT, DOG], len(seen)), np.round(scores, 5)))
    return pictures, found


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_devkits(seed):
    pictures, found = random_scene(np.random.default_rng(seed), crowded=True)
    for label in (CAT, DOG):
        auc, eleven_point = ours(pictures, found, label)
        assert (auc[0], eleven_point[0]) == pytest.approx(devkit(pictures, found, label), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_pycocotools_has(seed):
    """With objects too far apart for one box to reach two, COCO's assignment is VOC's; its recall points are set."""
    coco, cocoeval = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    pictures, found = random_scene(np.random.default_rng(seed), crowded=False)
    annotations, seen = [], []
    for n, (picture, detections) in enumerate(zip(pictures, found, strict=True)):
        for box, label, difficult in zip(picture.boxes, picture.labels, picture.difficult, strict=True):
            x, y, w, h = *box[:2], *(box[2:] - box[:2])
            # COCO leaves aside objects whose area is out of range, as VOC does difficult ones.
            annotation = {"id": len(annotations) + 1, "image_id": n, "category_id": int(label), "bbox": [x, y, w, h]}
            annotations.append(annotation | {"area": 1e9 if difficult else 1.0, "iscrowd": 0})
        for box, label, score in zip(*detections, strict=True):
            x, y, w, h = *box[:2], *(box[2:] - box[:2])
            seen.append({"image_id": n, "category_id": int(label), "bbox": [x, y, w, h], "score": float(score)})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": n} for n in range(len(pictures))],
            "categories": [{"id": label} for label in (CAT, DOG)],
            "annotations": annotations,
        }
        truth.createIndex()
        for label in (CAT, DOG):
            wanted = sum(int(np.sum((p.labels == label) & ~p.difficult)) for p in pictures)
            for points, measured in (
                (np.arange(1, wanted + 1) / wanted, ours(pictures, found, label)[0]),
                (np.arange(11) / 10, ours(pictures, found, label)[1]),
            ):
                run = cocoeval.COCOeval(truth, truth.loadRes(seen), "bbox")
                run.params.iouThrs, run.params.maxDets = np.array([0.5]), [1000]
                run.params.areaRng, run.params.areaRngLbl = [[0, 1e8]], ["all"]
                run.params.recThrs, run.params.catIds = points - 1e-9, [label]
                run.evaluate()
                run.accumulate()
                assert measured[0] == pytest.approx(run.eval["precision"].mean(), abs=1e-9)


def test_weighting_an_image_twice_is_having_it_twice():
    pictures, found = random_scene(np.random.default_rng(1), crowded=True)
    weights = bootstrap_weights(len(pictures), 20)
    assert weights.shape == (22, 12)
    assert (weights[0] == 1).all()
    np.testing.assert_allclose(weights[1], weights[2:].mean(axis=0))
    np.testing.assert_allclose(weights.sum(axis=1), 12, rtol=1e-6)
    weights = weights[2:]
    areas, eleven_points = ours(pictures, found, CAT, weights)
    for row, counts in enumerate(weights):
        chosen = np.repeat(np.arange(12), counts.astype(int))
        auc, eleven_point = ours([pictures[n] for n in chosen], [found[n] for n in chosen], CAT)
        assert areas[row] == pytest.approx(auc[0])
        assert eleven_points[row] == pytest.approx(eleven_point[0])


def test_a_large_bootstrap_is_taken_in_parts(monkeypatch):
    pictures, found = random_scene(np.random.default_rng(2), crowded=True)
    weights = bootstrap_weights(len(pictures), 20)
    whole = ours(pictures, found, DOG, weights)
    monkeypatch.setattr("artifix.evaluate.detection.average_precision._CHUNK", 100)
    np.testing.assert_array_equal(ours(pictures, found, DOG, weights), whole)


def test_a_difficult_object_counts_neither_way():
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], float)
    picture = Annotated(Path("a.jpg"), boxes, np.array([CAT, CAT]), np.array([False, True]))
    found = Detections(boxes[[1, 1, 0]], np.array([CAT] * 3), np.array([0.9, 0.8, 0.7]))
    assert match(found, picture) == {"cat": [(0.7, 1)]}
    assert match(Detections(boxes[[0, 0]], np.array([CAT, DOG]), np.array([0.4, 0.6])), picture) == {
        "dog": [(0.6, 0)],
        "cat": [(0.4, 1)],
    }


def test_the_second_to_come_is_wrong_even_where_another_object_is_free():
    """VOC's rule, unlike COCO's: a detection belongs to the object that it overlaps most, taken or not."""
    picture = Annotated(
        Path("a.jpg"), np.array([[0.0, 0, 10, 10], [0, 0, 10, 8]]), np.array([CAT, CAT]), np.zeros(2, bool)
    )
    found = Detections(np.array([[0.0, 0, 10, 10], [0, 0, 10, 9.5]]), np.array([CAT, CAT]), np.array([0.9, 0.8]))
    assert match(found, picture) == {"cat": [(0.9, 1), (0.8, 0)]}


def test_bounds():
    pictures, _ = random_scene(np.random.default_rng(3), crowded=False)
    perfect = [Detections(p.boxes, p.labels, np.full(len(p.boxes), 0.5)) for p in pictures]
    blind = [Detections(p.boxes[:0], p.labels[:0], np.zeros(0)) for p in pictures]
    assert np.ravel(ours(pictures, perfect, CAT)) == pytest.approx([1, 1])
    assert np.ravel(ours(pictures, blind, CAT)).tolist() == [0, 0]
    assert np.isnan(ours(pictures, perfect, CLASSES.index("cow"))).all()
