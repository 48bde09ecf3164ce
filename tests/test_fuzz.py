"""A small share of `benchmarks/fuzz.py`: mutated files end as pictures or as our errors."""

import random
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import fuzz

    yield fuzz
    del sys.modules["fuzz"]


def test_mutated_files_end_as_pictures_or_as_errors(fuzz, tmp_path):
    found = fuzz.fuzz(count=100, seed=1, keep=tmp_path)
    assert found["lost"] == 0, [path.read_text() for path in tmp_path.glob("*.txt")]
    assert found["outcomes"].keys() == {"refused", "restored"}


def test_the_seeds_are_whole_and_a_mutation_follows_its_seed(fuzz, tmp_path):
    originals = fuzz.seeds()
    with fuzz.Worker() as worker:
        ends = {name: worker.restore(tmp_path, name, data).outcome for name, data in originals.items()}
    assert set(ends.values()) == {"restored"}
    first, again = (fuzz.mutated(originals, random.Random("7/3")) for _ in range(2))
    assert first == again


def test_what_goes_wrong_is_seen(fuzz, tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "SECONDS", 0.0)
    with fuzz.Worker() as worker:
        assert worker.restore(tmp_path, "a.jpg", fuzz.seeds()["baseline.jpg"]).outcome == "hung"
        worker.process.kill()
        worker.process.join()
        monkeypatch.setattr(fuzz, "SECONDS", 10.0)
        assert worker.restore(tmp_path, "a.jpg", fuzz.seeds()["baseline.jpg"]).outcome == "crashed"
        monkeypatch.setattr(fuzz, "MEMORY", 1)
        assert worker.restore(tmp_path, "a.jpg", fuzz.seeds()["baseline.jpg"]).outcome == "too much memory"
