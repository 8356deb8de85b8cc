"""The weights of a bundle, read back: of the hash, the shapes and the types that its manifest says, and finite."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from augment.core.files import sha256
from augment.gan.bundle_files import damaged, parse_json, read_limited
from augment.gan.generators.class_generator import is_finite

MAX_HEADER_BYTES = 100_000
LENGTH_BYTES = 8  # of the header, ahead of it
Network = TypeVar("Network", bound=nn.Module)


def read_network(path: Path, digest: str, build: Callable[[], Network]) -> Network:
    """The network that `build` makes, with the weights of generator.safetensors, ready to draw. Raises `BundleError` as
    `read_weights`."""
    network = built_without_memory(build)
    network.load_state_dict(read_weights(path, digest, network.state_dict()), assign=True)
    return network.requires_grad_(False).eval()


def built_without_memory(build: Callable[[], Network]) -> Network:
    """Shapes alone, so that a manifest cannot make us allocate."""
    with torch.device("meta"):
        return build()


def read_weights(path: Path, digest: str, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of generator.safetensors, of this SHA-256, of the shapes and types of `like`, finite, with variances
    above zero. Raises `BundleError`."""
    expected = {name: (value.shape, value.dtype) for name, value in like.items()}
    max_bytes = sum(shape.numel() * dtype.itemsize for shape, dtype in expected.values()) + MAX_HEADER_BYTES
    content = read_limited(path, max_bytes)
    if sha256(content) != digest:
        raise damaged(path, "wrong_hash", "its SHA-256 is not the manifest's")
    length = int.from_bytes(content[:LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise damaged(path, "wrong_tensors", f"a header of {length} bytes, at most {MAX_HEADER_BYTES} can be right")
    parse_json(path, content[LENGTH_BYTES : LENGTH_BYTES + length])
    try:
        weights = safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise damaged(path, "wrong_tensors", str(error)) from error
    del content
    actual = {name: (value.shape, value.dtype) for name, value in weights.items()}
    if actual != expected:
        wrong = sorted(name for name in actual.keys() | expected.keys() if actual.get(name) != expected.get(name))
        raise damaged(path, "wrong_tensors", f"tensors that do not fit the manifest: {', '.join(wrong[:5])}")
    for name, value in weights.items():
        if not is_finite(value):
            raise damaged(path, "not_finite", f"{name} holds numbers that are not finite")
        if name.endswith(("running_var", "num_batches_tracked")) and value.min() < 0:
            raise damaged(path, "negative_variance", f"{name} is below zero, which no variance or count can be")
    return weights
