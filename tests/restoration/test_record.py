"""One schema of records, for --json, the manifest, the HTTP API and the library."""

import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix import clock
from artifix.cli import app
from artifix.restoration import Record, Restorer
from artifix.restoration.record import SCHEMA_VERSION

FIELDS = list(Record.__dataclass_fields__)


def test_every_field_is_documented_with_the_version():
    text = (Path(__file__).parents[2] / "docs" / "records.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == FIELDS
    assert f"schema {SCHEMA_VERSION}" in text


def test_the_command_prints_all_fields(photograph, make_model, tmp_path):
    source, target = tmp_path / "a.png", tmp_path / "b.jpg"
    Image.fromarray(photograph[:32, :40]).save(source)
    arguments = [str(source), "-o", str(target), "--model", str(make_model()), "--strength", "0.5", "--force", "--json"]
    record = json.loads(CliRunner().invoke(app, ["restore", *arguments]).stdout)
    assert list(record) == FIELDS
    expected = {
        "input": str(source),
        "output": str(target),
        "status": "restored",
        "width": 40,
        "height": 32,
        "model": str(make_model()),
        "engine": "openvino",
        "strength": 0.5,
        "detail": 0.0,
        "frames": 1,
        "input_bytes": source.stat().st_size,
        "output_bytes": target.stat().st_size,
        "schema": SCHEMA_VERSION,
    }
    assert {name: record[name] for name in expected} == expected
    assert record["precision"] in ("fp32", "bf16", "int8")


def test_the_manifest_has_the_fields_of_records_by_their_names():
    pytest.importorskip("pyarrow")
    from artifix.pool.manifest import SCHEMA, Row, rows_of, table_of

    assert set(FIELDS) - set(SCHEMA.names) == {"schema"}
    assert SCHEMA.metadata == {b"artifix.records": str(SCHEMA_VERSION).encode()}
    row = Row(
        "a", "b", 3, "stamp", "restored", 4, 5, 0.5, ("note",), "", 1.5, "mse", "x=1", "openvino", "int8", 0.5, 0.2
    )
    assert rows_of(table_of([row])) == [row]


def test_a_manifest_of_before_the_version_is_read():
    pa = pytest.importorskip("pyarrow")
    from artifix.pool.manifest import Row, rows_of

    old = {
        "source": ["a.jpg"],
        "output": ["a.png"],
        "size": [3],
        "stamp": ["7"],
        "status": ["restored"],
        "width": pa.array([4], pa.int32()),
        "height": pa.array([5], pa.int32()),
        "seconds": [0.5],
        "notes": pa.array([None], pa.list_(pa.string())),
        "error": [""],
        "finished": [1.5],
    }
    assert rows_of(pa.table(old)) == [Row("a.jpg", "a.png", 3, "7", "restored", 4, 5, 0.5, finished=1.5)]


def test_waiting_for_another_pictures_turn_does_not_count(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    stopped = clock.Clock()
    now[0] += 1  # reading
    with stopped.pausing_between_turns():
        now[0] += 100  # others are at it
        with clock.turn():
            now[0] += 2
        now[0] += 100
        with clock.turn():
            now[0] += 3
    now[0] += 4  # writing
    assert stopped.seconds == 10


def test_without_turns_all_counts(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    stopped = clock.Clock()
    with stopped.pausing_between_turns():
        now[0] += 5
    with clock.turn():  # of nobody
        now[0] += 1
    assert stopped.seconds == 6


def test_side_by_side_pictures_do_not_count_each_others_time(make_model):
    """The engine is held while a picture waits: its seconds are those after that, however long it was."""
    restorer = Restorer(make_model(), precision="fp32")
    image = np.zeros((16, 16, 3), np.uint8)
    stopped, worked = clock.Clock(), []
    began = clock.time.perf_counter()

    def restore():
        with stopped.pausing_between_turns():
            restorer.restore_image(image)
        worked.append((stopped.seconds, clock.time.perf_counter() - began))

    thread = threading.Thread(target=restore)
    with restorer.load().lock:
        thread.start()
        thread.join(1.0)
        assert not worked
    thread.join()
    ((seconds, wall),) = worked
    assert seconds <= wall - 0.9
