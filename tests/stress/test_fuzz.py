"""A small share of `tests/stress/fuzz.py`: mutated files end as pictures or as our errors."""

import random


def test_mutated_files_end_as_pictures_or_as_errors(program, tmp_path):
    found = program("fuzz").fuzz(count=100, seed=1, keep=tmp_path)
    assert found["lost"] == 0, [path.read_text() for path in tmp_path.glob("*.txt")]
    assert found["outcomes"].keys() == {"refused", "restored"}


def test_the_seeds_are_whole(program, tmp_path):
    with program("fuzz_worker").Worker() as worker:
        ends = {name: worker.restore(tmp_path, name, data) for name, data in program("mutations").seeds().items()}
    assert {end.outcome for end in ends.values()} == {"restored"}, ends


def test_a_mutation_follows_its_seed(program):
    mutations = program("mutations")
    first, again = (mutations.mutated(mutations.seeds(), random.Random("7/3")) for _ in range(2))
    assert first == again


def test_what_goes_wrong_is_seen(program, tmp_path, monkeypatch):
    fuzz_worker, picture = program("fuzz_worker"), program("mutations").seeds()["baseline.jpg"]
    monkeypatch.setattr(fuzz_worker, "SECONDS", 0.0)
    with fuzz_worker.Worker() as worker:
        assert worker.restore(tmp_path, "a.jpg", picture).outcome == "hung"
        worker.process.kill()
        worker.process.join()
        monkeypatch.setattr(fuzz_worker, "SECONDS", 10.0)
        assert worker.restore(tmp_path, "a.jpg", picture).outcome == "crashed"
        monkeypatch.setattr(fuzz_worker, "MEMORY", 1)
        assert worker.restore(tmp_path, "a.jpg", picture).outcome == "too much memory"
