"""Detect a game that has gone wrong. Losses look healthy during collapse, so samples are looked at.

Each check returns a reason in words, or None when all is well.
"""

import math

import torch
from torch import Tensor

from augment.gan.losses import LossName
from augment.gan.training import Game

LEAST_DIVERSITY = 0.3  # mean distance between samples, as a share of that between real images
GAP_LIMIT = 100.0  # D(real) - D(fake): with a penalty in force a healthy game stays far below
SATURATED_GAP_LIMIT = 30.0  # where G learns through sigma(D(G(z))): at a score of -15 its slope is 3e-7
SLOPE_LIMIT = 10.0  # of a critic whose slope is held at 1


def not_finite(game: Game, losses: Tensor) -> str | None:
    """Losses, weights of both players and the average must be finite numbers."""
    if not torch.isfinite(losses).all():
        return "a loss is not finite"
    for name, network in (
        ("G", game.generator),
        ("D", game.discriminator),
        ("the average of G", game.average),
    ):
        if not all(torch.isfinite(weight).all() for weight in network.parameters()):
            return f"a weight of {name} is not finite"
    return None


def gap_limit(loss: LossName, pixels: int) -> float:
    """The largest healthy mean of D(real) - D(fake), in the units of the loss's raw score.

    For `wasserstein_gp` the gap is a distance between images, and large is normal: two images in
    [-1, 1] are at most 2 sqrt(pixels) apart, so a larger gap than that needs a slope above 1.
    """
    match loss:
        case "minimax" | "mse":
            return SATURATED_GAP_LIMIT
        case "wasserstein_gp":
            return SLOPE_LIMIT * 2 * math.sqrt(pixels)
        case "relativistic" | "non_saturating" | "least_squares" | "hinge":
            return GAP_LIMIT


def discriminator_won(gap: float, limit: float) -> str | None:
    """A gap without bound: the generator's gradient is gone, or the penalty does not hold D."""
    return (
        f"D won (its scores of real and generated images are {gap:.0f} apart, at most {limit:.0f})"
        if gap > limit
        else None
    )


def collapsed(fake: Tensor, real: Tensor) -> str | None:
    """Samples must differ from each other as real images do; float (N, C, H, W) each.

    Not asked where the real images themselves hardly differ.
    """
    between_real = _mean_distance(real)
    if between_real < 1e-3:
        return None
    ratio = _mean_distance(fake) / between_real
    if ratio < LEAST_DIVERSITY:
        return f"collapsed (samples differ {ratio:.2f} times as much as real images, at least {LEAST_DIVERSITY})"
    return None


def _mean_distance(images: Tensor) -> float:
    count = len(images)
    if count < 2:
        return 0.0
    flat = images.float().flatten(1)
    return float(torch.cdist(flat, flat).sum() / (count * (count - 1)))
