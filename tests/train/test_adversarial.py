"""Adversarial runs: both sides learn, stop, resume and are watched."""

import dataclasses
import json
import os
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from artifix.image import read_image
from artifix.models.networks.generator import GeneratorConfig
from artifix.models.torch_network import TorchNetwork
from artifix.train.checkpoint import latest_checkpoint, read_state
from artifix.train.health import TrainingError
from artifix.train.loop import train
from artifix.train.recipe import (
    DataRecipe,
    DiscriminatorRecipe,
    LossRecipe,
    OptimiserRecipe,
    PerceptualRecipe,
    Recipe,
)


def discriminator_losses(run):
    """The discriminator's logged losses by step."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line["discriminator"] for line in lines if "discriminator" in line}


GAN = Recipe(
    "gan",
    network=GeneratorConfig(channels=3, features=4, blocks=1),
    data=DataRecipe(patch=32, batch=2),
    loss=LossRecipe(perceptual=1.0, adversarial=0.1),
    perceptual=PerceptualRecipe({"conv1_2": 1.0}),
    discriminator=DiscriminatorRecipe(features=4, learning_rate=1e-3),
    optimiser=OptimiserRecipe(steps=6, learning_rate=1e-3, warmup=2, average=0.9),
)


FILES = ("generator", "generator_optimiser", "discriminator", "discriminator_optimiser")


@pytest.mark.parametrize("on_device", [False, True])
def test_a_resumed_adversarial_run_is_the_unbroken_one_to_the_bit(tmp_path, pictures, vgg, on_device):
    def go(run, **options):
        return train(GAN, pictures, run, workers=0, interval=1, vgg=vgg, pairs_on_device=on_device, **options)

    def stop_at_3(progress, spent, figures):
        if progress.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    whole = go(tmp_path / "whole")
    go(tmp_path / "broken", report=stop_at_3)
    resumed = go(tmp_path / "broken", resume=True)
    assert discriminator_losses(tmp_path / "broken") == discriminator_losses(tmp_path / "whole")
    for name in FILES:
        first, second = (load_file(folder / f"{name}.safetensors") for folder in (whole, resumed))
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert sorted(file.name for file in whole.iterdir()) == sorted([f"{n}.safetensors" for n in FILES] + ["state.json"])


def test_an_adversarial_run_says_how_both_sides_do_and_shows_pictures(tmp_path, pictures, vgg):
    train(GAN, pictures, tmp_path, workers=0, interval=2, vgg=vgg)
    line, last = (json.loads(text) for text in (tmp_path / "log.jsonl").read_text().splitlines()[-2:])
    sides = {"perceptual", "adversarial", "discriminator", "accuracy_real", "accuracy_restored", "learning_rate"}
    assert sides <= line.keys()
    assert 0 <= line["accuracy_real"] <= 1
    assert {"held_out/gain_10", "held_out/perceptual_10"} <= last.keys()
    assert read_image(tmp_path / "strip.png").shape == (64, 3 * 64, 3)


def test_both_sides_learn_and_each_at_its_own_rate(tmp_path, pictures, vgg):
    recipe = dataclasses.replace(
        GAN,
        data=dataclasses.replace(GAN.data, quality=(5, 5)),
        loss=LossRecipe(l1=1.0, adversarial=1e-3),
        discriminator=dataclasses.replace(GAN.discriminator, learning_rate=3e-3),
        optimiser=dataclasses.replace(GAN.optimiser, steps=200, learning_rate=1e-5),
    )
    train(recipe, pictures, tmp_path, workers=0, interval=1)
    losses = list(discriminator_losses(tmp_path).values())
    # By 0.4 and more for each of four seeds; sums taken in another order change the figure, not the sign.
    assert np.mean(losses[-20:]) < np.mean(losses[:20]) - 0.2
    after = load_file(latest_checkpoint(tmp_path) / "generator.safetensors")
    torch.manual_seed(recipe.seed)
    before = TorchNetwork(recipe.network.description).state_dict()
    moved = max((after[name] - value).abs().max().item() for name, value in before.items())
    assert 0 < moved <= 200 * 1e-5 * 1.1


def test_a_collapsed_run_stops_and_keeps_the_checkpoint_before(tmp_path, pictures):
    recipe = dataclasses.replace(
        GAN,
        loss=LossRecipe(l1=1.0, adversarial=1e-9),
        discriminator=DiscriminatorRecipe(features=4, learning_rate=3e-3, collapse_after=20),
        data=DataRecipe(patch=32, batch=4, quality=(1, 1), grey=0, shifted=0, twice=0),
        optimiser=OptimiserRecipe(steps=3000, learning_rate=1e-9, warmup=0),
    )
    with pytest.raises(TrainingError, match="always right for 20 steps, the training has collapsed"):
        train(recipe, pictures, tmp_path, workers=0, interval=1, checkpoint_every=10)
    _, progress = read_state(latest_checkpoint(tmp_path))
    assert progress.certain == 0
    assert progress.step <= max(discriminator_losses(tmp_path)) + 1 - 20


@pytest.mark.gpu
@pytest.mark.parametrize("on_device", [False, True])
def test_it_trains_on_a_gpu(tmp_path, pictures, vgg, on_device):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    options = {"device": "cuda", "workers": 2, "interval": 1, "vgg": vgg, "pairs_on_device": on_device}
    train(
        dataclasses.replace(GAN, optimiser=dataclasses.replace(GAN.optimiser, steps=3)), pictures, tmp_path, **options
    )
    folder = train(GAN, pictures, tmp_path, resume=True, **options)
    assert read_state(folder)[1].step == 6
