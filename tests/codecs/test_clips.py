import numpy as np
import pytest

from artifix.codecs.clips import CLIP_CODECS, Motion, decode_clip, encode_clip, film, from_planes, to_planes
from artifix.color import rgb_to_ycbcr
from artifix.errors import CodecError

pytest.importorskip("av")


def planes_of(photograph, frames=5):
    taken = film(photograph, Motion(8, 8, 1, 0, 1, 1), 80, 96, frames)
    return [to_planes(rgb_to_ycbcr(frame)) for frame in taken]


def test_a_pan_by_whole_pixels_shows_the_picture_itself(photograph):
    frames = film(photograph, Motion(3, 5, 2, 1, 1, 1), 64, 96, 4)
    assert frames.shape == (4, 64, 96, 3)
    for number, frame in enumerate(frames):
        y, x = 5 + number, 3 + 2 * number
        assert np.array_equal(frame, photograph[y : y + 64, x : x + 96])


def test_a_zoom_stays_about_its_middle(photograph):
    spot = np.zeros_like(photograph)
    spot[46:50, 62:66] = 255
    for frame in film(spot, Motion(0, 0, 0, 0, 1, 0.9), 96, 128, 4):
        y, x = np.argwhere(frame[..., 0] > 127).mean(axis=0)
        assert (y, x) == pytest.approx((47.5, 63.5), abs=0.6)


def test_a_camera_stays_on_the_picture(photograph):
    frames = film(photograph, Motion(100, 80, 50, -70, 1.2, 1.3), 64, 64, 5)
    assert frames.shape == (5, 64, 64, 3)


@pytest.mark.parametrize("codec", CLIP_CODECS)
def test_every_frame_comes_back_in_its_place_the_same_each_time(photograph, codec):
    planes = planes_of(photograph)
    packets = encode_clip(planes, codec, crf=23)
    decoded = decode_clip(packets, codec)
    assert len(decoded) == len(planes)
    error = np.array(
        [[np.mean((from_planes(a)[..., 0] - from_planes(b)[..., 0]) ** 2) for b in planes] for a in decoded]
    )
    assert (error.argmin(axis=1) == np.arange(len(planes))).all()
    again = decode_clip(encode_clip(planes, codec, crf=23), codec)
    assert all(np.array_equal(a, b) for x, y in zip(decoded, again, strict=True) for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("codec", CLIP_CODECS)
def test_rate_and_error_go_with_the_factor_and_intra_takes_more(photograph, codec):
    planes = planes_of(photograph)

    def coded(crf, intra=False):
        packets = encode_clip(planes, codec, crf=crf, intra=intra)
        decoded = decode_clip(packets, codec)
        error = np.mean([(a[0].astype(float) - b[0]) ** 2 for a, b in zip(decoded, planes, strict=True)])
        return sum(map(len, packets)), error

    (fine, small), (coarse, large) = coded(18), coded(38)
    assert fine > 2 * coarse
    assert small < large / 2
    assert coded(28, intra=True)[0] > coded(28)[0]


def test_what_x265_does_not_stand_is_refused(photograph):
    small = [to_planes(rgb_to_ycbcr(photograph[:64, :64]))]
    with pytest.raises(CodecError, match="64x64, smaller than 72"):
        encode_clip(small, "hevc", crf=30)
    assert len(decode_clip(encode_clip(small, "h264", crf=30), "h264")) == 1
