"""The policy: how much is changed as a function of how much was lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from artifix.inspection.plan import decide, strength_at
from artifix.inspection.trace import Trace, find_trace

QUALITIES = st.integers(1, 100)


@given(quality=QUALITIES, full_chroma=st.booleans(), bounded=st.booleans())
def test_strengths_are_within_0_and_1_and_coarse_files_are_restored_in_full(quality, full_chroma, bounded):
    strength = strength_at(quality, full_chroma=full_chroma, bounded=bounded)
    assert 0 <= strength <= 1
    if quality <= 60:
        assert strength == 1


def test_where_nothing_is_gained_nothing_is_changed(monkeypatch):
    monkeypatch.setattr("artifix.inspection.plan.strength_at", lambda quality, **known: 0.0)
    plan = decide(lossy=True, quality=100, full_chroma=True)
    assert plan.leaves
    assert plan.note == "left as it is: nothing to restore"


@given(quality=QUALITIES, earlier=QUALITIES)
def test_a_coarser_coding_before_counts_instead_of_the_files_own(quality, earlier):
    coarser = min(quality, earlier)
    assert decide(lossy=True, quality=quality, earlier=earlier) == decide(lossy=True, quality=coarser)


def test_files_without_loss_go_by_their_trace():
    assert decide(lossy=False, trace=Trace("none", 0.0)).note == "left as it is: no trace of compression"
    assert decide(lossy=False, trace=Trace("none", 0.0)).leaves
    uncertain = decide(lossy=False, trace=Trace("uncertain", 0.5))
    assert uncertain.strength == 1
    assert "uncertain" in uncertain.note
    assert decide(lossy=False, trace=Trace("found", 1.0, 30, (0, 0))).strength == 1
    assert decide(lossy=False, trace=Trace("found", 1.0)).strength == 1
    assert decide(lossy=False, trace=Trace("found", 1.0, 95)).strength == strength_at(
        95, full_chroma=False, bounded=False
    )


def test_what_artifix_restored_is_left_as_it_is_unless_it_was_saved_coarsely_since():
    found = Trace("found", 1.0, 30)
    assert decide(lossy=False, trace=found, restored_before=True).leaves
    assert decide(lossy=True, quality=95, restored_before=True).leaves
    assert not decide(lossy=True, quality=50, restored_before=True).leaves
    assert not decide(lossy=True, restored_before=True).leaves


def test_a_codec_without_tables_is_restored_in_full():
    assert decide(lossy=True) == decide(lossy=True, quality=10)
    assert decide(lossy=True).strength == 1


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_trace_is_found_in_screenshots_of_jpegs_and_not_in_clean_pictures(tmp_path, name):
    image = np.asarray(Image.fromarray(getattr(data, name)()).reduce(2))
    assert find_trace(image, "RGB").kind == "none"
    Image.fromarray(image).save(tmp_path / "a.jpg", quality=40)
    shot = np.asarray(Image.open(tmp_path / "a.jpg"))[5:, 1:]
    found = find_trace(shot, "RGB")
    assert (found.kind, found.grid) == ("found", (3, 7))
    assert found.quality == pytest.approx(40, abs=4)


def test_small_and_flat_pictures_have_no_trace():
    for shape in ((1, 1, 3), (31, 31, 3), (100, 100, 3)):
        assert find_trace(np.full(shape, 9, np.uint8), "RGB").kind == "none"


def test_squares_as_large_as_blocks_are_no_trace():
    colours = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    for side in (8, 16):
        assert find_trace(colours.repeat(side, axis=0).repeat(side, axis=1), "RGB").kind == "none"
