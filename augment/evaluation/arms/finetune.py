"""The family `finetune`: the last layers of a backbone trained on, with a new linear layer, from cached activations.

The layers before them stay as they are and have seen every image and its views once, so a step costs the last layers
alone. Batch norms are folded, so no statistics move.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from augment.core.seeds import torch_rng
from augment.measure.backbone.backbone import pool
from augment.measure.classifiers import Loss

STEPS, BATCH_SIZE = 300, 32
LEARNING_RATE = 3e-4  # AdamW's peak, one cycle
LABEL_SMOOTHING = 0.1
SCORE_CHUNK = 64

Activations = NDArray[np.floating[Any]]  # float16, or float32 where a network does not come apart


@dataclass(frozen=True)
class Rows:
    """What is drawn: some of what was seen, which stays where units share it, and then what was made.

    seen: activations float16 (M, ...); chosen: (n,) rows of them; made: activations (m, ...)
    targets, weights: (n + m,)
    """

    seen: Activations
    chosen: NDArray[np.int64]
    made: Activations
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]

    def activations(self, drawn: NDArray[np.int64]) -> Activations:
        """Of these, (k,) of 0 to n + m - 1: (k, ...)."""
        is_made = drawn >= len(self.chosen)
        found = np.empty((len(drawn), *self.seen.shape[1:]), self.seen.dtype)
        found[~is_made] = self.seen[self.chosen[drawn[~is_made]]]
        found[is_made] = self.made[drawn[is_made] - len(self.chosen)]
        return found


def fit_finetuned(
    data: Rows, last: nn.Module, classes: int, seed: int, adjusted: Loss | None = None,
    first_half: Rows | None = None, bf16: bool = False,
) -> nn.Module:  # fmt: skip
    """Train a copy of the last layers and a new linear layer on them. Returns both as one network, in eval mode.

    adjusted: the loss in the place of cross-entropy with soft labels; first_half: what the first half of the steps
    draw instead of `data`; bf16: the last layers' arithmetic.
    """
    network = _WithHead(copy.deepcopy(last), data.seen[:1], classes)
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS + 1)
    rng, draws = torch_rng(seed, "batches"), [_batches(first_half or data), _batches(data)]
    for step in range(STEPS):
        activations, targets = draws[step >= STEPS // 2](rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(activations)
        loss = (
            adjusted(logits, targets) if adjusted else F.cross_entropy(logits, targets, label_smoothing=LABEL_SMOOTHING)
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return network.eval()


class _WithHead(nn.Module):
    """The last layers, their mean over all places, and a linear layer that begins at zero."""

    def __init__(self, last: nn.Module, example: Activations, classes: int) -> None:
        super().__init__()
        self.last = last
        with torch.no_grad():
            width = pool(last(_tensor(example))).shape[1]
        self.head = nn.Linear(width, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, activations: Tensor) -> Tensor:
        seen = pool(self.last(activations))
        with torch.autocast("cpu", enabled=False):
            logits: Tensor = self.head(seen)
        return logits


def finetuned_scores(network: nn.Module, activations: Activations) -> NDArray[np.float64]:
    """Class probabilities float64 (N, classes)."""
    with torch.no_grad():
        parts = [
            F.softmax(network(_tensor(activations[at : at + SCORE_CHUNK])), dim=1)
            for at in range(0, max(len(activations), 1), SCORE_CHUNK)
        ]
    return np.asarray(torch.cat(parts).double())


def _batches(data: Rows) -> Callable[[torch.Generator], tuple[Tensor, Tensor]]:
    weights, targets = torch.from_numpy(data.weights), torch.from_numpy(data.targets)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(weights, BATCH_SIZE, replacement=True, generator=rng)
        return _tensor(data.activations(chosen.numpy())), targets[chosen]

    return batch


def _tensor(activations: Activations) -> Tensor:
    tensor = torch.from_numpy(activations.astype(np.float32))
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
