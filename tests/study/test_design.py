import numpy as np
import pytest
from PIL import Image

from artifix.codecs import degrade
from artifix.errors import DataError, ModelError, OutputError
from artifix.evaluate.methods import JPEG
from artifix.image import read_image
from artifix.study.design import create_study, estimate_minutes, find_compressed, picture_path, read_design, uniform_png


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
    assert len(files) == 7 * 3
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in files)
    for image in design.images:
        sizes = {files[name].stat().st_size for name in (image.original, *image.tests.values())}
        assert len(sizes) == 1


def test_equal_sizes_whatever_is_in_them():
    flat = np.zeros((301, 203, 3), np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, flat.shape, dtype=np.uint8)
    assert len(uniform_png(flat)) == len(uniform_png(noise))


def test_half_an_hour(pictures, tmp_path):
    assert estimate_minutes(50, 2) == pytest.approx(21.4)  # the paper's: about 20
    with pytest.raises(ValueError, match=r"take a rater about 31 minutes, more than the 30 of BT\.500"):
        create_study(pictures, [JPEG], tmp_path / "long", images=150)
    assert not (tmp_path / "long").exists()


def test_what_cannot_be_made(pictures, make_study, tmp_path):
    study = make_study()
    with pytest.raises(OutputError, match="exists already"):
        create_study(pictures, [JPEG], study, images=2)
    with pytest.raises(DataError, match="has 16 pictures; 16 and one for training are needed"):
        create_study(pictures, [JPEG], tmp_path / "new", images=16)
    with pytest.raises(ModelError, match="two methods of one name"):
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
    found = find_compressed(folder, design)
    assert set(found) == {"jpeg.jpg", "once.png"}
    assert "once a JPEG" in found["once.png"]
