"""A network in torch, made of its layers."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from artifix.models.layers import (
    KNOWN,
    PICTURE,
    SLOPE,
    Add,
    Concat,
    Conv,
    Dense,
    Description,
    Layer,
    Modulate,
    Repeat,
    Shuffle,
    Tanh,
    Unshuffle,
    sources,
)
from artifix.models.model import Model
from artifix.models.padding import replication_pad


class Kernels(nn.Module):
    """The weights of a convolution; as training begins, He et al.'s (2015) for LeakyReLU, times the layer's gain."""

    def __init__(self, layer: Conv, inputs: int) -> None:
        super().__init__()
        self.layer = layer
        self.weight = nn.Parameter(torch.empty(layer.maps, inputs, layer.kernel, layer.kernel))
        self.bias = nn.Parameter(torch.zeros(layer.maps))
        nn.init.kaiming_normal_(self.weight, a=SLOPE)
        with torch.no_grad():
            self.weight.mul_(layer.gain)
        if layer.deviation is not None:
            nn.init.normal_(self.weight, std=layer.deviation)

    def forward(self, maps: Tensor, skip: Tensor | None = None) -> Tensor:
        """activation(conv(maps)) + skip; what training may replace by a quicker way."""
        return self.convolve(maps, self.weight, skip)

    def convolve(self, maps: Tensor, weight: Tensor, skip: Tensor | None = None) -> Tensor:
        """The same with other kernels than its own."""
        layer, border = self.layer, 0
        if layer.border and layer.padding == "replicate":
            maps = replication_pad(maps, layer.border)
        else:
            border = layer.border
        maps = F.conv2d(maps, weight, self.bias, layer.stride, border)
        if layer.slope != 1:
            maps = F.leaky_relu(maps, layer.slope)
        return maps if skip is None else maps + skip


class Scales(nn.Linear):
    """A vector -> a scale and a shift for each map; at the beginning of training, none."""

    def __init__(self, inputs: int, maps: int) -> None:
        super().__init__(inputs, 2 * maps)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


class TorchNetwork(nn.Module):
    """Degraded batch (N, C, H, W) in [-1, 1], and what is known (N, K) -> restored batch of that shape, not clipped.

    Any H, W >= 1: sides are made multiples by replicating the last row and column, and cut back. The state dict has the
    names of `Description.weights`.
    """

    def __init__(self, description: Description) -> None:
        super().__init__()
        self.description = description
        found = description.shapes
        self._modules_by_name: dict[str, nn.Module] = {}
        self.after: dict[str, Callable[[Tensor], Tensor]] = {}
        """What is done to the maps of a layer, by its name, before others read them."""
        self._spent = _last_readings(description)
        for layer in description.layers:
            match layer:
                case Conv():
                    self._place(layer.name, Kernels(layer, found[layer.source].maps))
                case Dense():
                    self._place(layer.name, nn.Linear(found[layer.source].maps, layer.size))
                case Modulate():
                    self._place(layer.name, Scales(found[layer.vector].maps, found[layer.source].maps))
                case _:
                    pass

    def _place(self, full: str, module: nn.Module) -> None:
        """Register a module under a dotted name, so that its weights bear it.

        A name may also begin those of other modules, before it or after: `up` and `up.told`.
        """
        *path, last = full.split(".")
        parent: nn.Module = self
        for part in path:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent.get_submodule(part)
        if last in parent._modules:
            for name, child in parent.get_submodule(last).named_children():
                module.add_module(name, child)
        parent.add_module(last, module)
        self._modules_by_name[full] = module

    @property
    def known(self) -> int:
        """The length of what it is told; 0 for nothing."""
        return self.description.known

    @property
    def radius(self) -> int:
        """How far, in pixels, an output pixel sees."""
        return self.description.radius

    @property
    def multiple(self) -> int:
        """What the sides of a picture must be multiples of."""
        return self.description.multiple

    @property
    def maps(self) -> int:
        """How many maps its widest layer would have at full resolution."""
        return self.description.maps

    @property
    def macs_per_pixel(self) -> int:
        """Multiply-accumulates for one pixel of a large picture."""
        return self.description.macs_per_pixel

    def forward(self, degraded: Tensor, known: Tensor | None = None) -> Tensor:
        _, _, height, width = degraded.shape
        multiple = self.description.multiple
        missing = -width % multiple, -height % multiple
        if any(missing):
            degraded = F.pad(degraded, (0, missing[0], 0, missing[1]), mode="replicate")
        made: dict[str, Tensor] = {PICTURE: degraded}
        if self.description.known:
            if known is None:
                known = degraded.new_zeros(len(degraded), self.description.known)
            made[KNOWN] = known
        for layer in self.description.layers:
            maps = self._run(layer, made)
            change = self.after.get(layer.name)
            made[layer.name] = maps if change is None else change(maps)
            for name in self._spent[layer.name]:
                del made[name]
        return made[self.description.layers[-1].name][..., :height, :width]

    def _run(self, layer: Layer, made: dict[str, Tensor]) -> Tensor:
        module = self._modules_by_name.get(layer.name)
        match layer:
            case Conv():
                assert module is not None
                restored: Tensor = module(made[layer.source], None if layer.skip is None else made[layer.skip])
                return restored
            case Dense():
                assert module is not None
                return F.leaky_relu(module(made[layer.source]), SLOPE)
            case Modulate():
                assert module is not None
                scale, shift = module(made[layer.vector])[..., None, None].chunk(2, dim=1)
                return torch.addcmul(made[layer.source] + shift, made[layer.source], scale)
            case Concat():
                return torch.cat([made[name] for name in layer.sources], dim=1)
            case Add():
                return made[layer.source] + made[layer.skip]
            case Repeat():
                return F.interpolate(made[layer.source], scale_factor=layer.factor, mode="nearest")
            case Unshuffle():
                return F.pixel_unshuffle(made[layer.source], layer.factor)
            case Shuffle():
                return F.pixel_shuffle(made[layer.source], layer.factor)
            case Tanh():
                return torch.tanh(made[layer.source])


def _last_readings(description: Description) -> dict[str, tuple[str, ...]]:
    """Layer -> the layers whose maps it is the last to read, which memory then need no longer hold."""
    last = {name: layer.name for layer in description.layers for name in sources(layer)}
    return {layer.name: tuple(n for n, reader in last.items() if reader == layer.name) for layer in description.layers}


def torch_network(model: Model) -> TorchNetwork:
    """A trained model as a torch module, in float32."""
    network = TorchNetwork(model.description)
    network.load_state_dict({name: torch.from_numpy(value.astype("float32")) for name, value in model.weights.items()})
    return network
