"""Adaptive augmentation: as much of it as D overfits (Karras et al. 2020, arXiv:2006.06676, section 3).

Overfitting is told by images that D does not see: how far D(x) falls from training images to unseen ones, as a
share of its fall to G's images. Only differences enter, so every loss will do, the relativistic one too. Few
images leave none to spare, so they take turns: in each tenth of a run another tenth of them is hidden from D. It has
seen them before and forgets about half, so what is told is less than the truth, but in the right order
(benchmarks/LOG.md). All constants are shares of the run.
"""

from typing import Literal

import torch
from torch import Tensor, nn

Probability = float | Literal["auto"]

HIDDEN_SHARE = 0.1  # of the images in each interval, at least one
MIN_IMAGES_TO_HIDE = 5  # with fewer, D could not do without one

START_IMAGES = 6  # a run begins with their share of its images
TARGET_OVERFITTING = 0.35  # of the overfitting
PROBABILITY_SPEED = 0.5  # how far one interval moves the probability, for each unit of distance from the target
MAX_PROBABILITY = 0.8  # from here on augmentation leaks (section 2.2)


def initial_probability(wanted: Probability, count: int) -> float:
    """What a run of `count` images begins with: the fewer there are, the sooner D overfits them."""
    return min(START_IMAGES / count, MAX_PROBABILITY) if wanted == "auto" else wanted


def next_probability(probability: float, overfit: float) -> float:
    """The probability after an interval in which D overfitted that much; in [0, MAX_PROBABILITY]."""
    return min(max(probability + PROBABILITY_SPEED * (overfit - TARGET_OVERFITTING), 0.0), MAX_PROBABILITY)


def visible_images(count: int, interval: int, intervals: int, seed: int) -> Tensor:
    """Which of `count` images D sees in an interval of a run of `intervals`, bool (N,).

    The hidden ones go through all images before one comes again. In the last interval none is hidden,
    so that no image is missed at the end, and none at all when there are too few.
    """
    seen = torch.ones(count, dtype=torch.bool)
    if count >= MIN_IMAGES_TO_HIDE and interval < intervals - 1:
        size = max(1, round(HIDDEN_SHARE * count))
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        seen[order[torch.arange(interval * size, (interval + 1) * size) % count]] = False
    return seen


@torch.no_grad()
def overfitting(discriminator: nn.Module, seen: Tensor, unseen: Tensor, fake: Tensor) -> float:
    """(E D(seen) - E D(unseen)) / (E D(seen) - E D(fake)), kept in [0, 1] (section 3, r_v).

    Images float (N, C, H, W). 0 where D does not even tell seen images from fakes.
    """
    on_seen, on_unseen, on_fake = (float(discriminator(images).float().mean()) for images in (seen, unseen, fake))
    if on_seen <= on_fake:
        return 0.0
    return min(max((on_seen - on_unseen) / (on_seen - on_fake), 0.0), 1.0)
