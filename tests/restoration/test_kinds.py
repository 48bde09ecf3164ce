"""Whatever kind of image is given, the same kind comes back, restored alike."""

import copy
import dataclasses
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from artifix.errors import ImageError
from artifix.image.jpeg import coding_of
from artifix.restoration import Restorer, restore
from artifix.restoration.known import known_of

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def restorer(make_model):
    return Restorer(make_model(), engine="openvino", precision="fp32", force=True)


@pytest.fixture(scope="module")
def expected(restorer, photograph):
    return restorer.restore_image(photograph)


def encoded(image, format, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_the_same_picture_without_rounding(restorer, photograph, expected, dtype):
    restored = restorer.restore_image((photograph / 255).astype(dtype))
    assert restored.dtype == dtype
    assert restored.min() >= 0
    assert restored.max() <= 1
    np.testing.assert_allclose(restored.astype(float) * 255, expected, atol=0.75)
    fine = restorer.restore_image(photograph.astype(np.uint16) * np.uint16(257)) / 257
    np.testing.assert_allclose(restored.astype(float) * 255, fine, atol=0.3 if dtype == np.float16 else 0.01)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_shape_dtype_and_alpha_are_kept(restorer, photograph, dtype, channels):
    scale = {np.uint8: 1, np.uint16: 257, np.float32: np.float32(1 / 255)}[dtype]
    image = (photograph[:40, :48] * dtype(scale)).astype(dtype)
    image = np.dstack([image, image[..., 0]])[..., :channels] if channels else image[..., 0]
    before = image.copy()
    restored = restorer.restore_image(image)
    assert (restored.shape, restored.dtype) == (image.shape, image.dtype)
    assert not np.array_equal(restored, image)
    np.testing.assert_array_equal(image, before)
    if channels in (2, 4):
        np.testing.assert_array_equal(restored[..., -1], image[..., -1])


def test_colours_under_transparency_stay_and_do_not_bleed(restorer, photograph, expected):
    hidden = np.zeros(photograph.shape[:2], bool)
    hidden[:, 100:] = True
    image = np.dstack([np.where(hidden[..., None], 255 - photograph, photograph), np.where(hidden, 0, 255)])
    restored = restorer.restore_image(image.astype(np.uint8))
    np.testing.assert_array_equal(restored[hidden], image[hidden])
    np.testing.assert_array_equal(restored[:, :60, :3], expected[:, :60])  # beyond the network's reach of the edge


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_pillow_image_keeps_mode_and_info(restorer, photograph, mode):
    image = Image.fromarray(photograph).convert(mode)
    image.info |= {"icc_profile": PROFILE, "exif": b"Exif\0\0", "dpi": (300, 300)}
    restored = restorer.restore_image(image)
    assert (restored.mode, restored.size, restored.info) == (mode, image.size, image.info)
    np.testing.assert_array_equal(np.asarray(restored), restorer.restore_image(np.asarray(image)))


def test_sixteen_bits_and_palettes_of_pillow(restorer, photograph):
    deep = Image.fromarray(photograph[..., 0].astype(np.uint16) * np.uint16(257))
    assert restorer.restore_image(deep).mode == "I;16"
    palette = Image.fromarray(photograph).quantize(16)
    assert restorer.restore_image(palette).mode == "RGB"
    palette.info["transparency"] = 0
    restored = restorer.restore_image(palette)
    assert restored.mode == "RGBA"
    assert "transparency" not in restored.info
    np.testing.assert_array_equal(np.asarray(restored)[..., 3] == 0, np.asarray(palette) == 0)
    with pytest.raises(TypeError, match="CMYK"):
        restorer.restore_image(Image.new("CMYK", (8, 8)))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_network_is_told_the_tables_of_a_jpeg_that_pillow_opened(make_model, photograph, mode):
    heard = []

    class Engine:
        def __call__(self, batch, inside, known):
            heard.append(known[0].copy())
            return batch

        def __getattr__(self, name):
            return getattr(real, name)

    restorer = Restorer(make_model(), precision="fp32")
    real = restorer.load()
    restorer = restorer.running_on(Engine())
    file = encoded(np.asarray(Image.fromarray(photograph).convert(mode)), "JPEG", quality=20)
    image = Image.open(io.BytesIO(file))
    restorer.restore_image(image)
    restorer.restore_image(image.convert("RGBA"))  # of which Pillow no longer knows a table
    np.testing.assert_array_equal(heard[0], known_of(*coding_of(file)).vector())
    assert heard[0].any()
    assert not heard[1].any()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO])
def test_an_encoded_file_is_one_of_the_same_format_with_its_profile(restorer, photograph, tmp_path, format, wrap):
    file = encoded(photograph, format, icc_profile=PROFILE)
    restored = restorer.restore_image(wrap(file))
    assert isinstance(restored, bytes)
    opened = Image.open(io.BytesIO(restored))
    assert (opened.format, opened.size) == (format, (128, 96))
    assert opened.info["icc_profile"] == PROFILE
    (tmp_path / "in").write_bytes(file)
    restorer.restore_file(tmp_path / "in", tmp_path / f"out.{format.lower()}")
    assert restored == (tmp_path / f"out.{format.lower()}").read_bytes()


def test_a_broken_file_is_an_error_that_names_no_temporary_path(restorer):
    with pytest.raises(ImageError, match=r"^the picture: not a picture"):
        restorer.restore_image(b"no picture at all")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.bfloat16])
def test_a_tensor_is_a_tensor_of_the_same_type(restorer, photograph, expected, dtype):
    image = torch.from_numpy(photograph).permute(2, 0, 1)
    tensor = image if dtype == torch.uint8 else (image / 255).to(dtype)
    restored = restorer.restore_image(tensor.requires_grad_() if dtype == torch.float32 else tensor)
    assert (restored.dtype, restored.shape, restored.requires_grad) == (dtype, tensor.shape, False)
    values = restored.double().numpy().transpose(1, 2, 0) * (1 if dtype == torch.uint8 else 255)
    tolerance = {torch.uint8: 0, torch.bfloat16: 3}.get(dtype, 0.75)
    np.testing.assert_allclose(values, expected, atol=tolerance)


@pytest.mark.parametrize(
    "image",
    [
        *(None, 5, "photo.jpg", Path("photo.jpg"), [[1, 2], [3, 4]], io.StringIO("text")),
        *(np.zeros((4, 4), np.int64), np.zeros((4, 4), bool), torch.zeros(3, 4, 4, dtype=torch.int32)),
    ],
)
def test_another_kind_is_a_type_error_that_says_what_is_taken(restorer, image):
    with pytest.raises(TypeError, match=r"expected .*uint8"):
        restorer.restore_image(image)


@pytest.mark.parametrize(
    "image",
    [
        *(np.zeros((4, 4, 5), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4), np.zeros((1, 3, 4, 4))),
        *(np.full((4, 4), 255.0), np.full((4, 4), -0.1), np.full((4, 4), np.nan), torch.zeros(1, 3, 4, 4)),
    ],
)
def test_another_shape_or_range_is_a_value_error(restorer, image):
    with pytest.raises(ValueError, match="expected"):
        restorer.restore_image(image)


def test_restore_takes_the_same_kinds(make_model, photograph):
    image = restore(Image.fromarray(photograph), make_model(), strength=0.5)
    expected = restore(photograph, make_model(), strength=0.5)
    np.testing.assert_array_equal(np.asarray(image), expected)


def test_repr_is_the_call_that_makes_it(make_model):
    restorer = Restorer(str(make_model()), engine="openvino", precision="fp32", strength=0.5, bound="never")
    assert repr(Restorer()) == "Restorer()"
    assert repr(restorer).startswith(f"Restorer(model={str(make_model())!r}, ")
    assert eval(repr(restorer)) == restorer
    assert hash(eval(repr(restorer))) == hash(restorer)


def test_a_restorer_cannot_be_changed(make_model):
    restorer = Restorer(make_model())
    with pytest.raises(dataclasses.FrozenInstanceError):
        restorer.strength = 0.5
    half = dataclasses.replace(restorer, strength=0.5)
    assert (restorer.strength, half.strength) == (1, 0.5)
    assert half.load() is restorer.load()


def test_a_pickled_restorer_restores_the_same(make_model, photograph, mixed_model):
    restorer = Restorer(make_model(), strength=0.8, engine="openvino", precision="fp32")
    file = encoded(photograph, "JPEG", quality=20)
    for each in (restorer, restorer.for_file(file)):
        again = pickle.loads(pickle.dumps(each))
        assert again == each
        assert again.settings == each.settings
        np.testing.assert_array_equal(again.restore_image(photograph), each.restore_image(photograph))
    assert copy.copy(restorer).load() is restorer.load()


def test_a_program_with_numpy_and_pillow_passes_mypy_strict(tmp_path):
    """One that uses a wrong type, too: its lines are the errors, and no others."""
    (tmp_path / "program.py").write_text(
        """\
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import artifix

restorer = artifix.Restorer("mse", strength=0.5)
pixels: NDArray[np.uint8] = np.zeros((8, 8, 3), np.uint8)
restored: NDArray[np.uint8] = restorer.restore_image(pixels)
floats: NDArray[np.float32] = artifix.restore(np.zeros((8, 8), np.float32))
image: Image.Image = restorer.restore_image(Image.open(Path("a.jpg")))
image = artifix.restore(image.convert("RGBA"), detail=0.5)
file: bytes = artifix.restore(io.BytesIO(restorer.restore_image(b"")))
with open("a.jpg", "rb") as opened:
    file = restorer.restore_image(opened)
version: str = artifix.__version__
record: artifix.Record = restorer.restore_file("a.jpg", Path("b.png"))
restorer.restore_image("a.jpg")  # wrong
file = restorer.restore_image(pixels)  # wrong
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--no-pretty"]
    command += ["--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache", tmp_path / "program.py"]
    environment = os.environ | {"MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert lines == {21, 22}, done.stdout + done.stderr
