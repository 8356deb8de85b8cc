"""Random numbers: every draw comes from a local generator named by what it is for.

`(seed, purpose, label, index)` is hashed, so no draw depends on a list position, on the order of
work, or on how many other draws were made before it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(*parts: str | int) -> int:
    """A seed in [0, 2**63) from any mix of texts and integers; equal parts give equal seeds."""
    text = json.dumps([int(part) if isinstance(part, np.integer) else part for part in parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_rng(*parts: str | int) -> np.random.Generator:
    return np.random.default_rng(derive_seed(*parts))


def torch_rng(*parts: str | int, device: str = "cpu") -> "torch.Generator":
    import torch  # noqa: PLC0415  (light importers never pay for torch)

    return torch.Generator(device).manual_seed(derive_seed(*parts))


@contextmanager
def global_torch_rng(seed: int) -> Iterator[None]:
    """For what takes no generator: torch's global one of the CPU begins here with `seed`, and afterwards is as it was.
    Those of GPUs are the caller's, and `torch.manual_seed` would seed them too."""
    import torch  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
