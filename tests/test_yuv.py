import numpy as np
import pytest

from artifix.yuv import Layout, add_change, from_ycbcr, to_ycbcr

LAYOUTS = [
    Layout(subsampling, bits, full_range, siting)
    for subsampling in ("4:0:0", "4:2:0", "4:2:2", "4:4:4")
    for bits in (8, 10, 12)
    for full_range in (False, True)
    for siting in ("left", "centre")
]
CHROMA = {"4:2:0": (9, 12), "4:2:2": (17, 12), "4:4:4": (17, 23)}


def planes_of(layout, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(17, 23), *[CHROMA[layout.subsampling]] * 2] if layout.subsampling in CHROMA else [(17, 23)]
    return [rng.integers(0, 1 << layout.bits, shape).astype(layout.dtype) for shape in shapes]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_no_change_keeps_every_sample_even_beyond_the_nominal_range(layout):
    planes = planes_of(layout)
    ycbcr = to_ycbcr(planes, layout)
    assert ycbcr.shape == (17, 23, 1 if layout.subsampling == "4:0:0" else 3)
    assert ycbcr.dtype == np.float32
    for before, after in zip(planes, add_change(planes, np.zeros_like(ycbcr), layout), strict=True):
        assert after.dtype == before.dtype
        assert np.array_equal(before, after)


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_smooth_planes_come_back(layout):
    y, x = np.mgrid[:17, :23] / 23
    ycbcr = np.stack([60 + 90 * x, 100 + 30 * y, 140 + 20 * x], axis=-1).astype(np.float32)
    ycbcr = ycbcr[..., : 1 if layout.subsampling == "4:0:0" else 3]
    again = to_ycbcr(from_ycbcr(ycbcr, layout), layout)
    inside = slice(2, -2)
    assert np.abs(again - ycbcr)[inside, inside].max() < 0.7 * max(layout.scale(n)[1] for n in range(ycbcr.shape[2]))


def test_black_white_and_the_widest_chroma_of_each_range():
    def extremes(layout, *samples):
        return to_ycbcr([np.array([[value]], layout.dtype) for value in samples], layout)[0, 0]

    full = Layout("4:4:4", full_range=True)
    assert np.allclose(extremes(full, 0, 128, 255), [0, 128, 255])
    assert np.allclose(extremes(Layout("4:4:4"), 16, 128, 240), [0, 128, 255.5], atol=1e-4)
    assert np.allclose(extremes(Layout("4:4:4"), 235, 16, 128), [255, 0.5, 128], atol=1e-4)
    assert np.allclose(extremes(Layout("4:4:4", 10), 940, 64, 512), [255, 0.5, 128], atol=1e-4)


@pytest.mark.parametrize(("siting", "across"), [("left", 0.0), ("centre", 0.5)])
def test_chroma_lies_where_the_siting_says(siting, across):
    """A ramp stays where it is: sample k of halved chroma lies at luma column 2k + `across`, row 2k + 0.5."""
    layout = Layout("4:2:0", 12, siting=siting)
    ramp = [np.full((16, 32), 512), *[np.tile(40 * (2 * np.arange(16) + across), (8, 1))] * 2]
    ycbcr = to_ycbcr([plane.astype(np.uint16) for plane in ramp], layout)
    offset, gain = layout.scale(1)
    expected = (40 * np.arange(32) - offset) * gain + 128
    assert np.abs(ycbcr[:, 2:-2, 1] - expected[2:-2]).max() < 1e-3
    down = [np.full((32, 16), 512), *[np.tile(40 * (2 * np.arange(16) + 0.5), (8, 1)).T] * 2]
    ycbcr = to_ycbcr([plane.astype(np.uint16) for plane in down], layout)
    assert np.abs(ycbcr[2:-2, :, 1] - expected[2:-2, None]).max() < 1e-3


def test_a_change_of_chroma_moves_no_luma_and_is_clipped_at_the_ends():
    layout = Layout("4:2:0")
    planes = planes_of(layout)
    change = np.zeros((17, 23, 3), np.float32)
    change[..., 1] = 1000
    luma, cb, cr = add_change(planes, change, layout)
    assert np.array_equal(luma, planes[0])
    assert (cb == 255).all()
    assert np.array_equal(cr, planes[2])
