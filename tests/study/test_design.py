import json

import numpy as np
import pytest
from PIL import Image

from artifix.codecs import degrade
from artifix.errors import DataError, ModelError, OutputError
from artifix.evaluate.methods import JPEG, Method
from artifix.image import read_image
from artifix.study.design import create_study, estimate_minutes, read_design
from artifix.study.order import REFERENCE, WORST, Controls
from artifix.study.pictures import find_compressed, picture_path, uniform_png


def test_the_pictures_are_what_the_design_says(make_study, pictures):
    study = make_study(images=3)
    design = read_design(study)
    assert len({image.name for image in (design.training, *design.images)}) == 4
    for image in (design.training, *design.images):
        original = read_image(pictures / image.name)
        degraded = degrade(original, quality=20)
        shown = {name: read_image(picture_path(study, file)) for name, file in image.tests.items()}
        assert np.array_equal(read_image(picture_path(study, image.original)), original)
        assert np.array_equal(shown["jpeg"], degraded)
        assert np.array_equal(shown["brighter"], np.minimum(degraded, 245) + 10)
        assert (image.height, image.width) == original.shape[:2]
    assert design.methods == {"jpeg": "", "brighter": "10"}


def test_the_seed_chooses(pictures, tmp_path):
    def names(folder, seed):
        design = create_study(pictures, [JPEG], tmp_path / folder, images=5, seed=seed)
        return [image.name for image in design.images]

    assert names("a", 1) == names("b", 1) != names("c", 2)


def test_files_tell_nothing(make_study):
    study = make_study(images=6)
    design = read_design(study)
    files = {path.stem: path for path in (study / "pictures").iterdir()}
    assert len(files) == 7 * 3 + 2  # the best and the worst, for practice
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in files)
    for image in design.images:
        sizes = {files[name].stat().st_size for name in (image.original, *image.tests.values())}
        assert len(sizes) == 1


def test_equal_sizes_whatever_is_in_them():
    flat = np.zeros((301, 203, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, flat.shape, dtype=np.uint8)
    assert len(uniform_png(flat)) == len(uniform_png(noise))


def test_half_an_hour(pictures, tmp_path):
    assert estimate_minutes(100 + 4) == pytest.approx(21.8)  # the paper's: about 20
    with pytest.raises(ValueError, match=r"take a rater about 32 minutes, more than the 30 of BT\.500"):
        create_study(pictures, [JPEG], tmp_path / "long", images=150)
    assert not (tmp_path / "long").exists()


def test_what_cannot_be_made(pictures, make_study, tmp_path):
    study = make_study()
    with pytest.raises(OutputError, match="exists already"):
        create_study(pictures, [JPEG], study, images=2)
    with pytest.raises(DataError, match="has 16 pictures; 16 and one for practice are needed"):
        create_study(pictures, [JPEG], tmp_path / "new", images=16)
    with pytest.raises(ModelError, match="two methods have the same name"):
        create_study(pictures, [JPEG, JPEG], tmp_path / "new", images=2)
    with pytest.raises(OutputError, match="cannot be written"):
        create_study(pictures, [JPEG], study / "study.json" / "new", images=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study"]


@pytest.mark.parametrize("text", [None, "[]", "{}", '{"training": 1}', '"text"'])
def test_what_is_no_study(tmp_path, text):
    if text:
        (tmp_path / "study.json").write_text(text)
    with pytest.raises(DataError, match="no study"):
        read_design(tmp_path)


def test_grey_pictures_are_shown_as_grey(tmp_path):
    (tmp_path / "data").mkdir()
    for number in range(2):
        Image.effect_noise((32, 32), 40 + number).save(tmp_path / "data" / f"{number}.png")
    design = create_study(tmp_path / "data", [JPEG], tmp_path / "study", images=1)
    for name in (design.images[0].original, design.images[0].tests["jpeg"]):
        assert np.ptp(read_image(picture_path(tmp_path / "study", name)), axis=2).max() == 0


def test_originals_that_are_jpegs_or_once_were_are_named(photograph, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    Image.fromarray(photograph).save(folder / "jpeg.jpg", quality=90)
    Image.fromarray(degrade(photograph, quality=20)).save(folder / "once.png")
    Image.fromarray(photograph).save(folder / "clean.png")
    design = create_study(folder, [JPEG], tmp_path / "study", images=2)
    found = find_compressed(folder, design.by_name)
    assert set(found) == {"jpeg.jpg", "once.png"}
    assert "once a JPEG" in found["once.png"]


def test_practice_spans_the_range(make_study):
    study = make_study()
    design = read_design(study)
    best = read_image(picture_path(study, design.training.tests[REFERENCE]))
    original = read_image(picture_path(study, design.training.original))
    assert np.array_equal(best, original)
    error = {
        name: np.abs(read_image(picture_path(study, file)).astype(int) - original).mean()
        for name, file in design.training.tests.items()
    }
    assert max(error, key=error.get) == WORST
    assert {trial.method for trial in design.order_of(1) if trial.kind == "practice"} == set(design.training.tests)


def test_a_hidden_reference_is_the_original_by_another_name(make_study):
    study = make_study(controls=Controls(hidden_reference=True))
    design = read_design(study)
    assert design.conditions == ["jpeg", "brighter", REFERENCE]
    assert design.trials == 2 * 3
    for image in design.images:
        assert image.tests[REFERENCE] != image.original
        files = (picture_path(study, name) for name in (image.tests[REFERENCE], image.original))
        assert len({file.read_bytes() for file in files}) == 1


def test_pairs_are_of_every_two(make_study):
    design = read_design(make_study(procedure="pairs", controls=Controls(hidden_reference=True, repeats=1, checks=1)))
    assert design.shown == [("jpeg", "brighter"), ("jpeg", REFERENCE), ("brighter", REFERENCE)]
    assert design.trials == 2 * 3 + 2
    order = design.order_of(1)
    assert len(order) == design.trials + len(design.practice)
    for trial in order:
        image = design.by_name[trial.image]
        assert {trial.method, trial.other} <= set(image.tests)


@pytest.mark.parametrize(
    ("procedure", "method", "score", "passed"),
    [
        ("continuous", WORST, 49.9, True),
        ("continuous", WORST, 50, False),
        ("dsis", REFERENCE, 4, True),
        ("dsis", REFERENCE, 3, False),
        ("acr", WORST, 2, True),
        ("acr", WORST, 3, False),
        ("pairs", REFERENCE, 1, True),  # the original is on the left, and so chosen
        ("pairs", REFERENCE, 0, False),
        ("pairs", WORST, 0, True),
        ("pairs", WORST, 1, False),
    ],
)
def test_who_passes_a_check(make_study, procedure, method, score, passed):
    assert read_design(make_study(procedure=procedure)).passes(method, score) is passed


def test_a_pair_needs_two(pictures, tmp_path):
    with pytest.raises(ValueError, match="needs two methods"):
        create_study(pictures, [JPEG], tmp_path / "new", images=2, procedure="pairs")
    with pytest.raises(ModelError, match="names that a study uses itself"):
        create_study(pictures, [Method(WORST, JPEG.restore)], tmp_path / "new", images=2)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(DataError, match="no study in it"):
        read_design(tmp_path)


def test_a_study_of_an_earlier_version_is_refused(make_study):
    study = make_study()
    values = json.loads((study / "study.json").read_text())
    del values["controls"]
    (study / "study.json").write_text(json.dumps(values))
    with pytest.raises(DataError, match="no study that this version"):
        read_design(study)
