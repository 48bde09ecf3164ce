import json
import os
import signal
import threading
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from artifix.errors import ModelError
from artifix.models.generator import Generator, GeneratorConfig
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state
from artifix.train.loop import learning_rate, train
from artifix.train.patches import Pictures
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe
from artifix.train.weights import load_into

RECIPE = Recipe(
    "small",
    network=GeneratorConfig(channels=3, features=4, blocks=1),
    data=DataRecipe(patch=32, batch=2),
    optimiser=OptimiserRecipe(steps=12, learning_rate=1e-3, warmup=2, average=0.9),
)


@pytest.fixture
def pictures(photograph):
    return Pictures([photograph], [photograph[:64, :64]], [])


def losses_of(run):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line["mse"] for line in lines if "mse" in line}


def with_steps(steps, recipe=RECIPE):
    return Recipe(**{**vars(recipe), "optimiser": OptimiserRecipe(**{**vars(recipe.optimiser), "steps": steps})})


def test_a_resumed_run_is_the_unbroken_one_to_the_bit(tmp_path, pictures):
    whole = train(RECIPE, pictures, tmp_path / "whole", workers=0, interval=1)

    def stop_at_5(progress, spent, figures):
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    train(RECIPE, pictures, tmp_path / "broken", workers=0, interval=1, report=stop_at_5)
    assert read_state(latest_checkpoint(tmp_path / "broken"))[1].step == 5
    resumed = train(RECIPE, pictures, tmp_path / "broken", workers=0, interval=1, resume=True)

    assert losses_of(tmp_path / "broken") == losses_of(tmp_path / "whole")
    for name in ("generator", "generator_adam"):
        first, second = (load_file(folder / f"{name}.safetensors") for folder in (whole, resumed))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_workers_do_not_change_the_losses(tmp_path, pictures):
    train(with_steps(3), pictures, tmp_path / "none", workers=0, interval=1)
    train(with_steps(3), pictures, tmp_path / "two", workers=2, interval=1)
    assert losses_of(tmp_path / "none") == losses_of(tmp_path / "two")


def test_it_learns(tmp_path, pictures):
    recipe = Recipe(
        "small",
        network=GeneratorConfig(channels=3, features=8, blocks=2),
        data=DataRecipe(patch=32, batch=4, quality=(10, 10), grey=0, shifted=0, twice=0),
        optimiser=OptimiserRecipe(steps=150, learning_rate=3e-3, warmup=5, average=0.9),
    )
    folder = train(recipe, pictures, tmp_path, workers=0, interval=150)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["held_out/gain_10"] > 0.2
    assert all(torch.isfinite(value).all() for value in load_average(folder).values())


def test_a_time_budget_ends_with_the_schedule_at_its_end(tmp_path, pictures):
    rates = []
    began = time.monotonic()
    train(
        with_steps(10**6),
        pictures,
        tmp_path,
        minutes=2 / 60,
        workers=0,
        interval=1,
        report=lambda progress, spent, figures: rates.append(figures["learning_rate"]),
    )
    assert time.monotonic() - began < 20
    assert max(rates) > 0.9e-3
    assert rates[-1] < 0.02 * max(rates)
    _, progress = read_state(latest_checkpoint(tmp_path))
    assert 1.9 < progress.seconds < 5


def test_the_schedule_warms_up_and_falls_to_nothing():
    recipe = OptimiserRecipe(steps=100, learning_rate=1.0, warmup=10)
    rates = [learning_rate(step, step / 100, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert np.argmax(rates) == 9
    assert rates[50] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_leaves_the_handlers_as_they_were(tmp_path, pictures, number):
    before = signal.getsignal(number)
    threading.Timer(1.5, os.kill, (os.getpid(), number)).start()
    folder = train(with_steps(10**6), pictures, tmp_path, workers=0)
    assert read_state(folder)[1].step > 0
    assert signal.getsignal(number) == before


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path, pictures):
    bad = Recipe(**{**vars(RECIPE), "optimiser": OptimiserRecipe(steps=1000, learning_rate=1e30, warmup=0)})
    train(with_steps(4), pictures, tmp_path, workers=0)
    with pytest.raises(FloatingPointError, match="no longer finite"):
        train(bad, pictures, tmp_path, workers=0, interval=1, resume=True)
    assert all(torch.isfinite(v).all() for v in load_average(latest_checkpoint(tmp_path)).values())


def test_only_the_newest_checkpoint_is_kept_and_a_partial_one_is_no_checkpoint(tmp_path, pictures):
    (tmp_path / "step-9999999.partial").mkdir()
    folder = train(RECIPE, pictures, tmp_path, workers=0, checkpoint_every=4)
    assert [p.name for p in tmp_path.glob("step-*") if p.suffix != ".partial"] == ["step-0000012"]
    assert latest_checkpoint(tmp_path) == folder


def test_a_colour_network_starts_as_the_luma_one(tmp_path):
    luma = Generator(GeneratorConfig(channels=1, features=4, blocks=1))
    torch.nn.init.normal_(luma.tail.weight)
    save_file(luma.state_dict(), tmp_path / "luma.safetensors")
    colour = Generator(GeneratorConfig(channels=3, features=4, blocks=1))
    load_into(colour, tmp_path / "luma.safetensors")
    batch = torch.rand(1, 3, 16, 16)
    restored = colour(batch)
    torch.testing.assert_close(restored[:, :1], luma(batch[:, :1]))
    torch.testing.assert_close(restored[:, 1:], batch[:, 1:])
    save_file(colour.state_dict(), tmp_path / "colour.safetensors")
    back = Generator(GeneratorConfig(channels=1, features=4, blocks=1))
    load_into(back, tmp_path / "colour.safetensors")
    torch.testing.assert_close(back(batch[:, :1]), luma(batch[:, :1]))


@pytest.mark.parametrize("config", [GeneratorConfig(features=5, blocks=1), GeneratorConfig(features=4, blocks=2)])
def test_weights_of_another_network_are_refused(tmp_path, config):
    save_file(Generator(GeneratorConfig(features=4, blocks=1)).state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ModelError, match=r"w\.safetensors"):
        load_into(Generator(config), tmp_path / "w.safetensors")


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_into(Generator(GeneratorConfig(features=4, blocks=1)), tmp_path / "w.safetensors")


def test_a_checkpoint_of_another_shape_is_refused(tmp_path, pictures):
    train(with_steps(2), pictures, tmp_path, workers=0)
    other = Recipe(**{**vars(RECIPE), "network": GeneratorConfig(channels=3, features=6, blocks=1)})
    with pytest.raises(ModelError, match="does not fit"):
        train(other, pictures, tmp_path, workers=0, resume=True)


@pytest.mark.gpu
def test_it_trains_on_a_gpu(tmp_path, pictures):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    folder = train(RECIPE, pictures, tmp_path, workers=2, device="cuda", interval=1)
    assert read_state(folder)[1].step == 12
