from itertools import pairwise

import pytest
import torch

from artifix.models.discriminator import FULL_PATCH, SUB_PATCH, Discriminator, partition


def batches(n=2, channels=3, side=48):
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(n, channels, side, side, generator=generator) * 2 - 1 for _ in range(2))


@pytest.mark.parametrize("full_patch", [False, True])
def test_parameters_against_a_hand_calculation(full_patch):
    # 2C to 32-32-64-64-128-128-256 by 3x3, then 2x2 to one, each with a bias for every filter.
    widths = [6, 32, 32, 64, 64, 128, 128, 256]
    layers = sum(9 * a * b + b for a, b in pairwise(widths))
    assert (
        sum(parameter.numel() for parameter in Discriminator(3, full_patch=full_patch).parameters())
        == layers + 4 * 256 + 1
    )
    # With Adam's two moments, each in a file of its own.
    assert 8 * (layers + 1025) < 16 * 2**20


def test_a_logit_for_every_sub_patch_or_for_every_patch():
    candidate, degraded = batches(side=64)
    assert Discriminator(3, 4)(candidate, degraded).shape == (2 * 16,)
    assert Discriminator(3, 4, full_patch=True)(candidate, degraded).shape == (2,)


def test_the_partition_goes_row_by_row_patch_after_patch():
    batch, _ = batches(side=48)
    parts = partition(batch)
    assert parts.shape == (18, 3, 16, 16)
    assert torch.equal(parts[0], batch[0, :, :16, :16])
    assert torch.equal(parts[5], batch[0, :, 16:32, 32:48])
    assert torch.equal(parts[9 + 7], batch[1, :, 32:48, 16:32])


def test_a_verdict_sees_its_own_sub_patch_whole_and_nothing_else():
    candidate, degraded = (batch.double().requires_grad_() for batch in batches(n=1))
    Discriminator(3, 4).double()(candidate, degraded)[4].backward()
    for batch in (candidate, degraded):
        seen = torch.nonzero(batch.grad.abs().sum(dim=(0, 1)))
        assert seen.min(dim=0).values.tolist() == [16, 16]
        assert seen.max(dim=0).values.tolist() == [31, 31]


def test_one_verdict_of_a_full_patch_sees_53_pixels():
    candidate, degraded = (batch.double().requires_grad_() for batch in batches(n=1, side=FULL_PATCH))
    network = Discriminator(3, 4, full_patch=True).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(0.1, 0.2)  # positive, so that nothing cancels
    network(candidate.abs(), degraded.abs()).sum().backward()
    assert (candidate.grad.abs().sum(dim=(0, 1)) > 0).all()
    with pytest.raises(RuntimeError):
        network(candidate[..., 1:, 1:], degraded[..., 1:, 1:])


def test_both_forms_hold_the_same_weights():
    whole, parts = Discriminator(1, 4, full_patch=True), Discriminator(1, 4)
    parts.load_state_dict(whole.state_dict())
    candidate, degraded = batches(channels=1, side=SUB_PATCH * 4)
    assert not torch.allclose(whole(candidate, degraded), parts(candidate, degraded).reshape(2, -1).mean(dim=1))


def test_it_learns_to_tell_two_kinds_of_patches_apart():
    torch.manual_seed(0)
    network = Discriminator(1, 4)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    real, degraded = batches(n=8, channels=1, side=32)
    restored = torch.nn.functional.avg_pool2d(real, 3, stride=1, padding=1)
    for _ in range(60):
        loss = torch.nn.functional.softplus(-network(real, degraded)).mean()
        loss = loss + torch.nn.functional.softplus(network(restored, degraded)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (network(real, degraded) > 0).float().mean() > 0.9
    assert (network(restored, degraded) < 0).float().mean() > 0.9
