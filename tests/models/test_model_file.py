"""Model files: what is written is read again, by others' readers too, and a stranger's file can do nothing."""

import dataclasses
import json
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.errors import ModelError
from artifix.models.card import METADATA_KEY
from artifix.models.catalog import MODELS, read_model
from artifix.models.model import Model, model_from_bytes
from artifix.models.tensor_file import pack, unpack

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)


@given(st.dictionaries(st.text(max_size=9).filter(lambda name: name != "__metadata__"), SHAPES, max_size=5), st.text())
def test_what_is_packed_is_unpacked_and_the_formats_own_library_reads_it(shapes, text):
    rng = np.random.default_rng(0)
    tensors = {name: rng.normal(size=shape).astype(np.float16) for name, shape in shapes.items()}
    data = pack(tensors, {"about": text})
    found, texts = unpack(data)
    assert texts == {"about": text}
    theirs = pytest.importorskip("safetensors.numpy").load(data)
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(found[name], tensor)
        np.testing.assert_array_equal(theirs[name], tensor)


def file_of(header, body=b"", length=None):
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(told) if length is None else length) + told + body


def tensor(start=0, stop=4, shape=(2,), dtype="F16"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08",
        bytes(8),
        bytes(1000),
        file_of({}, length=2**63),
        file_of({}, length=3),
        file_of(b"\xff\xfe"),
        file_of(b"[" * 100_000),
        file_of([]),
        file_of({"a": 1}),
        file_of({"a": tensor()}),
        file_of({"a": tensor()}, bytes(5)),
        file_of({"a": tensor(), "b": tensor()}, bytes(4)),
        file_of({"a": tensor(), "b": tensor(2, 6)}, bytes(6)),
        file_of({"a": tensor(), "b": tensor(5, 9)}, bytes(9)),
        file_of({"a": tensor(-4, 0)}),
        file_of({"a": tensor(0.0, 4.0)}, bytes(4)),
        file_of({"a": tensor(0, True, (0.5,))}, bytes(4)),
        file_of({"a": tensor(0, 8, dtype="F32")}, bytes(8)),
        file_of({"a": tensor(0, 4, (2, -1, -1))}, bytes(4)),
        file_of({"a": tensor(0, 4, (2**62, 2**62, 0))}, bytes(4)),
        file_of({"a": tensor(0, 4, [1] * 40 + [2])}, bytes(4)),
        file_of({"a": tensor(), "__metadata__": {"artifix": 5}}, bytes(4)),
        file_of({"a": tensor(), "__metadata__": []}, bytes(4)),
    ],
)
def test_anything_else_is_refused_in_one_line(data):
    with pytest.raises(ModelError, match=r"^not an artifix model: [^\n]+$"):
        model_from_bytes(data)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 255))
def test_damage_anywhere_is_refused_or_harmless(make_model, noise, place, byte):
    data = bytearray(make_model().read_bytes())
    place %= len(data)
    data[place] = byte
    for damaged in (noise, bytes(data), bytes(data[:place]), bytes(data) + noise[:1]):
        try:
            model = model_from_bytes(damaged)
        except ModelError as error:
            assert "\n" not in str(error)
        else:
            assert {name: value.shape for name, value in model.weights.items()} == dict(model.description.weights())


@pytest.mark.parametrize(
    "config",
    [
        {"features": 512, "blocks": 128},
        {"features": 10**9},
        {"blocks": 10**9},
        {"features": 512, "blocks": 5},
        {"channels": 2},
        {"blocks": "1" * 10_000},
    ],
)
def test_a_card_cannot_ask_for_memory_that_its_file_has_not(make_model, config):
    model = read_model(make_model())
    card = dataclasses.replace(model.card, config=model.card.config | config)
    data = pack(model.weights, {METADATA_KEY: card.to_json()})
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=r"^its (card|weights|network) [^\n]+$"):
            model_from_bytes(data)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_weights_that_are_not_numbers_are_refused(make_model):
    model = read_model(make_model())
    weights = dict(model.weights) | {"tail.bias": np.array([0, np.nan, 0], np.float16)}
    with pytest.raises(ModelError, match="not numbers"):
        Model(model.card, weights)


def test_a_file_without_a_card_is_refused(make_model):
    with pytest.raises(ModelError, match="no model card"):
        model_from_bytes(pack(read_model(make_model()).weights, {}))


def test_onnx_files_are_refused_unread_and_told_what_to_use(tmp_path):
    with pytest.raises(ModelError, match=r"gone\.onnx: artifix models are \.safetensors files"):
        read_model(tmp_path / "gone.onnx")


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "huge.safetensors").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ModelError, match=r"huge\.safetensors: not an artifix model: it is larger than"):
        read_model(tmp_path / "huge.safetensors")


@pytest.mark.parametrize("name", MODELS)
def test_what_a_shipped_card_says_is_what_the_network_is(name):
    model = read_model(name)
    assert (model.card.parameters, model.card.macs_per_pixel) == (
        model.description.parameters,
        model.description.macs_per_pixel,
    )
    assert model_from_bytes(model.to_bytes()).fingerprint == model.fingerprint
