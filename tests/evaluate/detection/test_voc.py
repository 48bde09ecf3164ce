import numpy as np
import pytest

from artifix.errors import DataError
from artifix.evaluate.detection.voc import CLASSES, load_devkit

CAT = ("cat", 0, (1, 1, 50, 40))


def test_boxes_are_edges(make_devkit):
    devkit = load_devkit(make_devkit({"a": [CAT, ("dog", 1, (128, 96, 128, 96))]}))
    (picture,) = devkit.pictures
    np.testing.assert_array_equal(picture.boxes, [[0, 0, 50, 40], [127, 95, 128, 96]])
    assert [CLASSES[label] for label in picture.labels] == ["cat", "dog"]
    assert picture.difficult.tolist() == [False, True]
    assert picture.positives == {"cat": 1}
    assert (picture.name, devkit.name, devkit.left_out) == ("a.jpg", "devkit", ())


def test_a_picture_may_be_empty(make_devkit):
    picture, _ = load_devkit(make_devkit({"a": [], "b": [CAT]})).pictures
    assert picture.boxes.shape == (0, 4)
    assert picture.positives == {}


def test_whatever_cannot_be_used_is_named_and_the_rest_is_used(make_devkit):
    objects = [CAT, ("unicorn", 0, (1, 1, 9, 9)), ("dog", 0, (100, 90, 140, 99)), ("car", 0, (300, 1, 310, 9))]
    folder = make_devkit({stem: [CAT] for stem in ("fine", "bare", "torn", "broken", "turned")} | {"odd": objects})
    (folder / "Annotations/bare.xml").unlink()
    (folder / "Annotations/torn.xml").write_text("<annotation><object>")
    (folder / "JPEGImages/broken.jpg").write_bytes(b"no picture")
    text = (folder / "Annotations/turned.xml").read_text()
    (folder / "Annotations/turned.xml").write_text(text.replace(">128<", ">96<").replace(">96</height", ">128</height"))
    (folder / "ImageSets/Main/test.txt").write_text("fine\nbare\ntorn\nbroken\nturned\nodd\nmissing\n")
    (folder / "Annotations/missing.xml").write_text((folder / "Annotations/fine.xml").read_text())

    devkit = load_devkit(folder)
    assert [picture.name for picture in devkit.pictures] == ["fine.jpg", "odd.jpg"]
    np.testing.assert_array_equal(devkit.pictures[1].boxes, [[0, 0, 50, 40], [99, 89, 128, 96]])
    told = {line.split(":")[0]: line for line in devkit.left_out}
    assert "cannot be read (No such file or directory)" in told["Annotations/bare.xml"]
    assert "no XML" in told["Annotations/torn.xml"]
    assert "JPEGImages/broken.jpg" in told
    assert "the picture is 128x96, its annotation says 96x128" in told["JPEGImages/turned.jpg"]
    assert "JPEGImages/missing.jpg" in told
    assert [line for line in devkit.left_out if "odd" in line] == [
        "Annotations/odd.xml: object 2 is of the unknown class 'unicorn', left out",
        "Annotations/odd.xml: object 3 (dog) lies partly outside of the picture, cut at its border",
        "Annotations/odd.xml: object 4 (car) lies outside of the picture, left out",
    ]
    assert len(devkit.left_out) == 8


def test_nothing_to_be_found_is_refused(make_devkit):
    with pytest.raises(DataError, match="none of its 2 test pictures has an object to be found"):
        load_devkit(make_devkit({"a": [], "b": [("cat", 1, (1, 1, 50, 40))]}))


@pytest.mark.parametrize(
    ("listing", "told"),
    [
        ("\ufeffa\nmy photo\n", []),
        ("a  1\nmy photo\t-1\n", []),
        ("a\r\n\r\nmy photo \r\n", []),
        ("a\nmy photo\na 0\n", ["ImageSets/Main/test.txt: 'a' is listed 2 times, used once"]),
    ],
)
def test_a_list_has_one_name_a_line(make_devkit, listing, told):
    folder = make_devkit({"a": [CAT], "my photo": [CAT]})
    (folder / "ImageSets/Main/test.txt").write_text(listing, encoding="utf-8")
    devkit = load_devkit(folder)
    assert [picture.name for picture in devkit.pictures] == ["a.jpg", "my photo.jpg"]
    assert list(devkit.left_out) == told


def test_a_name_may_end_like_a_flag(make_devkit):
    (picture,) = load_devkit(make_devkit({"photo 1": [CAT]})).pictures
    assert picture.name == "photo 1.jpg"


@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".png"])
def test_pictures_of_other_suffixes(make_devkit, suffix):
    folder = make_devkit({"a": [CAT]})
    (folder / "JPEGImages/a.jpg").rename(folder / f"JPEGImages/a{suffix}")
    devkit = load_devkit(folder)
    assert ([picture.name for picture in devkit.pictures], devkit.left_out) == ([f"a{suffix}"], ())


@pytest.mark.parametrize("encoding", ["GBK", "foo"])
def test_an_encoding_that_is_not_read_is_named(make_devkit, encoding):
    folder = make_devkit({"a": [CAT], "b": [CAT]})
    path = folder / "Annotations/a.xml"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?>{path.read_text()}')
    (line,) = load_devkit(folder).left_out
    assert line.startswith("Annotations/a.xml: the annotation is no XML (")


def test_a_size_may_have_blanks_around_it(make_devkit):
    folder = make_devkit({"a": [CAT]})
    path = folder / "Annotations/a.xml"
    path.write_text(path.read_text().replace(">128<", "> 128\n<"))
    assert load_devkit(folder).left_out == ()


@pytest.mark.parametrize("flag", ["true", "2", ""])
def test_difficult_is_0_or_1(make_devkit, flag):
    folder = make_devkit({"a": [("cat", 1, (1, 1, 50, 40))]})
    path = folder / "Annotations/a.xml"
    path.write_text(path.read_text().replace(">1</difficult", f"> {flag} </difficult"))
    devkit = load_devkit(folder)
    assert devkit.pictures[0].difficult.tolist() == [False]
    assert list(devkit.left_out) == [
        f"Annotations/a.xml: object 1 (cat) is difficult {flag!r}, neither 0 nor 1, taken as 0"
    ]


@pytest.mark.parametrize("edges", [("nan", 1, 9, 9), (1, 1, "inf", 9), (20, 1, 9, 9), (1, 9, 9, 8)])
def test_a_box_that_is_none_is_named(make_devkit, edges):
    devkit = load_devkit(make_devkit({"a": [CAT, ("dog", 0, edges)]}))
    assert len(devkit.pictures[0].boxes) == 1
    (line,) = devkit.left_out
    assert line.startswith("Annotations/a.xml: object 2 (dog) has no box (")


@pytest.mark.parametrize("box", ["<bndbox><xmin>1</xmin></bndbox>", "<bndbox><xmin>one</xmin></bndbox>", ""])
def test_an_object_without_a_box_is_named(make_devkit, box):
    folder = make_devkit({"a": [CAT]})
    path = folder / "Annotations/a.xml"
    path.write_text(path.read_text().replace("</annotation>", f"<object><name>cow</name>{box}</object></annotation>"))
    devkit = load_devkit(folder)
    assert len(devkit.pictures[0].boxes) == 1
    (line,) = devkit.left_out
    assert line.startswith("Annotations/a.xml: object 2 (cow) has no box (")


def test_the_fingerprint_is_of_pictures_and_annotations(make_devkit):
    first = load_devkit(make_devkit({"a": [CAT]})).fingerprint
    assert load_devkit(make_devkit({"a": [CAT]})).fingerprint == first
    assert load_devkit(make_devkit({"a": [("cat", 0, (1, 1, 50, 41))]})).fingerprint != first


def test_a_folder_that_is_no_devkit(tmp_path, make_devkit):
    with pytest.raises(DataError, match=r"test\.txt: not a VOC devkit"):
        load_devkit(tmp_path)
    folder = make_devkit({"a": [CAT]})
    (folder / "Annotations/a.xml").unlink()
    with pytest.raises(DataError, match=r"no picture of its test set can be used; the first: .*a\.xml"):
        load_devkit(folder)


@pytest.mark.data
def test_the_sample_set_is_read_whole(evaluation_data):
    devkit = load_devkit(evaluation_data / "coco128-voc")
    assert (len(devkit.pictures), sum(len(picture.boxes) for picture in devkit.pictures)) == (197, 967)
    assert devkit.left_out == ()
