import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from artifix.image import losses, read_picture, write_picture
from artifix.image.jpeg import tables_of
from artifix.jpeg.quantisation import quantisation_tables as standard


@pytest.mark.parametrize(("mode", "components"), [("L", [0]), ("RGB", [0, 1, 1])])
def test_a_jpeg_keeps_the_tables_of_its_components(tmp_path, photograph, mode, components):
    path = tmp_path / "picture.jpg"
    Image.fromarray(photograph).convert(mode).save(path, quality=30)
    luma, chroma = standard()[29].tolist()
    tables = tuple(tuple((luma, chroma)[which]) for which in components)
    assert read_picture(path).tables == tables_of(path.read_bytes()) == tables


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_other_formats_have_none(tmp_path, photograph, suffix):
    path = tmp_path / f"picture{suffix}"
    Image.fromarray(photograph).save(path)
    assert read_picture(path).tables is tables_of(path.read_bytes()) is None


def test_what_is_no_picture_has_none(photograph):
    file = io.BytesIO()
    Image.fromarray(photograph).save(file, "JPEG")
    whole = file.getvalue()
    assert tables_of(whole)
    for broken in (b"", whole[:30], whole[2:]):  # within the first segment, and without a start
        assert tables_of(broken) is None


def test_they_are_not_written(tmp_path, photograph):
    path = tmp_path / "picture.jpg"
    Image.fromarray(photograph).save(path, quality=30)
    picture = read_picture(path)
    written = [tmp_path / "with.jpg", tmp_path / "without.jpg"]
    for file, tables in zip(written, (picture.tables, None), strict=True):
        write_picture(file, dataclasses.replace(picture, tables=tables))
    assert written[0].read_bytes() == written[1].read_bytes()
    assert np.not_equal(read_picture(written[0]).tables, picture.tables).any()


@pytest.mark.parametrize("quality", [30, 97, 100])
@pytest.mark.parametrize("grey", [False, True])
def test_a_jpeg_is_written_nowhere_coarser_than_it_was_read(photograph, tmp_path, quality, grey):
    Image.fromarray(photograph[..., 0] if grey else photograph).save(tmp_path / "in.jpg", quality=quality)
    picture = read_picture(tmp_path / "in.jpg")
    write_picture(tmp_path / "out.jpg", picture)
    own, written = (np.array(each.tables) for each in (picture, read_picture(tmp_path / "out.jpg")))
    default = standard()[94][: 1 if grey else 2]
    assert (written == np.minimum(own, default[[0] if grey else [0, 1, 1]])).all()
    said = losses(tmp_path / "out.jpg", picture)
    assert said == ("lossy JPEG, quality 95" + (", or finer as the input is" if quality > 95 else ""),)
    write_picture(tmp_path / "out.jpg", picture, quality=50, overwrite=True)
    assert (read_picture(tmp_path / "out.jpg").tables[0] == standard()[49][0]).all()
