import numpy as np
import pytest
from PIL import Image

from artifix.codecs import degrade
from artifix.color import from_batch, luma, rgb_to_ycbcr
from artifix.errors import DataError
from artifix.train.patches import PatchPairs, known_of, margin_of, read_pictures, recoloured
from artifix.train.recipe import DataRecipe

PLAIN = DataRecipe(patch=32, quality=(10, 10), full_chroma=1, grey=0, shifted=0, twice=0)


def pairs(image, recipe=PLAIN, channels=3, seed=0, length=50):
    return PatchPairs([image], recipe, channels, seed, length)


def planes(batch):
    return from_batch(batch[None])


def test_number_i_is_the_same_in_any_order_and_differs_from_others(photograph):
    forth = [pairs(photograph)[i] for i in range(5)]
    back = [pairs(photograph)[i] for i in reversed(range(5))][::-1]
    for (a, b, *_), (c, d, *_) in zip(forth, back, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)
    assert not np.array_equal(forth[0][1], forth[1][1])
    assert not np.array_equal(forth[0][1], pairs(photograph, seed=1)[0][1])


def test_a_plain_pair_is_the_jpeg_of_its_target(photograph):
    degraded, target = map(planes, pairs(photograph)[0][:2])
    assert degraded.shape == target.shape == (32, 32, 3)
    # The target is a patch of the picture itself, in one of eight orientations.
    ycbcr = rgb_to_ycbcr(photograph)
    views = [np.rot90(v, k) for k in range(4) for v in (target, target[:, ::-1])]
    height, width = photograph.shape[:2]
    found = any(
        np.abs(ycbcr[y : y + 32, x : x + 32] - view).max() < 1e-2
        for view in views
        for y in range(height - 31)
        for x in range(width - 31)
        if abs(ycbcr[y, x, 0] - view[0, 0, 0]) < 1e-2
    )
    assert found
    blocks = degraded[..., 0].reshape(4, 8, 4, 8)
    coefficients = blocks - blocks.mean(axis=(1, 3), keepdims=True)
    # Quality 10 leaves most 8x8 blocks with hardly any detail, on the patch's own grid.
    assert np.abs(coefficients).mean() < np.abs(target[..., 0] - target[..., 0].mean()).mean()


def grid_strength(luma_plane):
    """Jumps across each of the eight column phases of the 8x8 grid."""
    jumps = np.abs(np.diff(luma_plane, axis=1)).mean(axis=0)
    return [jumps[phase::8].mean() for phase in range(8)]


def test_the_grid_starts_at_the_corner_unless_shifted(photograph):
    def phases(shifted):
        recipe = DataRecipe(patch=64, quality=(5, 5), full_chroma=1, grey=0, shifted=shifted, twice=0)
        images = pairs(photograph, recipe)
        return [int(np.argmax(grid_strength(planes(images[i][0])[..., 0]))) for i in range(24)]

    assert np.mean([phase == 7 for phase in phases(0)]) > 0.9
    assert np.mean([phase == 7 for phase in phases(1)]) < 0.5


def test_grey_pairs_have_neutral_chroma_before_and_after(photograph):
    recipe = DataRecipe(patch=32, grey=1, shifted=0, twice=0)
    for batch in pairs(photograph, recipe)[0][:2]:
        assert (planes(batch)[..., 1:] == 128).all()


def test_one_channel_is_luma_of_both_ranges(photograph):
    white = np.full_like(photograph, 255)
    peaks = {float(planes(pairs(white, channels=1)[i][1]).max()) for i in range(20)}
    assert peaks == {float(luma(white).max()), 255.0}


def test_twice_compressed_differs_from_once(photograph):
    once = DataRecipe(patch=32, quality=(10, 90), full_chroma=1, grey=0, shifted=0, twice=0)
    twice = DataRecipe(patch=32, quality=(10, 90), full_chroma=1, grey=0, shifted=0, twice=1)
    error = {}
    for name, recipe in (("once", once), ("twice", twice)):
        images = pairs(photograph, recipe)
        error[name] = np.mean([np.mean((images[i][0] - images[i][1]) ** 2) for i in range(40)])
    assert error["twice"] > 1.2 * error["once"]


def test_a_power_above_1_prefers_low_quality(photograph):
    def error(power):
        recipe = DataRecipe(patch=32, quality=(5, 95), quality_power=power, grey=0, shifted=0, twice=0)
        images = pairs(photograph, recipe)
        return np.mean([np.mean((images[i][0] - images[i][1]) ** 2) for i in range(40)])

    assert error(2) > 1.3 * error(1)


def test_both_subsamplings_are_drawn(photograph):
    def degraded(full_chroma):
        recipe = DataRecipe(patch=32, quality=(90, 90), full_chroma=full_chroma, grey=0, shifted=0, twice=0)
        images = pairs(photograph, recipe)
        return [images[i][0] for i in range(40)]

    full, quarter, mixed = map(degraded, (1, 0, 0.5))
    from_full = sum(np.array_equal(a, b) for a, b in zip(mixed, full, strict=True))
    from_quarter = sum(np.array_equal(a, b) for a, b in zip(mixed, quarter, strict=True))
    assert from_full + from_quarter == 40
    assert 10 < from_full < 30


def test_reading_skips_and_names_what_cannot_be_used(tmp_path, photograph):
    Image.fromarray(photograph).save(tmp_path / "good.png")
    Image.fromarray(photograph[:20, :20]).save(tmp_path / "small.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    found = read_pictures([tmp_path], margin_of(PLAIN))
    assert len(found.training) + len(found.held_out) == 1
    assert len(found.skipped) == 2
    assert any("small.png" in reason and "48x48" in reason for reason in found.skipped)
    assert any("broken.png" in reason for reason in found.skipped)


def test_grey_files_become_colour_ones(tmp_path, photograph):
    Image.fromarray(degrade(luma(photograph), quality=95)).save(tmp_path / "grey.png")
    (image,) = read_pictures([tmp_path], 48).training
    assert image.shape == photograph.shape


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir()])
def test_a_folder_without_pictures_is_an_error(tmp_path, make):
    folder = tmp_path / "none"
    make(folder)
    with pytest.raises(DataError, match=r"none: no "):
        read_pictures([folder], 48)


def halved_jpeg(folder, photograph):
    """A JPEG of halved chroma beside a lossless picture; neither is held out."""
    Image.fromarray(photograph).resize((160, 120)).save(folder / "halved.jpg", quality=95, subsampling="4:2:0")
    Image.fromarray(photograph).resize((90, 80)).save(folder / "whole.png")
    return folder


def test_halved_chroma_is_learned_from_reduced_pictures_alone(photograph, tmp_path):
    found = read_pictures([halved_jpeg(tmp_path, photograph)], 48, colour=True)
    assert [image.shape[:2] for image in found.training] == [(120, 160), (60, 80), (80, 90)]
    assert found.halved == {0}
    recipe = DataRecipe(patch=32, coloured=1)
    lessons = PatchPairs(found.training, recipe, 3, 0, 60, frozenset(found.halved))
    for number in range(60):
        assert lessons[number].chroma == (lessons.draws[number].image != 0)
        assert (lessons.draws[number].saturation == 1) == (lessons.draws[number].image == 0)


def test_luma_alone_needs_no_reduced_pictures(photograph, tmp_path):
    found = read_pictures([halved_jpeg(tmp_path, photograph)], 48)
    assert len(found.training) == 2
    assert not found.halved


def test_a_network_is_told_the_tables_unless_the_grid_is_shifted(photograph):
    recipe = DataRecipe(patch=32, quality=(40, 40), full_chroma=0, grey=0, twice=0, shifted=0.5, told=1)
    wanted = known_of(40, "4:2:0", colour=True).vector()
    lessons = pairs(photograph, recipe)
    for number in range(20):
        draw = lessons.draws[number]
        assert np.array_equal(lessons[number].known, wanted * (draw.top == draw.left == 0))


def test_recolouring_turns_hues_and_leaves_luma():
    rgb = np.random.default_rng(0).integers(100, 156, (16, 16, 3)).astype(np.uint8)
    turned = recoloured(rgb, np.pi, 1.0)
    assert np.abs(rgb_to_ycbcr(turned)[..., 0] - rgb_to_ycbcr(rgb)[..., 0]).max() < 1
    assert np.abs(rgb_to_ycbcr(turned)[..., 1:] + rgb_to_ycbcr(rgb)[..., 1:] - 256).max() < 1.5
    grey = recoloured(rgb, 0.0, 0.0)
    assert np.abs(grey.astype(int).max(axis=2) - grey.min(axis=2)).max() <= 1
