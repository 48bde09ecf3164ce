import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from artifix.evaluate.metrics import ssim
from artifix.train.losses import (
    adversarial_loss,
    discriminator_loss,
    generator_losses,
    l1_loss,
    log_mse_loss,
    mse_loss,
    ssim_loss,
)
from artifix.train.recipe import LossRecipe


def batches(seed: int, side: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.rand(2, 1, side, side, generator=generator) * 2 - 1 for _ in range(2))
    return first, second


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_ssim_loss_is_bounded_symmetric_and_least_for_equals(seed):
    first, second = batches(seed)
    assert ssim_loss(first, first).item() == pytest.approx(-1, abs=1e-4)
    assert -1 <= ssim_loss(first, second).item() <= 1
    assert ssim_loss(first, second).item() == pytest.approx(ssim_loss(second, first).item(), abs=1e-6)


def test_ssim_loss_is_minus_the_ssim_that_is_measured():
    first, second = (((batch[0, 0] + 1) * 127.5).round() for batch in batches(3, side=40))
    loss = ssim_loss(first[None, None] / 127.5 - 1, second[None, None] / 127.5 - 1)
    measured = ssim(first.byte().numpy(), second.byte().numpy())
    assert -loss.item() == pytest.approx(measured, abs=1e-5)


def test_each_loss_by_hand():
    restored, target = torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([[[[0.5, 0.5]]]])
    assert mse_loss(restored, target).item() == 0.25
    assert l1_loss(restored, target).item() == 0.5


def test_log_mse_weighs_each_patch_by_its_ratio():
    target = torch.zeros(2, 1, 8, 8)
    restored = torch.stack((torch.full((1, 8, 8), 0.5), torch.full((1, 8, 8), 0.05)))
    halved = restored / 2
    gain = log_mse_loss(restored, target) - log_mse_loss(halved, target)
    by_hand = (math.log(0.251 / 0.0635) + math.log(0.0035 / 0.001625)) / 2
    assert gain.item() == pytest.approx(by_hand, rel=1e-4)


def test_the_sum_holds_only_the_recipes_terms_with_their_weights():
    first, second = batches(1)
    losses = generator_losses(first, second, LossRecipe(mse=2.0, l1=0.5))
    assert losses.keys() == {"mse", "l1"}
    assert losses["mse"].item() == pytest.approx(2 * mse_loss(first, second).item())
    assert losses["l1"].item() == pytest.approx(0.5 * l1_loss(first, second).item())


def test_the_adversarial_pair_by_hand():
    logits, of_restored = torch.tensor([0.0, 2.0]), torch.tensor([-1.0, 1.0])
    d, e = torch.sigmoid(logits), torch.sigmoid(of_restored)
    assert adversarial_loss(of_restored).item() == pytest.approx(-e.log().mean().item())
    by_hand = -d.log().mean() - (1 - e).log().mean()
    assert discriminator_loss(logits, of_restored).item() == pytest.approx(by_hand.item())


@settings(max_examples=20, deadline=None)
@given(st.floats(0.6, 0.99))
def test_smoothing_is_one_sided_and_asks_for_no_more_than_its_label(label):
    real = torch.logit(torch.tensor([label])).requires_grad_()
    restored = torch.zeros(1, requires_grad=True)
    discriminator_loss(real, restored, label).backward()
    assert real.grad.item() == pytest.approx(0, abs=1e-6)  # as sure as the label asks for
    assert restored.grad.item() == pytest.approx(0.5)  # towards 0, not towards 1 - label


def test_what_pleases_the_discriminator_lowers_the_adversarial_loss():
    logits = torch.linspace(-20, 20, 9)
    losses = [adversarial_loss(logit).item() for logit in logits]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] >= 0


def test_further_terms_take_part_where_they_have_a_weight():
    first, second = batches(2)
    logits = torch.tensor([0.5, -0.5])
    weights = LossRecipe(l1=1.0, perceptual=3.0, adversarial=0.1)
    losses = generator_losses(first, second, weights, mse_loss, logits)
    assert list(losses) == ["l1", "perceptual", "adversarial"]
    assert losses["perceptual"].item() == pytest.approx(3 * mse_loss(first, second).item())
    assert losses["adversarial"].item() == pytest.approx(0.1 * adversarial_loss(logits).item())
    assert generator_losses(first, second, LossRecipe(l1=1.0), mse_loss, logits).keys() == {"l1"}


def test_descending_the_ssim_loss_raises_ssim():
    first, second = batches(5)
    restored = first.clone().requires_grad_()
    before = ssim_loss(restored, second)
    before.backward()
    with torch.no_grad():
        assert ssim_loss(restored - 0.1 * restored.grad, second) < before
