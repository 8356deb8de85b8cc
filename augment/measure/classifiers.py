"""The downstream classifier, the same for every arm and the filter: a small CNN, its batches, training and scores."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from augment.core.environment import multiplies_bf16
from augment.core.seeds import derive_seed, global_torch_rng, torch_rng
from augment.data.imageset import UInt8
from augment.measure.sampling import WeightedImages
from augment.params.types import LARGE_FROM_PX

# rng -> images uint8 (B, C, H, W) and targets: classes int64 (B,), or a row per image float32 (B, classes) that says
# how much it belongs to each class, its sum being the image's weight in the loss.
Batch = Callable[[torch.Generator], tuple[Tensor, Tensor]]
Augment = Callable[[Tensor], Tensor]  # float (N, C, H, W) in [0, 1] -> the same; N: the images of several batches
Loss = Callable[[Tensor, Tensor], Tensor]  # logits (B, classes) and targets -> a number
Blend = Callable[[Tensor, Tensor, torch.Generator], tuple[Tensor, Tensor]]  # augmented images, targets, rng -> the same

SCORE_CHUNK = 512
MAX_AHEAD_STEPS = 50  # whose batches are augmented in one go: an operation costs by the call, not by a small image
MAX_AHEAD_VALUES = 16384  # at most, of one image times such batches; large images gain nothing and would take memory


@dataclass(frozen=True)
class FitSettings:
    """How long and how fast a classifier learns; equal for all that are compared."""

    steps: int
    learning_rate: float  # AdamW's peak, one cycle


class Block(nn.Module):
    """Convolution, group norm (batches may mix real and synthetic), ReLU, and the maximum over 2x2 pixels.

    early: the maximum stands before the norm, which then has a quarter of the pixels to go through, and while training
    the convolution is in bf16 where the processor has it; the norm is always fp32. Below `LARGE_FROM_PX` that saves
    next to nothing and costs up to a point of accuracy.
    """

    def __init__(self, channels: int, features: int, pool: bool, early: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, features, 3, padding=1)
        self.norm = nn.GroupNorm(8, features)
        self.before, self.after = pool and early, pool and not early
        self.bf16 = early and multiplies_bf16("cpu")

    def forward(self, h: Tensor) -> Tensor:
        """float (N, C, H, W) -> float32 (N, features, H / 2, W / 2), or H x W where nothing is pooled."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16 and self.training):
            h = self.convolution(h)
            h = F.max_pool2d(h, 2) if self.before else h
        h = self.norm(h.float())
        return F.relu(F.max_pool2d(h, 2) if self.after else h)  # a quarter of what ReLU would change before


class SmallCnn(nn.Module):
    """Three blocks, global average and maximum, linear."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        last, side = channels, min(height, width)
        early = side >= LARGE_FROM_PX
        for features in (32, 64, 128):
            blocks.append(Block(last, features, side >= 4, early))
            last, side = features, side // 2 if side >= 4 else side
        self.features = nn.Sequential(*blocks)
        self.head = nn.Linear(2 * last, classes)

    def forward(self, images: Tensor) -> Tensor:
        """float (N, C, H, W) in [0, 1] -> logits float (N, classes)."""
        logits: Tensor = self.head(self.pooled(images))
        return logits

    def pooled(self, images: Tensor) -> Tensor:
        """float (N, C, H, W) in [0, 1] -> what the head sees, float (N, 256)."""
        h = self.features(images * 2 - 1)  # (N, 128, h, w)
        return torch.cat([h.mean(dim=(2, 3)), h.amax(dim=(2, 3))], dim=1)


def fit_classifier(
    batch: Batch,
    shape: tuple[int, int, int],
    classes: int,
    settings: FitSettings,
    augment: Augment | None,
    seed: int,
    first_half: Batch | None = None,
    blend: Blend | None = None,
    loss_of: Loss = F.cross_entropy,
) -> SmallCnn:
    """Train a classifier on batches drawn with a generator of its own. Returns it in eval mode.

    first_half: what the first half of the steps (rounded down) draw instead of `batch`; blend: how the images of a
    batch are mixed once they are augmented; loss_of: what the steps lower. Equal arguments give equal weights on one
    machine with one thread.
    """
    with global_torch_rng(derive_seed(seed, "classifier")):  # weights, and kornia's draws
        network: SmallCnn = SmallCnn(*shape, classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=0.01, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, settings.steps + 1)
        half = settings.steps // 2
        sources = [first_half or batch] * half + [batch] * (settings.steps - half)
        blend_rng = torch_rng(seed, "blend")
        for images, targets in _augmented(sources, augment, steps_ahead(shape), torch_rng(seed, "batches")):
            inputs, labels = blend(images, targets, blend_rng) if blend else (images, targets)
            loss = loss_of(network(inputs), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.eval()


def adjusted_loss(frequencies: NDArray[Any]) -> Loss:
    """Cross-entropy of logits to which the logarithm of each class's frequency is added (Menon et al. 2021, equation
    10, with tau 1): what is learned then is balanced over classes. frequencies: (classes,), above 0."""
    prior = torch.from_numpy(frequencies).float().log()
    return lambda logits, targets: F.cross_entropy(logits + prior, targets)


def steps_ahead(shape: tuple[int, ...]) -> int:
    """How many batches of images (C, H, W) are augmented in one go."""
    return max(1, min(MAX_AHEAD_STEPS, MAX_AHEAD_VALUES // prod(shape)))


def _augmented(
    sources: Sequence[Batch], augment: Augment | None, ahead: int, rng: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """The images of each step, float32 (B, C, H, W) in [0, 1], and its targets, drawn from `sources` in their order."""
    for first in range(0, len(sources), ahead):
        drawn = [source(rng) for source in sources[first : first + ahead]]
        images = torch.cat([images for images, _ in drawn]).float() / 255
        images = augment(images) if augment else images
        targets = [targets for _, targets in drawn]
        yield from zip(torch.split(images, list(map(len, targets))), targets, strict=True)


def probabilities(network: SmallCnn, images: UInt8) -> NDArray[np.float64]:
    """Softmax scores float64 (N, classes) of uint8 (N, C, H, W)."""
    return np.asarray(_in_chunks(images, lambda chunk: F.softmax(network(chunk), dim=1)).double())


def embeddings(network: SmallCnn, images: UInt8) -> NDArray[np.float32]:
    """The penultimate features float32 (N, 256) of uint8 (N, C, H, W)."""
    return np.asarray(_in_chunks(images, network.pooled))


@torch.no_grad()
def _in_chunks(images: UInt8, rows_of: Callable[[Tensor], Tensor]) -> Tensor:
    """The rows of all images, of which `rows_of` gets float (N, C, H, W) in [0, 1], so many at a time."""
    starts = range(0, max(len(images), 1), SCORE_CHUNK)
    return torch.cat([rows_of(torch.from_numpy(images[at : at + SCORE_CHUNK]).float() / 255) for at in starts])


def weighted_batches(data: WeightedImages, size: int) -> Batch:
    """A function that draws `size` images with replacement, each by its sampling weight."""
    images, targets, sampling_weights = map(torch.from_numpy, (data.images, data.targets, data.sampling_weights))

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(sampling_weights, size, replacement=True, generator=rng)
        return images[chosen], targets[chosen]

    return batch


def uniform_batches(data: WeightedImages, size: int, classes: int) -> Batch:
    """A function that draws every image equally often; its sampling weight, times N, is its weight in the loss. For
    `class_balanced` images that weight is N / (classes * class size), 1 on average (King & Zeng 2001)."""
    images, targets, sampling_weights = map(torch.from_numpy, (data.images, data.targets, data.sampling_weights))
    weighted_targets = (sampling_weights.float() * len(images))[:, None] * F.one_hot(targets, classes)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (size,), generator=rng)
        return images[chosen], weighted_targets[chosen]

    return batch
