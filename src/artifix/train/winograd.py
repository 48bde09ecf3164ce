"""3x3 convolutions by Winograd's minimal filtering: quicker training on a processor without bfloat16.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016): F(4x4, 3x3) multiplies 36 times where
the direct sum multiplies 144 times. The kernels are C++ (`winograd.cpp`), compiled once by torch where a compiler is.
"""

import shutil
import sys
import warnings
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from artifix.models.torch_network import Kernels

_G: Final = torch.tensor(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
_FILTER: Final = torch.kron(_G, _G)  # (36, 9): a filter's nine weights -> its 36 points
_PANEL: Final = 16  # maps must come in this many


def use_winograd(network: nn.Module) -> None:
    """Let the network's 3x3 convolutions between many maps compute this way, in float32, if it can be compiled here.

    Those of our networks, with their activations and sums, and torch's own that pad with zeros.
    """
    fitting = [module for module in network.modules() if isinstance(module, Kernels | nn.Conv2d) and _fits(module)]
    if fitting and _has_avx2() and _kernels() is not None:
        for module in fitting:
            quick = _of_ours if isinstance(module, Kernels) else _of_torch
            module.forward = partial(quick, module)  # type: ignore[method-assign, arg-type]


def convolve(batch: Tensor, weight: Tensor, bias: Tensor, slope: float, *, skip: Tensor | None, zero: bool) -> Tensor:
    """leaky(conv(batch) + bias) (+ skip), of float32 batches (N, C, H, W), C and the outputs multiples of 16.

    `zero` pads with zeros, else the border is repeated. Agrees with torch's to about 1e-5 of the largest value.
    """
    restored: Tensor = _Winograd.apply(batch, weight, bias, skip, slope, zero)  # type: ignore[no-untyped-call]
    return restored


def _of_ours(module: Kernels, maps: Tensor, skip: Tensor | None = None) -> Tensor:
    layer = module.layer
    return convolve(maps, module.weight, module.bias, layer.slope, skip=skip, zero=layer.padding == "zeros")


def _of_torch(module: nn.Conv2d, batch: Tensor) -> Tensor:
    return convolve(batch, module.weight, cast(Tensor, module.bias), 1, skip=None, zero=True)


def _fits(module: Kernels | nn.Conv2d) -> bool:
    if isinstance(module, Kernels):
        alike = module.layer.stride == 1
    else:
        alike = module.stride == (1, 1) and module.padding == (1, 1) and module.bias is not None
    outputs, inputs, *kernel = module.weight.shape
    return alike and kernel == [3, 3] and inputs % _PANEL == outputs % _PANEL == 0


def _has_avx2() -> bool:
    return torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


@cache
def _kernels() -> Any:
    """The compiled kernels, or None where they cannot be had; torch keeps what it compiled."""
    if not (sys.platform == "linux" and shutil.which("ninja") and shutil.which("c++")):
        return None
    from torch.utils import cpp_extension  # takes its time

    source = Path(__file__).with_suffix(".cpp")
    flags = ["-O3", "-mavx2", "-mfma", "-fopenmp"]
    try:
        return cpp_extension.load("artifix_winograd", [str(source)], extra_cflags=flags)
    except (OSError, RuntimeError) as error:
        warnings.warn(f"training uses torch's own convolutions: {source.name} was not compiled: {error}", stacklevel=2)
        return None


class _Winograd(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, batch: Tensor, weight: Tensor, bias: Tensor, skip: Tensor | None, slope: float, zero: bool
    ) -> Tensor:
        outputs, inputs = weight.shape[:2]
        points = (_FILTER @ weight.permute(2, 3, 1, 0).reshape(9, -1)).view(-1, inputs, outputs)
        pixels, skipped = _last(batch), None if skip is None else _last(skip)
        made, positive = _kernels().forward(pixels, points, bias, skipped, slope, zero)
        ctx.save_for_backward(pixels, points, positive)
        ctx.slope, ctx.zero, ctx.skipped = slope, zero, skip is not None
        restored: Tensor = made.permute(0, 3, 1, 2)
        return restored

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        pixels, points, positive = ctx.saved_tensors
        _, inputs, outputs = points.shape
        of_batch, of_weight, of_bias, _, _, _ = ctx.needs_input_grad
        transposed = points.transpose(1, 2).contiguous()
        dx, du, db = _kernels().backward(
            pixels, transposed, _last(gradient), positive, ctx.slope, ctx.zero, of_batch, of_weight
        )
        dw = (_FILTER.T @ du.view(-1, inputs * outputs)).view(3, 3, inputs, outputs).permute(3, 2, 0, 1)
        return (
            dx.permute(0, 3, 1, 2) if of_batch else None,
            dw if of_weight else None,
            db if of_bias else None,
            gradient if ctx.skipped else None,
            None,
            None,
        )


def _last(batch: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, H, W, C), without a copy if it is channels_last already."""
    return batch.permute(0, 2, 3, 1).contiguous()
