import numpy as np
import pytest

from artifix.errors import RecipeError
from artifix.image import write_image
from artifix.train.drawings import KINDS, SIDE, canvas, draw, make_drawings
from artifix.train.drawings.tones import screen
from artifix.train.run import train_from_files


def test_a_drawing_follows_its_seed_and_has_extremes():
    drawings = [draw(np.random.default_rng(seed)) for seed in range(40)]
    assert np.array_equal(drawings[0], draw(np.random.default_rng(0)))
    assert all(each.shape == (SIDE, SIDE, 3) and each.dtype == np.uint8 for each in drawings)
    assert len({each.tobytes() for each in drawings}) == 40
    bilevel = sum(np.isin(each, (0, 255)).mean() > 0.9 for each in drawings)
    grey = sum((each == each[..., :1]).all() for each in drawings)
    assert bilevel >= 4
    assert 5 <= grey < 40


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_differs_from_seed_to_seed_and_is_no_empty_page(kind):
    drawings = [KINDS[kind](np.random.default_rng(seed)) for seed in range(6)]
    assert np.array_equal(drawings[1], KINDS[kind](np.random.default_rng(1)))
    assert all(each.shape == (SIDE, SIDE, 3) and each.dtype == np.uint8 for each in drawings)
    assert len({each.tobytes() for each in drawings}) == 6
    assert all(each.std(axis=(0, 1)).max() > 0.5 for each in drawings)


def test_screens_print_the_darkness_they_are_given():
    for seed in range(10):
        darkness = np.full((SIDE, SIDE), 0.5, np.float32)
        ink = screen(np.random.default_rng(seed), darkness)
        assert ink.mean() == pytest.approx(0.5, abs=0.08)
        assert screen(np.random.default_rng(seed), darkness * 0.5).mean() < ink.mean()


@pytest.mark.parametrize("kind", ["ordered dither", "diffused dither"])
def test_dithers_have_few_colours(kind):
    for seed in range(6):
        drawing = KINDS[kind](np.random.default_rng(seed)).reshape(-1, 3)
        assert len(np.unique(drawing, axis=0)) <= 216


def test_without_matplotlib_pillows_font_is_used(monkeypatch):
    monkeypatch.setattr(canvas, "font_files", lambda: ())
    drawing = KINDS["page"](np.random.default_rng(3))
    assert np.array_equal(drawing, KINDS["page"](np.random.default_rng(3)))
    assert drawing.std() > 0.5


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_they_make_up_their_share_of_the_area(share):
    photographs = 30 * SIDE**2
    area = sum(each[..., 0].size for each in make_drawings(share, photographs, seed=1))
    assert area / (area + photographs) == pytest.approx(share, abs=0.03)


def test_patches_too_large_for_drawings_are_refused(tmp_path, photograph):
    write_image(tmp_path / "a.png", photograph)
    recipe = tmp_path / "large.toml"
    recipe.write_text("name = 'large'\n[data]\npatch = 376\ndrawings = 0.1\n")
    with pytest.raises(
        RecipeError, match=r"large\.toml: data\.drawings are 384 pixels wide, and data\.patch asks for 392"
    ):
        train_from_files(recipe, [tmp_path], tmp_path / "run", device="cpu")
