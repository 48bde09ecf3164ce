"""torch as an engine: on the GPU where there is one, else on the processor."""

from artifix.engines.run import Batch, Inside, Loaded, Vector
from artifix.models.model import Model


def load(model: Model, precision: str, threads: int | None) -> Loaded:
    """A network ready to run; `auto` and `float` are bf16 where a CUDA device has it, else fp32."""
    import torch

    from artifix.models.torch_network import torch_network

    network, place = torch_network(model), device()
    if threads is not None and place == "cpu":
        torch.set_num_threads(threads)
    if precision in ("auto", "float"):
        precision = "bf16" if place == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    network.eval().to(place, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def run(batch: Batch, inside: Inside, known: Vector) -> Batch:
        degraded = torch.from_numpy(batch).to(place, dtype, memory_format=torch.channels_last)
        restored: Batch = network(degraded, torch.from_numpy(known).to(place, dtype)).float().cpu().numpy()
        return restored

    return Loaded(run, precision)


def device() -> str:
    """Where torch runs a network: "cuda", "mps" or "cpu"."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
