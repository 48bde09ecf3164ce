"""The page without a server, in a real Chromium: it restores as the library does, offline, and sends nothing out."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from artifix import Restorer, degrade


@pytest.mark.browser
def test_a_picture_is_restored_as_by_the_library_and_nothing_leaves(
    opened, models_of_page, photograph, host, file_of, restored
):
    page, asked = opened
    image = degrade(np.ascontiguousarray(photograph[:95, :127]), quality=20)
    name, data = restored(page, "a.png", file_of(image, "PNG"), "image/png")
    found = np.asarray(Image.open(BytesIO(data)))
    expected = Restorer(models_of_page[0], precision="fp32").restore_image(image)
    assert name == "a-restored.png"
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert np.abs(expected.astype(int) - image).max() > 5
    assert all(url.startswith((host.address, "blob:", "data:")) or url == "about:blank" for url in asked)
    assert page.locator("#privacy").text_content() == "Your pictures stay on this machine."


@pytest.mark.browser
def test_a_jpeg_keeps_what_lies_beside_its_pixels(opened, photograph, file_of, restored):
    page, _ = opened
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "A camera", 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = file_of(photograph[:64, :80], "JPEG", quality=30, subsampling="4:2:0", exif=exif, icc_profile=profile)
    name, data = restored(page, "c.jpg", source, "image/jpeg")
    made = Image.open(BytesIO(data))
    assert (name, made.format, made.size) == ("c-restored.jpg", "JPEG", (64, 80))  # upright
    assert made.info["icc_profile"] == profile
    assert made.getexif()[0x010F] == "A camera"
    assert made.getexif()[0x0112] == 1
    page.locator("#found:not(:empty)").wait_for()
    assert page.inner_text("#found") == "A JPEG of quality 30, colour at a quarter of the resolution."


@pytest.mark.browser
def test_transparency_and_grey_stay(opened, photograph, file_of, restored):
    page, _ = opened
    grey = np.ascontiguousarray(photograph[:40, :50, 0])
    data = restored(page, "grey.png", file_of(grey, "PNG"), "image/png")[1]
    assert Image.open(BytesIO(data)).mode == "L"
    alpha = np.full((40, 50, 1), 255, np.uint8)
    alpha[:20] = 0
    image = np.concatenate([photograph[:40, :50], alpha], axis=2)
    data = restored(page, "alpha.png", file_of(image, "PNG"), "image/png")[1]
    found = np.asarray(Image.open(BytesIO(data)))
    assert found.shape == image.shape
    np.testing.assert_array_equal(found[..., 3], image[..., 3])


@pytest.mark.browser
def test_what_is_no_picture_is_refused(opened):
    page, _ = opened
    page.set_input_files("#files", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff no picture"})
    page.locator("#strip li[data-state=failed]").wait_for()
    assert "cannot decode it" in page.inner_text("#notice-text")


TILES = """async ({ side, width, height }) => {
  const { Network } = await import("./network.js");
  const { networks, models } = await (await fetch("offers.json")).json();
  const network = await Network.open(models.default, networks[models.default]);
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) % 256;
  const planes = [0, 1, 2].map(() => Float32Array.from({ length: width * height }, random));
  const told = new Float32Array(network.known);
  const source = { planes, width, height };
  const whole = await network.restore(source, told, () => {});
  network.side = side;
  let tiles = 0;
  const joined = await network.restore(source, told, () => (tiles += 1));
  let most = 0;
  for (const [number, plane] of whole.entries()) {
    for (let at = 0; at < plane.length; at += 1) most = Math.max(most, Math.abs(plane[at] - joined[number][at]));
  }
  return { most, tiles };
}"""


@pytest.mark.browser
def test_tiles_equal_the_whole_picture(opened):
    page, _ = opened
    for width, height in ((97, 61), (64, 130), (131, 33)):
        told = page.evaluate(TILES, {"side": 48, "width": width, "height": height})
        assert told["tiles"] > 3
        assert told["most"] < 0.01


@pytest.mark.browser
def test_it_works_when_the_host_is_gone(opened, photograph, host, file_of, restored):
    page, _ = opened
    host.server.shutdown()
    page.reload()
    page.locator("#privacy:not(:empty)").wait_for()
    name, data = restored(page, "b.png", file_of(photograph[:32, :40], "PNG"), "image/png")
    assert Image.open(BytesIO(data)).size == (40, 32)
    assert name == "b-restored.png"
