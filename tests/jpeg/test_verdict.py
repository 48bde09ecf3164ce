import numpy as np
import pytest

from artifix.jpeg import verify


def test_the_original_and_the_decoded_file_could_be_the_original(photograph, coded):
    for quality in (1, 50, 95, 100):
        picture = coded(photograph[..., 0], quality)
        assert verify(picture.coefficients, photograph[..., 0]).possible
        verdict = verify(picture.coefficients, picture.pixels)
        assert verdict.possible
        assert verdict.coefficients == 96 * 128
        assert verdict.map.max() <= 1


@pytest.mark.parametrize("change", [6, -6])
def test_one_changed_block_is_found_where_it_is(photograph, coded, change):
    image = photograph.copy()
    image[40:48, 72:80] = (image[40:48, 72:80].astype(int) + change).clip(0, 255).astype(np.uint8)
    verdict = verify(coded(photograph, 95, subsampling="4:4:4").coefficients, image)
    assert not verdict.possible
    assert verdict.beyond >= 1
    assert (verdict.row, verdict.column) == (40, 72)
    assert np.argwhere(verdict.map > 1).tolist() == [[5, 9]]
    assert verdict.farthest == pytest.approx(8 * 6, abs=4)


def test_a_change_within_rounding_is_none(photograph, coded):
    picture = coded(photograph[..., 0], 100)
    moved = (photograph[..., 0].astype(np.uint16) * 257 + np.where(photograph[..., 0] < 255, 110, 0)).astype(np.uint16)
    assert verify(picture.coefficients, moved).possible


def test_many_small_changes_add_up(photograph, coded):
    """Each coefficient is within what rounding can do, but not all of a block's together."""
    chance = np.random.default_rng(0)
    image = (photograph[..., 0].astype(int) + 2 * chance.integers(-1, 2, (96, 128))).clip(0, 255).astype(np.uint8)
    verdict = verify(coded(photograph[..., 0], 100).coefficients, image)
    assert verdict.blocks_beyond > 100
    assert not verdict.possible


def test_grey_and_colour_can_be_compared(photograph, coded):
    grey = photograph[..., 1]
    as_colour = np.repeat(grey[..., None], 3, axis=2)
    assert verify(coded(grey, 80).coefficients, as_colour).possible
    assert verify(coded(as_colour, 80).coefficients, grey).possible


def test_another_size_is_an_error(photograph, coded):
    with pytest.raises(ValueError, match="90x96 pixels, and the JPEG has 128x96"):
        verify(coded(photograph).coefficients, photograph[:, :90])
