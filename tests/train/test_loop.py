import dataclasses
import json
import os
import signal
import threading
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from artifix.errors import ModelError, RecipeError
from artifix.models.networks.generator import GeneratorConfig
from artifix.models.torch_network import TorchNetwork
from artifix.train.checkpoint import latest_checkpoint, load_average, read_state
from artifix.train.export import export
from artifix.train.health import TrainingError
from artifix.train.loop import learning_rate, train
from artifix.train.recipe import (
    DataRecipe,
    LossRecipe,
    OptimiserRecipe,
    Recipe,
)
from artifix.train.weights import load_into

RECIPE = Recipe(
    "small",
    network=GeneratorConfig(channels=3, features=4, blocks=1),
    data=DataRecipe(patch=32, batch=2),
    optimiser=OptimiserRecipe(steps=12, learning_rate=1e-3, warmup=2, average=0.9),
)


def log_of(run, name="mse"):
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line[name] for line in lines if name in line}


def with_steps(steps, recipe=RECIPE):
    return dataclasses.replace(recipe, optimiser=dataclasses.replace(recipe.optimiser, steps=steps))


MUON = dataclasses.replace(
    RECIPE,
    network=GeneratorConfig(channels=3, features=8, blocks=1),
    optimiser=dataclasses.replace(RECIPE.optimiser, kind="muon"),
)


@pytest.mark.parametrize("recipe", [RECIPE, MUON], ids=["adam", "muon"])
def test_a_resumed_run_is_the_unbroken_one_to_the_bit(tmp_path, pictures, recipe):
    whole = train(recipe, pictures, tmp_path / "whole", workers=0, interval=1)

    def stop_at_5(progress, spent, figures):
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    train(recipe, pictures, tmp_path / "broken", workers=0, interval=1, report=stop_at_5)
    assert read_state(latest_checkpoint(tmp_path / "broken"))[1].step == 5
    resumed = train(recipe, pictures, tmp_path / "broken", workers=0, interval=1, resume=True)

    assert log_of(tmp_path / "broken") == log_of(tmp_path / "whole")
    for name in ("generator", "generator_optimiser"):
        first, second = (load_file(folder / f"{name}.safetensors") for folder in (whole, resumed))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on a machine of one core
def test_workers_do_not_change_the_losses(tmp_path, pictures):
    train(with_steps(3), pictures, tmp_path / "none", workers=0, interval=1)
    train(with_steps(3), pictures, tmp_path / "two", workers=2, interval=1)
    assert log_of(tmp_path / "none") == log_of(tmp_path / "two")


def test_it_computes_in_the_precision_that_it_is_told(tmp_path, pictures):
    for precision in ("fp32", "bf16"):
        train(with_steps(2), pictures, tmp_path / precision, precision=precision, workers=0, interval=1)
    exact, coarse = (log_of(tmp_path / precision) for precision in ("fp32", "bf16"))
    assert exact != coarse
    assert list(coarse.values()) == pytest.approx(list(exact.values()), rel=0.05)


def test_the_last_step_is_saved_and_measured_once(tmp_path, pictures):
    train(with_steps(4), pictures, tmp_path, workers=0, interval=1, checkpoint_every=2)
    assert latest_checkpoint(tmp_path).name == "step-0000004"
    assert list(log_of(tmp_path, "held_out/gain_10")) == [2, 4]
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert len(lines) == len(set(lines))


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
    rates = [learning_rate(1.0, step, step / 100, 10) for step in range(101)]
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
    with pytest.raises(TrainingError, match="the loss is no longer finite"):
        train(bad, pictures, tmp_path, workers=0, interval=1, resume=True)
    assert all(torch.isfinite(v).all() for v in load_average(latest_checkpoint(tmp_path)).values())


def test_only_the_newest_checkpoint_is_kept_and_a_partial_one_is_no_checkpoint(tmp_path, pictures):
    (tmp_path / "step-9999999.partial").mkdir()
    folder = train(RECIPE, pictures, tmp_path, workers=0, checkpoint_every=4)
    assert [p.name for p in tmp_path.glob("step-*") if p.suffix != ".partial"] == ["step-0000012"]
    assert latest_checkpoint(tmp_path) == folder


def test_a_run_goes_on_by_the_optimiser_that_it_began_with(tmp_path, pictures):
    train(
        dataclasses.replace(MUON, optimiser=dataclasses.replace(MUON.optimiser, kind="adam", steps=2)),
        pictures,
        tmp_path,
    )
    with pytest.raises(ModelError, match="does not fit the recipe"):
        train(MUON, pictures, tmp_path, resume=True)


def test_a_checkpoint_of_another_shape_is_refused(tmp_path, pictures):
    train(with_steps(2), pictures, tmp_path, workers=0)
    other = Recipe(**{**vars(RECIPE), "network": GeneratorConfig(channels=3, features=6, blocks=1)})
    with pytest.raises(ModelError, match="does not fit"):
        train(other, pictures, tmp_path, workers=0, resume=True)


def test_weights_that_do_not_fit_are_refused_before_any_picture_is_read(tmp_path, pictures, make_model):
    def read():
        raise AssertionError("read")

    for start in (tmp_path / "none.safetensors", make_model(features=8)):
        with pytest.raises(ModelError):
            train(RECIPE, read, tmp_path / "run", start=start)
    other = dataclasses.replace(with_steps(2), network=GeneratorConfig(channels=3, features=4, blocks=2))
    train(other, lambda: pictures, tmp_path / "run", workers=0)
    with pytest.raises(ModelError, match="does not fit"):
        train(RECIPE, read, tmp_path / "run", resume=True)


def test_an_adversarial_run_may_begin_from_a_checkpoint_or_a_model(tmp_path, pictures):
    folder = train(with_steps(6), pictures, tmp_path / "mse", workers=0)
    export(folder, tmp_path / "mse.safetensors")
    average = load_average(folder)
    for path, error in ((folder / "generator.safetensors", 0), (tmp_path / "mse.safetensors", 1e-3)):
        network = TorchNetwork(RECIPE.network.description)
        load_into(network, path)
        for name, value in network.state_dict().items():
            torch.testing.assert_close(value, average[name].contiguous(), atol=error, rtol=error)


def test_a_checkpoint_of_before_discriminators_is_read(tmp_path):
    state = {"recipe": {"name": "old"}, "step": 7, "seconds": 1.5}
    (tmp_path / "state.json").write_text(json.dumps(state))
    _, progress = read_state(tmp_path)
    assert (progress.step, progress.seconds, progress.certain) == (7, 1.5, 0)


def test_weights_that_are_not_finite_are_never_saved(tmp_path, pictures):
    bad = dataclasses.replace(RECIPE, optimiser=OptimiserRecipe(steps=6, learning_rate=1e38, warmup=0))
    train(with_steps(2), pictures, tmp_path, workers=0)
    with pytest.raises(TrainingError, match="the weights are no longer finite"):
        train(bad, pictures, tmp_path, workers=0, resume=True)
    assert all(torch.isfinite(v).all() for v in load_average(latest_checkpoint(tmp_path)).values())


def test_the_generator_with_its_padding_is_one_graph_for_the_compiler():
    """What `torch.compile` meets on a GPU: captured whole, and the same to the last bits, gradient included."""
    network = TorchNetwork(GeneratorConfig(channels=3, features=4, blocks=1).description).to(
        memory_format=torch.channels_last
    )
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    batch = torch.rand(2, 3, 32, 32).to(memory_format=torch.channels_last)
    gradients = []
    for forward in (network, compiled):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            forward(batch).float().square().mean().backward()
        gradients.append(network.head.weight.grad.clone())
    torch.testing.assert_close(*gradients, rtol=0.02, atol=1e-4)


def test_a_student_comes_to_restore_as_its_teacher(tmp_path, pictures, make_model):
    recipe = dataclasses.replace(with_steps(60), loss=LossRecipe(distilled=1.0), seed=2)
    run = tmp_path / "student"
    train(recipe, pictures, run, workers=0, interval=1, teacher=make_model())
    losses = log_of(run, "distilled")
    assert losses[60] < losses[1] - 0.1


def test_a_distilled_loss_needs_a_teacher_of_its_channels(tmp_path, pictures, make_model):
    recipe = dataclasses.replace(RECIPE, loss=LossRecipe(distilled=1.0))
    with pytest.raises(RecipeError, match="--teacher"):
        train(recipe, pictures, tmp_path / "run", workers=0)
    with pytest.raises(ModelError, match="takes 1 channels, this recipe's network 3"):
        train(recipe, pictures, tmp_path / "run", workers=0, teacher=make_model(channels=1))
