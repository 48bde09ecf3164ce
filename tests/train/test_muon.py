"""Muon: what is made orthogonal, what is left to Adam, and that it learns where Adam is slow."""

import pytest

torch = pytest.importorskip("torch")

from artifix.train.muon import Muon, kept_of, orthogonal  # noqa: E402


@pytest.mark.parametrize("shape", [(3, 8, 72), (2, 40, 16)])
def test_orthogonal_keeps_the_singular_vectors_and_evens_the_values(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, values, v = torch.linalg.svd(matrices, full_matrices=False)
    found = u.mT @ orthogonal(matrices) @ v.mT
    diagonal = found.diagonal(dim1=1, dim2=2)
    assert (found - torch.diag_embed(diagonal)).abs().max() < 5e-2  # bfloat16, where the processor has it
    assert diagonal.min() > 0.6
    assert diagonal.max() < 1.3
    assert values.max() / values.min() > 1.5  # they were not even


def test_a_matrix_of_zeros_stays_one():
    assert not orthogonal(torch.zeros(1, 8, 16)).any()


def test_kernels_between_maps_move_by_a_size_of_their_own_and_all_else_by_adam():
    def layers():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Conv2d(8, 16, 3), torch.nn.Conv2d(16, 1, 3))

    ours, theirs = layers(), layers()
    muon, adam = Muon(ours.parameters(), 1e-2), torch.optim.Adam(theirs.parameters(), 1e-2)
    before = ours[1].weight.detach().clone()
    for parameter, same in zip(ours.parameters(), theirs.parameters(), strict=True):
        parameter.grad = torch.randn_like(parameter)
        same.grad = parameter.grad.clone()
    muon.step()
    adam.step()
    assert all(torch.equal(ours[n].weight, theirs[n].weight) for n in (0, 2))
    assert all(torch.equal(ours[n].bias, theirs[n].bias) for n in range(3))
    step = (ours[1].weight.detach() - before).square().mean().sqrt()
    assert step == pytest.approx(0.2 * 1e-2, rel=0.15)
    for name, parameter in ours.named_parameters():
        assert tuple(muon.state[parameter]) == kept_of(parameter, muon), name


def test_it_finds_rare_directions_in_fewer_steps_than_adam():
    # A map of which some directions are seen a thousandth as strongly as others.
    generator = torch.Generator().manual_seed(2)
    target = torch.randn(16, 16, generator=generator)
    turn = torch.linalg.qr(torch.randn(16, 16, generator=generator))[0]
    scales = turn @ torch.diag(torch.logspace(0, -3, 16)) @ turn.T

    def loss_after(kind):
        weight = torch.nn.Parameter(torch.zeros(16, 16, 1, 1))
        optimiser = kind([weight], 0.1)
        for _ in range(200):
            optimiser.zero_grad()
            loss = ((weight.flatten(1) - target) @ scales).square().mean()
            loss.backward()
            optimiser.step()
        return (weight.detach().flatten(1) - target).square().mean()

    assert loss_after(Muon) < 0.5 * loss_after(torch.optim.Adam)
