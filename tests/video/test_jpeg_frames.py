"""Frames of Motion JPEG, which are restored as the pictures that they are."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from artifix.inspection.plan import Plan
from artifix.jpeg.intervals import coefficients_in_steps, sampled
from artifix.restoration.bound import Rule
from artifix.video import restore
from artifix.video.jpeg_frames import jpeg_of
from artifix.video.restore import restore_video
from artifix.video.source import Tally, probe, read_frames
from artifix.yuv import Layout, to_ycbcr

from .conftest import decoded


@pytest.fixture
def clip(make_clip):
    options = {"qmin": "14", "qmax": "14"}
    ticks = Fraction(1, 30)
    return make_clip("clip.avi", codec="mjpeg", pix_fmt="yuvj444p", options=options, ticks=ticks, times=range(4))


def pictures_of(path):
    video = probe(path, max_pixels=1 << 20)
    return [jpeg_of(frame, video.layout) for frame in read_frames(video, Tally())]


def test_each_frame_has_its_own_jpeg(clip):
    pictures = pictures_of(clip)
    assert len(pictures) == 4
    for picture, (_, samples) in zip(pictures, decoded(clip), strict=True):
        assert np.abs(picture.pixels[..., 0].astype(int) - samples[0]).max() <= 2  # of two decoders' roundings
        assert picture.coefficients is not None


def test_other_codecs_and_other_pictures_have_none(make_clip, clip):
    assert pictures_of(make_clip()) == [None] * 6
    video = probe(clip, max_pixels=1 << 20)
    frame = next(read_frames(video, Tally()))
    assert jpeg_of(frame, replace(video.layout, full_range=False)) is None
    assert jpeg_of(frame, Layout("4:0:0", full_range=True)) is None
    frame.opaque = frame.opaque[:40]
    assert jpeg_of(frame, video.layout) is None


def furthest_outside(clip, restored):
    """The furthest that a coefficient of a restored video lies outside of its interval in the clip, in grey levels."""
    layout, most = Layout("4:4:4", full_range=True), 0.0
    for picture, (_, samples) in zip(pictures_of(clip), decoded(restored), strict=True):
        planes = to_ycbcr(samples, layout)
        for number, component in enumerate(picture.coefficients.components):
            quantised = component.quantised[None]
            offsets = coefficients_in_steps(sampled(planes[None, ..., number], component), quantised, component)
            most = max(most, float(((np.abs(offsets) - 0.5) * component.table).max()))
    return most


def test_restored_frames_could_be_the_originals(clip, restorer, tmp_path):
    for bound in ("always", "never"):
        restore_video(clip, tmp_path / f"{bound}.mkv", replace(restorer, bound=bound), codec="ffv1")
    # Rounding 64 samples to whole levels moves a coefficient by 4 at most.
    assert furthest_outside(clip, tmp_path / "always.mkv") < 4
    assert furthest_outside(clip, tmp_path / "never.mkv") > 40


def test_frames_that_are_fine_already_are_left_as_they_are(clip, restorer, tmp_path, monkeypatch):
    leave = Plan(0.0, "left as it is"), Rule(False, "")
    monkeypatch.setattr(restore, "decision_for", lambda picture, target, **given: leave)
    restore_video(clip, tmp_path / "out.mkv", restorer, codec="ffv1")
    for (_, before), (_, after) in zip(decoded(clip), decoded(tmp_path / "out.mkv"), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
