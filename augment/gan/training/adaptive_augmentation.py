"""Adaptive augmentation: as much of it as D overfits (Karras et al. 2020, arXiv:2006.06676, section 3).

Overfitting is told by images that D does not see: how far D(x) falls from training images to unseen ones, as a
share of its fall to G's images. Only differences enter, so every loss will do, the relativistic one too. Few
images leave none to spare, so they take turns: in each tenth of a run another tenth of them is hidden from D. It has
seen them before and forgets about half, so what is told is less than the truth, but in the right order
(benchmarks/LOG.md). All constants are shares of the run.
"""

from typing import Literal

import torch
from torch import Tensor

from augment.gan.networks.build import Discriminator

Probability = float | Literal["auto"]

HIDDEN = 0.1  # of the images in each turn, at least one
LEAST_IMAGES = 5  # with fewer, D could not do without one

START_IMAGES = 6  # a run begins with their share of its images
TARGET = 0.35  # of the overfitting
SPEED = 0.5  # how far one turn moves the probability, for each unit of distance from the target
MOST = 0.8  # from here on augmentation leaks (section 2.2)


def first_probability(wanted: Probability, count: int) -> float:
    """What a run of `count` images begins with: the fewer there are, the sooner D overfits them."""
    return min(START_IMAGES / count, MOST) if wanted == "auto" else wanted


def next_probability(probability: float, overfit: float) -> float:
    """The probability after a turn in which D overfitted that much; in [0, MOST]."""
    return min(max(probability + SPEED * (overfit - TARGET), 0.0), MOST)


def visible(count: int, turn: int, turns: int, seed: int) -> Tensor:
    """Which of `count` images D sees in a turn of a run of `turns`, bool (N,).

    The hidden ones go through all images before one comes again. In the last turn none is hidden,
    so that no image is missed at the end, and none at all when there are too few.
    """
    seen = torch.ones(count, dtype=torch.bool)
    if count >= LEAST_IMAGES and turn < turns - 1:
        size = max(1, round(HIDDEN * count))
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        seen[order[torch.arange(turn * size, (turn + 1) * size) % count]] = False
    return seen


@torch.no_grad()
def overfitting(discriminator: Discriminator, seen: Tensor, unseen: Tensor, fake: Tensor) -> float:
    """(E D(seen) - E D(unseen)) / (E D(seen) - E D(fake)), kept in [0, 1] (section 3, r_v).

    Images float (N, C, H, W). 0 where D does not even tell seen images from fakes.
    """
    on_seen, on_unseen, on_fake = (float(discriminator(images).float().mean()) for images in (seen, unseen, fake))
    if on_seen <= on_fake:
        return 0.0
    return min(max((on_seen - on_unseen) / (on_seen - on_fake), 0.0), 1.0)
