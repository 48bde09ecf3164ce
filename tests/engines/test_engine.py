import subprocess
import sys

import numpy as np
import pytest
import torch

from artifix.engines.core import openvino_core
from artifix.engines.engine import load_engine
from artifix.errors import ModelError
from artifix.models.card import ModelCard, card_from_json
from artifix.models.catalog import MODELS, read_card, read_model
from artifix.models.torch_network import torch_network

GREY_LEVEL = 2 / 255


@pytest.fixture(params=["small", *MODELS])
def model(request, make_model):
    return make_model(features=8, blocks=2) if request.param == "small" else request.param


@pytest.mark.parametrize(
    ("engine", "precision", "levels"),
    [("openvino", "fp32", 1), ("onnxruntime", "auto", 1), ("openvino", "bf16", 2), ("torch", "fp32", 1)],
)
def test_every_engine_is_within_a_grey_level_of_torch_fp32(model, photograph, engine, precision, levels):
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
    loaded = read_model(model)
    network = torch_network(loaded)
    batch = photograph.transpose(2, 0, 1)[None, : loaded.card.channels].astype(np.float32) / 127.5 - 1
    with torch.inference_mode():
        expected = network(torch.from_numpy(batch)).numpy()
    restored = load_engine(model, engine, precision)(batch)
    assert restored.dtype == np.float32
    assert np.abs(restored - expected).max() <= levels * GREY_LEVEL


def test_what_a_gpu_would_run_computes_the_same_on_the_processor(make_model, photograph):
    """torch in bfloat16, channels last."""
    model = make_model(features=8, blocks=2)
    batch = photograph.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
    engine = load_engine(model, "torch", "bf16")
    assert engine.precision == "bf16"
    assert np.abs(engine(batch) - load_engine(model, "torch", "fp32")(batch)).max() <= 2 * GREY_LEVEL


@pytest.mark.parametrize(
    ("installed", "expected"),
    [({"openvino", "onnxruntime"}, "openvino"), ({"onnxruntime"}, "onnxruntime"), (set(), "openvino")],
)
def test_without_openvino_onnxruntime_runs(make_model, monkeypatch, installed, expected):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr("artifix.engines.engine.find_spec", lambda name: name if name in installed else None)
    assert load_engine(make_model()).name == expected


def test_onnxruntime_takes_tensorrt_and_cuda_where_its_build_has_them(make_model, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    asked = []

    def session(data, options, providers):
        asked.extend(providers)
        raise RuntimeError("no GPU here")

    there = ["AzureExecutionProvider", "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    with pytest.raises(ModelError):
        load_engine(make_model(), "onnxruntime")
    assert asked == ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


def test_the_card_comes_back_whole(make_model):
    for engine in ("openvino", "onnxruntime", "torch"):
        card = load_engine(make_model(channels=1), engine).card
        assert (card.name, card.channels, card.radius, card.multiple) == ("small", 1, 8, 2)


@pytest.mark.parametrize("engine", ["openvino", "onnxruntime", "torch"])
@pytest.mark.parametrize("content", [b"", b"no model at all", bytes(1000)])
def test_a_file_that_is_no_model_is_one_clear_line(tmp_path, engine, content):
    path = tmp_path / "strange.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"strange\.safetensors: not an artifix model") as caught:
        load_engine(path, engine)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": 2},
        {"radius": 2.5},
        {"config": []},
        {"radius": -1},
        {"radius": 10**9},
        {"multiple": 0},
        {"surprise": 1},
        {"format": 99},
    ],
)
def test_a_card_out_of_bounds_is_refused(change):
    card = ModelCard("a", "generator", 3, 8, 2, {}, 1, 1, 64)
    assert card_from_json(card.to_json()) == card
    import json

    with pytest.raises(ModelError, match="card"):
        card_from_json(json.dumps(json.loads(card.to_json()) | change))


def test_a_card_is_read_without_the_network(make_model):
    assert read_card(make_model(channels=1)).channels == 1


def test_unknown_names_are_refused(make_model):
    with pytest.raises(ModelError, match="no such model"):
        load_engine("mze")
    with pytest.raises(ModelError, match="unknown engine"):
        load_engine(make_model(), "tensorrt")
    with pytest.raises(ModelError, match="unknown precision"):
        load_engine(make_model(), precision="int4")
    with pytest.raises(ModelError, match=r"gone\.safetensors: No such file"):
        load_engine("gone.safetensors")


def test_a_signal_finds_a_process_whole_from_which_models_were_dropped(make_model):
    """OpenVINO's own alternate signal stacks, one a Core, made an end of it."""
    code = f"""
import os, signal, artifix
first = artifix.Restorer({str(make_model())!r}, engine="openvino").load()
second = artifix.Restorer({str(make_model())!r}, engine="openvino", precision="fp32").load()
del first
del second
signal.signal(signal.SIGINT, lambda *_: print("interrupted"))
os.kill(os.getpid(), signal.SIGINT)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


def test_a_model_that_is_not_there_is_named_once():
    with pytest.raises(ModelError, match=r"^nope: no such model"):
        read_card("nope")


def test_what_artifix_itself_needs_is_no_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    openvino_core.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"OpenVINO is not installed .*; please install artifix again"):
            load_engine("mse", "openvino")
    finally:
        openvino_core.cache_clear()


def test_a_share_of_the_processors_is_not_always_the_first_ones(monkeypatch):
    from artifix.engines import openvino_engine

    made = []
    compile_model = openvino_engine._compile
    monkeypatch.setattr(openvino_engine, "_kept", lambda *_: None)
    monkeypatch.setattr(
        openvino_engine, "_compile", lambda *arguments: (made.append(compile_model(*arguments)), made[-1])[1]
    )
    load_engine("mse", engine="openvino", precision="fp32", threads=1)
    assert [each.compiled.get_property("ENABLE_CPU_PINNING") for each in made] == [False]
