"""A small share of `tests/stress/fuzz_parsers.py`, without atheris: whole files, and what chance makes of them."""

import random

import pytest


def test_parsers_raise_only_what_they_say(program, tmp_path):
    fuzz_parsers, mutations = program("fuzz_parsers"), program("mutations")
    fuzz_parsers.corpus(tmp_path)
    whole = {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}
    assert {"a.cbz", "a.safetensors"} < whole.keys()
    for data in whole.values():
        fuzz_parsers.one_input(data)
    for number in range(300):
        fuzz_parsers.one_input(mutations.mutated(whole, random.Random(f"parsers/{number}"))[1])


def test_another_error_is_seen(program, monkeypatch):
    fuzz_parsers = program("fuzz_parsers")

    def fail(data):
        raise KeyError("x")

    monkeypatch.setattr(fuzz_parsers, "PARSERS", ((fail, (ValueError,)),))
    with pytest.raises(KeyError):
        fuzz_parsers.one_input(b"")
