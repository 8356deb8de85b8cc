"""A generator as one graph from latents to bytes, for programs that have none of this code: torch.export, ONNX."""

import copy
import importlib.util
import warnings

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from augment.core.errors import AugmentError
from augment.gan.networks.build import Generator, to_uint8

ONNX_LIBRARIES = ("onnx", "onnxscript")


class LatentToBytes(nn.Module):
    """z float32 (N, latent) -> uint8 (N, C, H, W), as `ClassGenerator.sample` rounds."""

    def __init__(self, network: Generator) -> None:
        super().__init__()
        self.network = network

    def forward(self, z: Tensor) -> Tensor:
        return to_uint8(self.network(z))


def exported(network: Generator) -> ExportedProgram:
    """The graph on the CPU, for any N; it names no file of the machine that it was made on."""
    on_cpu = copy.deepcopy(network).cpu().eval()
    example = torch.zeros((2, network.architecture.latent))  # at least two: a size of one would be taken as fixed
    program = torch.export.export(LatentToBytes(on_cpu), (example,), dynamic_shapes=({0: Dim("N")},))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    return program


def onnx_bytes(network: Generator) -> bytes:
    """The graph as an ONNX file, input `z`, output `images`. Raises `AugmentError` where the extra is missing."""
    missing = [name for name in ONNX_LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise AugmentError(f"ONNX needs {', '.join(missing)}: pip install 'gan-augment[onnx]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch to torch, on its own insides
        made = torch.onnx.export(
            exported(network), dynamo=True, input_names=["z"], output_names=["images"], verbose=False
        )
    assert made is not None  # for mypy: with dynamo there is one
    content: bytes = made.model_proto.SerializeToString()
    return content
