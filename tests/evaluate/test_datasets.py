import pytest
from PIL import Image

from artifix.errors import DataError
from artifix.evaluate import datasets
from artifix.evaluate.datasets import load_dataset


def save(photograph, folder, *names):
    folder.mkdir()
    for shift, name in enumerate(names):
        Image.fromarray(photograph[shift:]).save(folder / name)
    return folder


def test_the_fingerprint_is_of_the_pixels_alone(photograph, tmp_path):
    first = load_dataset(save(photograph, tmp_path / "first", "a.png", "b.png"))
    renamed = load_dataset(save(photograph, tmp_path / "second", "z.png", "y.tif"))
    fewer = load_dataset(save(photograph, tmp_path / "third", "a.png"))
    assert first.fingerprint == renamed.fingerprint != fewer.fingerprint
    assert [path.name for path in renamed.paths] == ["y.tif", "z.png"]


def test_a_known_set_is_recognised_and_another_is_called_by_its_folder(photograph, tmp_path, monkeypatch):
    folder = save(photograph, tmp_path / "mine", "a.png", "b.png")
    found = load_dataset(folder)
    assert (found.name, found.exact) == ("mine", False)
    monkeypatch.setitem(datasets.KNOWN, found.fingerprint, "live1")
    assert (load_dataset(folder).name, load_dataset(folder).exact) == ("live1", True)
    image = photograph.copy()
    image[5, 5, 1] ^= 1
    Image.fromarray(image).save(folder / "a.png")
    assert not load_dataset(folder).exact


def test_folders_without_what_is_needed(photograph, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        load_dataset(tmp_path / "missing")
    with pytest.raises(DataError, match="no pictures"):
        load_dataset(tmp_path)
    Image.fromarray(photograph[:10]).save(tmp_path / "small.png")
    with pytest.raises(DataError, match=r"small\.png: 128x10"):
        load_dataset(tmp_path)


@pytest.mark.data
@pytest.mark.parametrize(("folder", "name", "count"), [("live1", "live1", 29), ("bsds500/val", "bsds500", 100)])
def test_the_evaluation_sets_are_exact(evaluation_data, folder, name, count):
    found = load_dataset(evaluation_data / folder)
    assert (found.name, found.exact, len(found.paths)) == (name, True, count)
