"""Training on several processes: torchrun's environment makes them a group, and without it a process is alone."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Group:
    """The processes that train one network together, each on its share of every batch; by itself: one process."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the checkpoints and logs."""
        return self.rank == 0

    def share(self, network: nn.Module) -> nn.Module:
        """The network with its gradients meaned over the group, so that shares of a batch learn as the whole does."""
        return DistributedDataParallel(network) if self.size > 1 else network

    def agree(self, spent: float, stopped: bool) -> tuple[float, bool]:
        """The largest share of the budget spent, and whether any was told to stop: clocks and signals differ."""
        if self.size == 1:
            return spent, stopped
        said = torch.tensor([spent, stopped], dtype=torch.float64)  # on the CPU, by gloo: no wait for the device
        dist.all_reduce(said, dist.ReduceOp.MAX)
        return float(said[0]), bool(said[1])

    def mean(self, figures: dict[str, Tensor]) -> dict[str, float]:
        """Scalars meaned over the group, fetched from the device at one go."""
        values = torch.stack([value.detach().float() for value in figures.values()])
        if self.size > 1:
            dist.all_reduce(values)
            values /= self.size
        return dict(zip(figures, values.tolist(), strict=True))


ALONE: Final = Group()


@contextmanager
def join_group(device: str) -> Iterator[tuple[Group, str]]:
    """The group that torchrun began, if it did, and this process's own device, such as cuda:1; left at the end."""
    if not dist.is_torchelastic_launched():
        yield Group(), device
        return
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    dist.init_process_group("gloo" if device == "cpu" else "cpu:gloo,cuda:nccl")
    try:
        yield Group(dist.get_rank(), dist.get_world_size()), device
        gc.collect()  # a shared network may lie in a cycle, and must be gone before its group is
        dist.barrier()  # no process leaves while another still communicates with it
    finally:
        dist.destroy_process_group()
