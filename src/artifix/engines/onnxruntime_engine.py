"""ONNX Runtime as an engine, in fp32: by TensorRT or CUDA where its build has them, else on the processor."""

from typing import Final

from artifix.engines.onnx_graph import to_onnx
from artifix.engines.run import Batch, Inside, Loaded, Vector
from artifix.errors import ModelError
from artifix.models.layers import KNOWN, PICTURE
from artifix.models.model import Model

_PROVIDERS: Final = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")  # the best first


def load(model: Model, precision: str, threads: int | None) -> Loaded:
    """A network ready to run in fp32, from an ONNX graph made in memory."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    there = onnxruntime.get_available_providers()
    providers = [name for name in _PROVIDERS if name in there]
    graph = to_onnx(model)
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=providers)
    except Exception as error:  # its exceptions derive from Exception alone
        raise ModelError(f"ONNX Runtime cannot run it ({str(error).splitlines()[0]})") from error
    told = bool(model.description.known)

    def run(batch: Batch, inside: Inside, known: Vector) -> Batch:
        restored: Batch = session.run(None, {PICTURE: batch} | ({KNOWN: known} if told else {}))[0]
        return restored

    return Loaded(run, "fp32")
