"""JPEGs in the page without a server: coefficients, samples and bound as in Python, and so the command's result."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix import Restorer
from artifix.color import rgb_to_ycbcr
from artifix.image import read_picture
from artifix.image.turn import as_stored
from artifix.jpeg import project
from artifix.restoration.bound import rule_for
from artifix.restoration.known import known_of_picture

FILES = sorted((Path(__file__).parents[2] / "jpeg/files").glob("*.jpg"))
KINDS = {
    "baseline 4:2:0": {"subsampling": "4:2:0"},
    "baseline 4:4:4": {"subsampling": "4:4:4", "optimize": True},
    "progressive 4:2:0": {"subsampling": "4:2:0", "progressive": True},
    "progressive 4:2:2": {"subsampling": "4:2:2", "progressive": True},
    "grey": {"mode": "L"},
    "grey progressive": {"mode": "L", "progressive": True},
}

READ = """async ({ file, planes }) => {
  const [{ readCoefficients }, { planeOf }, { bound }, { known }, { turn }, { orientationOf }] = await Promise.all(
    ["coefficients", "decoded", "bound", "known", "turn", "jpeg"].map((name) => import(`./${name}.js`)),
  );
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const textOf = ({ buffer }) => {
    const bytes = new Uint8Array(buffer);
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const bytes = bytesOf(file);
  const coefficients = readCoefficients(bytes);
  const { width, height, space, components } = coefficients;
  const orientation = orientationOf(bytes);
  const place = turn(orientation, width, height);
  const brought = planes.map((plane) => new Float32Array(bytesOf(plane).buffer));
  await bound(brought, coefficients, place, () => {});
  return {
    space,
    size: [place.height, place.width],
    known: textOf(known(coefficients, orientation)),
    components: components.map((component) => ({
      shape: [component.rows, component.columns],
      stride: component.stride,
      values: textOf(component.values),
      table: textOf(component.table),
      samples: textOf(planeOf(coefficients, component, place)),
    })),
    brought: brought.map(textOf),
  };
}"""
MUTATED = """async ({ file, times }) => {
  const { readCoefficients } = await import("./coefficients.js");
  const whole = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const failures = {};
  let state = 1;
  const random = (below) => (state = (state * 48271) % 2147483647) % below;
  for (let number = 0; number < times; number += 1) {
    const bytes = whole.slice(0, number % 3 ? whole.length : random(whole.length));
    for (let change = 0; change < 1 + (number % 4); change += 1) bytes[random(bytes.length)] = random(256);
    try {
      readCoefficients(bytes);
    } catch (failure) {
      failures[failure.constructor.name] = (failures[failure.constructor.name] ?? 0) + 1;
    }
  }
  return failures;
}"""
RESTORED = """async ({ file, model, format }) => {
  const { send } = await import("./api.js");
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const picture = { file: new File([bytes], "a.jpg") };
  const { blob, record } = await send("api/restore", picture, { query: { model, format } });
  const made = new Uint8Array(await blob.arrayBuffer());
  return { made: btoa(Array.from(made, (byte) => String.fromCharCode(byte)).join("")), notes: record.notes };
}"""


def text_of(data):
    return base64.b64encode(data).decode()


def values_of(text, kind):
    return np.frombuffer(base64.b64decode(text), kind)


def jpeg(image, quality=30, mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(image).convert(mode).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def turned(image, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(image, quality=40, subsampling="4:2:0", exif=exif)


def check_agreement(page, data, tmp_path):
    """What the page reads of a file, decodes, is told and projects is what Python does."""
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    picture = read_picture(path)
    coefficients = picture.coefficients
    planes = picture.pixels.reshape(*picture.pixels.shape[:2], -1).astype(np.float32)
    stored_as = planes.copy()
    if coefficients.space == "RGB":
        planes = rgb_to_ycbcr(planes)
    planes += np.random.default_rng(0).normal(0, 12, planes.shape).astype(np.float32)
    ours = page.evaluate(
        READ, {"file": text_of(data), "planes": [text_of(p.tobytes()) for p in planes.transpose(2, 0, 1)]}
    )

    assert ours["space"] == coefficients.space
    assert tuple(ours["size"]) == planes.shape[:2]
    np.testing.assert_allclose(values_of(ours["known"], np.float32), known_of_picture(picture).vector(), atol=1e-6)
    for number, (found, component) in enumerate(zip(ours["components"], coefficients.components, strict=True)):
        rows, columns = found["shape"]
        blocks = values_of(found["values"], np.int16).reshape(-1, found["stride"], 8, 8)[:rows, :columns]
        np.testing.assert_array_equal(blocks.swapaxes(1, 2).reshape(8 * rows, 8 * columns), component.quantised)
        np.testing.assert_array_equal(values_of(found["table"], np.uint16).reshape(8, 8), component.table)
        samples = values_of(found["samples"], np.uint8).reshape(planes.shape[:2])
        np.testing.assert_array_equal(samples, stored_as[..., number])  # to the bit: libjpeg-turbo's
    expected = planes.copy()
    stored = as_stored(expected, coefficients.orientation)
    stored[...] = project(np.ascontiguousarray(as_stored(planes, coefficients.orientation)), coefficients)
    brought = np.stack([values_of(plane, np.float32).reshape(planes.shape[:2]) for plane in ours["brought"]], axis=-1)
    apart = np.abs(brought - expected)
    assert apart.max() <= 0.25  # a turn of settling more or less
    assert np.mean(apart > 0.05) < 0.01
    if planes.size > 1000:
        assert np.abs(expected - planes).max() > 5


@pytest.mark.browser
def test_a_jpeg_is_read_and_bounded_as_in_python(opened, photograph, tmp_path):
    page, _ = opened
    for kind in KINDS.values():
        for quality, height, width in ((30, 90, 119), (5, 41, 53), (95, 32, 48), (60, 8, 3), (30, 1, 1)):
            check_agreement(page, jpeg(photograph[:height, :width], quality, **kind), tmp_path)


@pytest.mark.browser
def test_a_turned_jpeg_is(opened, photograph, tmp_path):
    page, _ = opened
    for orientation in range(1, 9):
        for size in ((64, 48), (43, 61)):
            check_agreement(page, turned(photograph[: size[0], : size[1]], orientation), tmp_path)


@pytest.mark.browser
def test_rare_sampling_colours_restarts_and_noise_are(opened, tmp_path):
    page, _ = opened
    for path in FILES:
        if path.name != "arithmetic.jpg":  # which no browser decodes
            check_agreement(page, path.read_bytes(), tmp_path)
    noise = np.random.default_rng(0).integers(0, 2, (37, 51, 3), dtype=np.uint8) * 255
    for progressive in (False, True):
        check_agreement(page, jpeg(noise, 60, progressive=progressive), tmp_path)


@pytest.mark.browser
def test_a_broken_jpeg_fails_with_a_reason(opened, photograph):
    page, _ = opened
    for progressive in (False, True):
        data = jpeg(photograph[:48, :64], 60, progressive=progressive)
        failures = page.evaluate(MUTATED, {"file": text_of(data), "times": 600})
        assert set(failures) == {"Error"}, failures
        assert failures["Error"] > 250


def restored_by(page, data, model=""):
    """The pixels that the page makes of a file, and its notes."""
    answer = page.evaluate(RESTORED, {"file": text_of(data), "model": model, "format": "png"})
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["made"])))), answer["notes"]


def check_result(page, data, tmp_path, model, name=""):
    """The page's pixels lie within one grey level of the command's."""
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    picture = read_picture(path)
    restorer = Restorer(model, precision="fp32")
    rule = rule_for(picture, "always")
    assert rule.applies
    expected = restorer.restore_picture(picture, rule=rule).pixels.astype(int)
    found, notes = restored_by(page, data, name)
    assert notes == []
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1
    unbounded = restorer.restore_picture(picture, rule=rule_for(picture, "never")).pixels.astype(int)
    assert np.abs(expected - unbounded).max() > 3


@pytest.mark.browser
@pytest.mark.parametrize("told", [False, True])
def test_the_result_is_the_commands(opened, models_of_page, photograph, tmp_path, told):
    page, _ = opened
    model = models_of_page[told]
    for kind in KINDS.values():
        check_result(page, jpeg(photograph[:90, :119], 20, **kind), tmp_path, model, model.stem if told else "")


@pytest.mark.browser
@pytest.mark.parametrize("orientation", [3, 6])
def test_the_result_of_a_turned_picture_is(opened, models_of_page, photograph, tmp_path, orientation):
    page, _ = opened
    check_result(page, turned(photograph[:61, :83], orientation), tmp_path, models_of_page[1], models_of_page[1].stem)


@pytest.mark.browser
def test_what_is_not_bounded_is_said(opened, photograph):
    page, _ = opened
    _, notes = restored_by(page, jpeg(photograph[:40, :40], mode="CMYK"))
    assert notes == ["not bounded by the file: its colours are not known here"]
