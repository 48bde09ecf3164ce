import shlex
import sys

import numpy as np
import pytest

from artifix.codecs import decode, encode
from artifix.errors import ModelError
from artifix.evaluate.methods import JPEG, ensemble_of, load_methods, load_peer
from artifix.evaluate.metrics import psnr


@pytest.mark.parametrize("shape", [(12, 17), (12, 17, 3)])
def test_the_ensemble_shows_all_eight_views_and_turns_them_back(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    seen = []

    def identity(degraded):
        seen.append(degraded)
        return degraded

    np.testing.assert_array_equal(ensemble_of(identity)(image), image)
    assert len({view.tobytes() for view in seen}) == 8
    assert {view.shape[:2] for view in seen} == {(12, 17), (17, 12)}


def test_the_ensemble_is_rounded_once_at_the_end():
    answers = iter([10] * 3 + [11] * 5)
    image = np.zeros((4, 4), np.uint8)
    restored = ensemble_of(lambda degraded: np.full_like(degraded, next(answers)))(image)
    assert restored.dtype == np.uint8
    assert (restored == 11).all()  # 10.625


def test_jpeg_is_the_identity(photograph):
    np.testing.assert_array_equal(JPEG.restore(photograph, b""), photograph)


def test_models_are_loaded_by_path_with_their_ensembles(make_model, photograph):
    path = make_model(channels=1)
    jpeg, model, ensemble = load_methods(["jpeg", path], ensemble=True)
    assert (jpeg.name, model.name, ensemble.name) == ("jpeg", path.stem, f"{path.stem}+")
    assert model.fingerprint == ensemble.fingerprint != load_methods([make_model(channels=1, seed=1)])[0].fingerprint
    grey = photograph[..., 0].copy()
    for method in (model, ensemble):
        restored = method.restore(grey, b"")
        assert restored.shape == grey.shape
        assert restored.dtype == np.uint8
        assert (restored != grey).any()


def test_an_unknown_model_is_an_error():
    with pytest.raises(ModelError, match="no-such-model"):
        load_methods(["no-such-model"])


def test_sa_dct_is_a_method(photograph):
    pytest.importorskip("numba")
    (method,) = load_methods(["sa-dct"], ensemble=True)
    file = encode(photograph, quality=10)
    degraded = decode(file)
    restored = method.restore(degraded, file)
    assert method.name == "sa-dct"
    assert (method.follows("jpeg"), method.follows("webp")) == (True, False)
    assert psnr(restored, photograph) > psnr(degraded, photograph)


def test_sa_dct_of_another_codec_is_an_error(photograph):
    pytest.importorskip("numba")
    (method,) = load_methods(["sa-dct"])
    with pytest.raises(ModelError, match="quantisation tables of a JPEG, and this is not one"):
        method.restore(photograph, b"RIFF....WEBP")


def test_without_numba_sa_dct_says_what_it_needs(monkeypatch):
    monkeypatch.delitem(sys.modules, "artifix.restoration.sa_dct", raising=False)
    monkeypatch.setitem(sys.modules, "artifix.restoration.sa_dct.deblocking", None)
    with pytest.raises(ModelError, match=r"sa-dct: needs the extra 'peers', pip install 'artifix\[peers\]'"):
        load_methods(["sa-dct"])


@pytest.fixture
def peer(tmp_path):
    """peer(program) -> a method that runs this Python program with the two files; its command has an option, too."""

    def make(program):
        path = tmp_path / "peer.py"
        path.write_text("import pathlib, sys\nfrom PIL import Image\n_, source, target = sys.argv[1:]\n" + program)
        return load_peer(f"{shlex.quote(sys.executable)} {shlex.quote(str(path))} --strong {{in}} {{out}}")

    return make


INVERT = "Image.eval(Image.open(source), lambda value: 255 - value).save(target)"


@pytest.mark.parametrize("grey", [True, False])
def test_a_peer_gets_the_coded_file_and_gives_the_picture(peer, photograph, grey):
    file = encode(photograph[..., 0].copy() if grey else photograph, quality=30)
    degraded = decode(file)
    np.testing.assert_array_equal(peer(INVERT).restore(degraded, file), 255 - degraded)
    copy = peer("pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes())")
    np.testing.assert_array_equal(copy.restore(degraded, file), degraded)  # a JPEG, whatever its name


def test_a_peer_may_answer_a_grey_picture_in_colour(peer, photograph):
    file = encode(photograph[..., 0].copy(), quality=30)
    restored = peer("Image.open(source).convert('RGB').save(target)").restore(decode(file), file)
    np.testing.assert_array_equal(restored, decode(file))


def test_a_peer_is_named_by_its_command_and_known_by_its_program(peer, tmp_path):
    method = peer(INVERT)
    assert method.name.endswith(" peer.py --strong")
    assert "/" not in method.name
    programs = [tmp_path / "a" / "filter", tmp_path / "b" / "filter"]
    for number, program in enumerate(programs):
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n# version {number}\ncp $1 $2\n")
        program.chmod(0o755)
    first, second = (load_peer(f"{shlex.quote(str(program))} {{in}} {{out}}") for program in programs)
    assert first.name == second.name == "filter"
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("print('trying', file=sys.stderr)\nsys.exit('no such thing')", r"failed with exit status 1 \(no such thing\)"),
        ("sys.exit(3)", r"failed with exit status 3 \(no message\)"),
        ("pass", r"wrote nothing to \{out\}"),
        ("pathlib.Path(target).write_text('words')", "not a picture that can be read"),
        (
            "Image.open(source).resize((20, 30)).save(target)",
            r"restored an image of shape \(96, 128, 3\) to \(30, 20, 3\)",
        ),
    ],
)
def test_a_peer_that_fails_is_one_clear_line(peer, photograph, program, reason):
    file = encode(photograph, quality=30)
    with pytest.raises(ModelError, match=reason) as caught:
        peer(program).restore(decode(file), file)
    message = str(caught.value)
    assert "peer.py --strong: " in message
    assert "\n" not in message


def test_a_peer_that_cannot_be_run(photograph, tmp_path):
    program = tmp_path / "filter"
    program.write_text("cp $1 $2\n")
    program.chmod(0o755)
    file = encode(photograph, quality=30)
    with pytest.raises(ModelError, match=r"filter: cannot be run \(Exec format error\)"):
        load_peer(f"{shlex.quote(str(program))} {{in}} {{out}}").restore(decode(file), file)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("cp {in} there", r"lacks \{out\}"),
        ("cp here {out}", r"lacks \{in\}"),
        ("no-such-program {in} {out}", "there is no program no-such-program"),
        ("cp '{in} {out}", "not a command"),
    ],
)
def test_a_command_that_cannot_be_one(command, reason):
    with pytest.raises(ModelError, match=reason):
        load_peer(command)
