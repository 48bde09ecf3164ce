"""Muon: momentum made orthogonal, for the kernels between maps.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; the size of a step after Liu et al., "Muon is Scalable
for LLM Training", 2025, arXiv:2502.16982.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from artifix.train.precision import has_bfloat16

_MOMENTUM: Final = 0.95
_RMS: Final = 0.2  # of a step's values at learning rate 1: about Adam's, whose learning rates therefore serve
_COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)  # Jordan's, of a step of `orthogonal`
_STEPS: Final = 5
_FEWEST_MAPS: Final = 8  # a kernel with fewer on either side reads the picture or makes it


class Muon(torch.optim.Adam):
    """Adam, but for the kernels between maps, each a matrix of one row for a map that it makes.

    Their steps are the momentum (Nesterov's) with all its singular values brought near to 1, so that directions of
    rare gradients move as far as others.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; afterwards the kernels between maps have no gradient, since Adam leaves out what has none."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None and _between_maps(parameter):
                    alike.setdefault(parameter.shape, []).append(parameter)
            for shape, kernels in alike.items():
                directions = orthogonal(torch.stack([each.flatten(1) for each in self._momenta(kernels)]))
                size = group["lr"] * _RMS * max(directions.shape[1:]) ** 0.5
                torch._foreach_sub_(kernels, [each.view(shape) for each in directions], alpha=size)
                for kernel in kernels:
                    kernel.grad = None
        return super().step(closure)

    def _momenta(self, kernels: list[Tensor]) -> tuple[Tensor, ...]:
        """Nesterov's momentum of each kernel; few launches for many of them, which is what counts on a GPU."""
        gradients = [kernel.grad for kernel in kernels if kernel.grad is not None]
        for kernel in kernels:
            if "momentum" not in self.state[kernel]:
                self.state[kernel]["momentum"] = torch.zeros_like(kernel)
        momenta = [self.state[kernel]["momentum"] for kernel in kernels]
        torch._foreach_lerp_(momenta, gradients, 1 - _MOMENTUM)
        return torch._foreach_lerp(gradients, momenta, _MOMENTUM)


def orthogonal(matrices: Tensor) -> Tensor:
    """Matrices (N, rows, columns) with the singular vectors they have, and singular values between about 0.7 and 1.2.

    By five steps of Newton and Schulz, as Jordan takes them, in bfloat16 where the device is quick at it.
    """
    taken = torch.bfloat16 if matrices.is_cuda or has_bfloat16() else torch.float32
    wide = (matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT).to(taken)
    a, b, c = _COEFFICIENTS
    x = wide / wide.norm(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(wide.dtype).tiny)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x if matrices.shape[1] <= matrices.shape[2] else x.mT).to(matrices.dtype)


def kept_of(parameter: Tensor, optimiser: torch.optim.Optimizer) -> tuple[str, ...]:
    """The names of what an optimiser, this or Adam, keeps of a parameter from step to step."""
    if isinstance(optimiser, Muon) and _between_maps(parameter):
        return ("momentum",)
    return ("step", "exp_avg", "exp_avg_sq")


def _between_maps(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and min(parameter.shape[:2]) >= _FEWEST_MAPS
