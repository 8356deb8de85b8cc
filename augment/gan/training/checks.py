"""Detect training that has gone wrong. Losses look healthy during collapse, so samples are checked.

Each check returns a reason in words, or None when all is well. Images are float (N, C, H, W) in [-1, 1]; training
images may be uint8.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from augment.gan.networks.build import to_float
from augment.gan.training.losses import LossName
from augment.gan.training.players import PlayersOf

MIN_DIVERSITY = 0.3  # mean distance between samples, as a share of that between real images
MIN_SPACING = 0.1  # mean distance of a sample to the nearest other one, as a share of the same among real images
MIN_NOVELTY = 0.2  # mean distance of a sample to the nearest real image, as a share of the same
MIN_REAL_DISTANCE = 2e-3  # RMS distance in [-1, 1], below which real images hardly differ
MAX_LOGIT_MARGIN = 100.0  # D(real) - D(fake): with a penalty in force healthy training stays far below
MAX_SATURATED_LOGIT_MARGIN = 30.0  # where G learns through sigma(D(G(z))): at a score of -15 its slope is 3e-7
MAX_CRITIC_SLOPE = 10.0  # of a critic whose slope is held at 1
MAX_QUERIES = 64  # real images whose nearest other one is looked for
MIN_REAL_IMAGES = 4  # with fewer real images there is no telling how far apart they usually are
MIN_GROUP_SAMPLES = 16  # samples compared with each other
BLOCK_IMAGES = 4096  # compared with others at once


def find_fault(
    players: PlayersOf[Any], rows: Sequence[dict[str, float]], loss: LossName, samples: Tensor | None, real: Tensor
) -> str | None:
    """All checks, cheapest first.

    rows: of the history since the last check; samples: None when they are not to be judged; real: the training images.
    """
    numbers = [value for row in rows for value in row.values()]
    reason = not_finite(players, numbers) or discriminator_won(rows[-1]["gap"], max_logit_margin(loss, real[0].numel()))
    if reason is not None or samples is None:
        return reason
    if not torch.isfinite(samples).all():
        return "a sample is not finite"
    return collapsed(samples, evenly_spaced(real, len(samples))) or replaying(samples, real) or repeating(samples, real)


def is_alike(samples: Tensor, real: Tensor) -> bool:
    """Whether samples have less variety than training images, as those of a young G have."""
    return bool(collapsed(samples, evenly_spaced(real, len(samples))) or repeating(samples, real))


def not_finite(players: PlayersOf[Any], losses: Sequence[float]) -> str | None:
    """Losses, the weights and statistics of all networks, and the optimisers' moments must be finite numbers."""
    if not all(map(math.isfinite, losses)):
        return "a loss is not finite"
    states = {
        "a weight of G": [players.generator.state_dict()],
        "a weight of D": [players.discriminator.state_dict()],
        "a weight of the average of G": [players.average.state_dict()],
        "a moment of G's gradient": players.generator_optimizer.state.values(),
        "a moment of D's gradient": players.discriminator_optimizer.state.values(),
    }
    for name, parts in states.items():
        values = [value.flatten() for part in parts for value in part.values()]
        if values and not torch.isfinite(torch.cat(values)).all():
            return f"{name} is not finite"
    return None


def max_logit_margin(loss: LossName, pixels: int) -> float:
    """The largest healthy mean of D(real) - D(fake), in the units of the loss's raw score.

    For `wasserstein_gp` the logit margin is a distance between images, and large is normal: two images in
    [-1, 1] are at most 2 sqrt(pixels) apart, so a larger margin than that needs a slope above 1.
    """
    match loss:
        case "minimax" | "mse":
            return MAX_SATURATED_LOGIT_MARGIN
        case "wasserstein_gp":
            return MAX_CRITIC_SLOPE * 2 * math.sqrt(pixels)
        case "relativistic" | "non_saturating" | "least_squares" | "hinge":
            return MAX_LOGIT_MARGIN


def discriminator_won(logit_margin: float, limit: float) -> str | None:
    """A logit margin without bound: the generator's gradient is gone, or the penalty does not hold D."""
    if logit_margin > limit:
        return f"D won (its scores of real and generated images are {logit_margin:.0f} apart, at most {limit:.0f})"
    return None


def collapsed(fake: Tensor, real: Tensor) -> str | None:
    """Samples must differ from each other as real images do; not asked where these hardly differ."""
    usual = _mean_distance(real)
    if usual < MIN_REAL_DISTANCE:
        return None
    ratio = _mean_distance(fake) / usual
    if ratio < MIN_DIVERSITY:
        return f"collapsed (samples differ {ratio:.2f} times as much as real images, at least {MIN_DIVERSITY})"
    return None


def replaying(fake: Tensor, real: Tensor) -> str | None:
    """Samples must not be the training images `real`.

    Independent images are about as far from the nearest real one as these are from each other, on average
    over samples with none counted further than that; a good GAN of ten images comes nearer, to three
    quarters. Not asked with fewer than `MIN_REAL_IMAGES` images, or where half of them equal others.
    """
    usual = _usual_spacing(real)
    if usual < MIN_REAL_DISTANCE:
        return None
    ratio = (rms_distances(fake, real).amin(dim=1) / usual).clamp(max=1).mean().item()
    if ratio < MIN_NOVELTY:
        return (
            f"replays its training images (they are {ratio:.2f} times as far from samples as from each other, "
            f"at least {MIN_NOVELTY})"
        )
    return None


def repeating(fake: Tensor, real: Tensor) -> str | None:
    """Samples must not be a few images over and over.

    Samples are compared within groups as large as the set of real images, where independent ones lie
    as far apart as these. Not asked where `replaying` is not.
    """
    seen = evenly_spaced(real, MAX_QUERIES)
    usual = _usual_spacing(seen)
    if usual < MIN_REAL_DISTANCE:
        return None
    groups = torch.split(fake, max(len(seen), MIN_GROUP_SAMPLES))
    spacing = torch.cat([_nearest_other(group) for group in groups if len(group) > 1])
    ratio = (spacing / usual).clamp(max=1).mean().item()
    if ratio < MIN_SPACING:
        return (
            f"repeats itself (samples are {ratio:.2f} times as far from each other as real images, "
            f"at least {MIN_SPACING})"
        )
    return None


def evenly_spaced(images: Tensor, count: int) -> Tensor:
    """At most `count` images from all over a set, which may be in the order of its classes."""
    positions = torch.linspace(0, len(images) - 1, min(count, len(images)), device=images.device)
    return images[positions.round().long()]


def _mean_distance(images: Tensor) -> float:
    count = len(images)
    return (rms_distances(images, images).sum() / (count * (count - 1))).item() if count > 1 else 0.0


def _usual_spacing(real: Tensor) -> float:
    """Median distance of up to `MAX_QUERIES` real images to the nearest other one; 0 when there are too few to tell."""
    if len(real) < MIN_REAL_IMAGES:
        return 0.0
    queries = evenly_spaced(real, MAX_QUERIES)
    two_nearest = rms_distances(queries, real).topk(2, dim=1, largest=False).values  # itself first
    return two_nearest[:, 1].median().item()


def _nearest_other(images: Tensor) -> Tensor:
    return rms_distances(images, images).fill_diagonal_(math.inf).amin(dim=1)


def rms_distances(first: Tensor, second: Tensor) -> Tensor:
    """Root mean square difference of each image of the one side to each of the other, float (N, M).

    first, second: float in [-1, 1], or uint8, which becomes float one block after the other. float32, and fast;
    `measure.metrics` has the distances of features, in float64.
    """
    left = to_float(first).float().flatten(1)
    blocks = [torch.cdist(left, to_float(block).float().flatten(1)) for block in torch.split(second, BLOCK_IMAGES)]
    return torch.cat(blocks, dim=1) / math.sqrt(left.shape[1])
