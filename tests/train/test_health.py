import pytest
import torch

from artifix.errors import ArtifixError
from artifix.train.checkpoint import Learner, Progress
from artifix.train.health import TrainingError, check_losses, check_weights, watch_discriminator
from artifix.train.recipe import DiscriminatorRecipe

RIGHT, UNSURE = {"accuracy_real": 1.0, "accuracy_restored": 1.0}, {"accuracy_real": 1.0, "accuracy_restored": 0.9}


def test_it_is_one_of_ours_so_that_the_command_line_says_it_in_one_line():
    assert issubclass(TrainingError, ArtifixError)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_said_with_the_step_and_the_figures(value):
    check_losses(Progress(7), {"mse": 0.1})
    with pytest.raises(TrainingError, match=r"^step 7: the loss is no longer finite .*l1 0.1.*kept$"):
        check_losses(Progress(7), {"l1": 0.1, "mse": value})


def test_weights_that_are_not_finite_are_said():
    network = torch.nn.Linear(2, 2)
    learner = Learner(network, {}, torch.optim.Adam(network.parameters()))
    check_weights(Progress(7), [learner])
    with torch.no_grad():
        network.weight[0, 1] = float("nan")
    with pytest.raises(TrainingError, match="step 7: the weights are no longer finite"):
        check_weights(Progress(7), [learner])


def test_a_discriminator_always_right_for_long_has_collapsed_the_run():
    progress, recipe = Progress(400), DiscriminatorRecipe(collapse_after=300)
    watch_discriminator(progress, RIGHT, 100, recipe)
    watch_discriminator(progress, RIGHT, 100, recipe)
    assert progress.certain == 200
    with pytest.raises(TrainingError, match=r"step 400: .* always right for 300 steps, .* collapsed"):
        watch_discriminator(progress, RIGHT, 100, recipe)


def test_one_doubt_starts_the_count_anew():
    progress, recipe = Progress(), DiscriminatorRecipe(collapse_after=300)
    for figures in (RIGHT, RIGHT, UNSURE, RIGHT, RIGHT):
        watch_discriminator(progress, figures, 100, recipe)
    assert progress.certain == 200


def test_0_never_stops():
    progress = Progress()
    for _ in range(100):
        watch_discriminator(progress, RIGHT, 100, DiscriminatorRecipe(collapse_after=0))
    assert progress.certain == 10_000
