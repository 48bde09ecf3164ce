"""Animations and multi-page TIFFs are restored frame by frame."""

import numpy as np
import pytest
from PIL import Image

from artifix.image import read_frames
from artifix.restoration import Restorer


@pytest.mark.parametrize(
    ("source", "target"), [("a.gif", "b.png"), ("a.png", "b.webp"), ("a.webp", "b.webp"), ("a.tif", "b.tif")]
)
def test_every_frame_is_restored(make_model, photograph, tmp_path, source, target):
    frames = [Image.fromarray(np.roll(photograph, 30 * shift, axis=0)) for shift in range(3)]
    options = {"lossless": True} if source.endswith("webp") else {}
    frames[0].save(tmp_path / source, save_all=True, append_images=frames[1:], **options)
    restorer, shares = Restorer(make_model(), force=True), []
    record = restorer.restore_file(tmp_path / source, tmp_path / target, progress=shares.append)
    assert (record.frames, record.notes) == (3, ())
    assert shares[-1] == 1 and shares == sorted(shares)
    pairs = zip(read_frames(tmp_path / source), read_frames(tmp_path / target), strict=True)
    for before, after in pairs:
        expected = restorer.restore_picture(before.picture)
        np.testing.assert_array_equal(after.picture.pixels, expected.pixels)
        assert after.milliseconds == before.milliseconds
    record = restorer.restore_file(tmp_path / source, tmp_path / "c.jpg")
    assert record.frames == 1 and "the first of 3 frames" in record.notes


def test_a_gif_stays_a_gif(make_model, photograph, tmp_path):
    frames = [Image.fromarray(np.roll(photograph, 30 * shift, axis=0)) for shift in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=[40, 50, 60], loop=2)
    record = Restorer(make_model(), force=True).restore_file(tmp_path / "a.gif", tmp_path / "b.gif")
    assert (record.frames, record.notes) == (3, ("at most 256 colours are left",))
    told = [
        [(frame.milliseconds, frame.plays) for frame in read_frames(tmp_path / name)] for name in ("a.gif", "b.gif")
    ]
    assert told[0] == told[1] == [(40, 3), (50, 3), (60, 3)]
    assert Restorer(make_model(), force=True).restore_file(tmp_path / "a.gif", tmp_path / "b.gif").status == "kept"
