import pytest
import torch

from artifix.errors import RecipeError
from artifix.models.networks.generator import GeneratorConfig
from artifix.train.batches import batches
from artifix.train.distributed import ALONE, Group
from artifix.train.patches import Pictures
from artifix.train.recipe import DataRecipe, OptimiserRecipe, Recipe

RECIPE = Recipe(
    "small",
    network=GeneratorConfig(channels=1, features=4, blocks=1),
    data=DataRecipe(patch=32, batch=4),
    optimiser=OptimiserRecipe(steps=3),
)


def row(photograph, step=0, group=ALONE, on_device=False, workers=0):
    pictures = Pictures([photograph], [], [])
    return list(batches(RECIPE, pictures, step, group=group, device="cpu", workers=workers, on_device=on_device))


@pytest.mark.parametrize("on_device", [False, True])
def test_the_shares_of_a_group_are_the_batch(photograph, on_device):
    whole = row(photograph, on_device=on_device)
    halves = [row(photograph, group=Group(rank, 2), on_device=on_device) for rank in range(2)]
    assert len(whole) == len(halves[0]) == 4  # one beyond the last step
    for step, joined in enumerate(whole):
        for half in range(2):
            shares = [halves[rank][step][half] for rank in range(2)]
            assert [len(share) for share in shares] == [2, 2]
            assert torch.equal(torch.cat(shares), joined[half])


@pytest.mark.parametrize("on_device", [False, True])
def test_it_goes_on_where_it_is_told_with_any_number_of_workers(photograph, on_device):
    whole = row(photograph, on_device=on_device)
    for workers in (0, 2):
        rest = row(photograph, step=2, on_device=on_device, workers=workers)
        assert len(rest) == 2
        for first, second in zip(whole[2:], rest, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_batch_that_cannot_be_shared_is_refused(photograph):
    with pytest.raises(RecipeError, match=r"data\.batch: 4 patches cannot be shared equally among 3 processes"):
        row(photograph, group=Group(0, 3))
