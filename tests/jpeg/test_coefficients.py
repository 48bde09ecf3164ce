import random
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from artifix.errors import ImageError
from artifix.image import read_picture
from artifix.jpeg import read_coefficients
from artifix.jpeg.intervals import decoded

SAMPLING = {
    "4-1-1": [(1, 1), (1, 4), (1, 4)],
    "4-4-0": [(1, 1), (2, 1), (2, 1)],
    "4-1-0": [(1, 1), (2, 4), (2, 4)],
    "odd": [(1, 1), (1, 2), (2, 1)],
    "arithmetic": [(1, 1), (2, 2), (2, 2)],
    "restart": [(1, 1), (2, 2), (2, 2)],
    "rgb": [(1, 1), (1, 1), (1, 1)],
}


@pytest.mark.parametrize("name", SAMPLING)
def test_the_sampling_and_the_space_are_the_files_own(files, name):
    coefficients = read_picture(files / f"{name}.jpg").coefficients
    assert (coefficients.height, coefficients.width) == (39, 53)
    assert [(each.down, each.across) for each in coefficients.components] == SAMPLING[name]
    assert coefficients.space == ("RGB" if name == "rgb" else "YCbCr")


@pytest.mark.parametrize("quality", [5, 60, 100])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_coefficients_are_those_that_decode_to_the_picture(photograph, coded, quality, progressive):
    """Grey, so that nothing is between the coefficients and the samples but rounding and clipping."""
    picture = coded(photograph[..., 1], quality, progressive=progressive)
    (component,) = picture.coefficients.components
    samples = decoded(component.quantised[None], component)[0].clip(0, 255)
    assert np.abs(samples - picture.pixels).max() < 0.6  # libjpeg's transform is of integers


def test_what_has_no_coefficients(photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "a.png")
    Image.fromarray(photograph).convert("CMYK").save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.png").coefficients is None
    assert read_picture(tmp_path / "a.jpg").coefficients is None


def test_a_file_that_contradicts_its_header_is_refused(files):
    path = files / "4-4-0.jpg"
    with Image.open(path) as file:
        tables, size = file.quantization, file.size
    assert read_coefficients(path, size, "YCbCr", tables).width == 53
    other = tables | {0: [step + 1 for step in tables[0]]}
    for changed in ((size[::-1], "YCbCr", tables), (size, "L", tables), (size, "YCbCr", other)):
        with pytest.raises(ImageError, match=r"4-4-0\.jpg: its coefficients cannot be read"):
            read_coefficients(path, *changed)


def test_a_missing_reader_is_no_failure(files, monkeypatch):
    monkeypatch.setitem(sys.modules, "jpegio", None)
    picture = read_picture(files / "odd.jpg")
    assert picture.coefficients is None
    assert picture.pixels.shape == (39, 53, 3)


def test_strangers_files_end_in_coefficients_or_in_an_error(program, tmp_path):
    """In a process of its own, which must not die of any of them; tests/stress/fuzz.py has more."""
    mutations = program("mutations")
    originals = {name: data for name, data in mutations.seeds().items() if name.endswith(".jpg")}
    for number in range(150):
        (tmp_path / f"{number}.jpg").write_bytes(mutations.mutated(originals, random.Random(number))[1])
    code = f"""
from pathlib import Path
from artifix.errors import ImageError
from artifix.image import read_picture
from artifix.jpeg import read_coefficients
read = refused = 0
for path in sorted(Path({str(tmp_path)!r}).glob("*.jpg")):
    try:  # one that a picture was found in, and any at all
        read += read_picture(path, max_pixels=10**6).coefficients is not None
    except ImageError:
        try:
            read_coefficients(path, (83, 61), "YCbCr", {{}})
        except ImageError as error:
            assert "cannot be read" in str(error)
            refused += 1
print(read, refused)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    read, refused = map(int, done.stdout.split())
    assert read > 20
    assert refused > 20


def test_a_part_beyond_the_last_block_is_zeros(photograph, coded):
    component = coded(photograph[:61, :83]).coefficients.components[0]
    part = component.part(48, 64, 32, 32)
    assert part.shape == (32, 32)
    np.testing.assert_array_equal(part[:16, :24], component.quantised[48:, 64:])
    assert not part[16:].any()
    assert not part[:, 24:].any()


def test_the_unit_holds_whole_blocks_of_all_components(files):
    for name, sampling in SAMPLING.items():
        unit = read_picture(files / f"{name}.jpg").coefficients.unit
        assert unit == (8 * max(down for down, _ in sampling), 8 * max(across for _, across in sampling))
