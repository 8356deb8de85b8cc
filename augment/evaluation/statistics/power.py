"""The smallest gain that a comparison can show, and what would decide an undecided one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from augment.core.seeds import numpy_rng
from augment.evaluation.statistics.estimates import Estimate, Float, t_quantile

POWER = 0.8  # a gain counts as shown where this share of runs would find it
MAX_SEEDS = 100  # that params.yaml takes
_SIMULATED_RUNS = 4000


@dataclass(frozen=True)
class DifferenceVariance:
    """What makes the gain over one rival fall out differently; variances of a difference in the primary metric.

    image: other test images, as the mean over endless seeds would show it
    chance: single images that come out right or wrong by chance in one seed
    seed: shifts of a whole seed
    lag: how much worse this rival is than the best real-only one
    """

    image: float
    chance: float
    seed: float
    lag: float = 0.0

    def between_training_sets(self) -> "DifferenceVariance":
        """The same where every repeat has a training set of its own, and tests for no other images."""
        return DifferenceVariance(0.0, 0.0, self.image + self.chance + self.seed, self.lag)


def smallest_gain(
    variances: Sequence[DifferenceVariance],
    seeds: int,
    groups: int,
    one_group_se: float,
    ratio: float | None = None,
    power: float = POWER,
) -> float:
    """The gain over the best rival at which a share `power` of runs has every lower 95 % bound above 0.

    variances: one for each rival. A run is drawn 4000 times from normal distributions, with the errors and the
    degrees of freedom that `estimate` (ratio None) or `corrected_t` (ratio: its own) would find. Half of the smallest
    spread is the candidate's own, so it is common to all comparisons.
    May exceed 1, and is infinite with a single group or seed: then no gain can be shown.
    """
    if min(groups, seeds) < 2:
        return math.inf
    image, chance, seed, lag = np.array([[each.image, each.chance, each.seed, each.lag] for each in variances]).T
    rng = numpy_rng(0, "power")
    of_image = _simulated_differences(rng, image, 1)[..., 0]  # (draws, rivals)
    overlap = ratio / (1 + ratio) if ratio else 0.0  # correlation of two folds, as Nadeau & Bengio take it
    of_seed = math.sqrt(1 - overlap) * _simulated_differences(rng, chance + seed, seeds)  # (draws, rivals, seeds)
    of_seed += math.sqrt(overlap) * _simulated_differences(rng, chance + seed, 1)
    variance = of_seed.var(axis=2, ddof=1)
    if ratio is None:
        seed_error = np.maximum(variance - chance, variance / 2) / seeds
        test_error = image + chance / seeds + one_group_se**2
    else:
        seed_error = (1 / seeds + ratio) * np.maximum(variance, one_group_se**2)
        test_error = np.zeros_like(image)
    t_test, t_seed = t_quantile(0.95, groups - 1), t_quantile(0.95, seeds - 1)
    needed = np.sqrt(t_test**2 * test_error + t_seed**2 * seed_error) - of_image - of_seed.mean(axis=2) - lag
    return float(np.quantile(needed.max(axis=1), power))


def difference_variances(rows: Sequence[Estimate], net: float, one_group_se: float) -> list[DifferenceVariance]:
    """What a run's comparisons of one candidate with its rivals turned out to be.

    net: the candidate's gain over the best rival, which the others lag behind. Few seeds measure their own
    spread badly, so all rivals share its mean.
    """
    seed = float(np.mean([max(0.0, row.seed_sd**2 - row.chance_sd**2) for row in rows]))
    return [
        DifferenceVariance(
            image=max(0.0, row.test_se**2 - one_group_se**2 - row.chance_sd**2 / row.seeds),
            chance=row.chance_sd**2,
            seed=seed,
            lag=row.mean - net,
        )
        for row in rows
    ]


def seeds_to_decide(estimate: Estimate, confidence: float = 0.95) -> int | None:
    """Fewest seeds with which the interval would exclude 0, everything else unchanged. None when no number that
    params.yaml takes would: then test images are the limit, not repeats."""
    test = t_quantile(confidence, estimate.groups - 1) * estimate.test_se
    seeds = np.arange(2, MAX_SEEDS + 1)
    seed = stats.t.ppf((1 + confidence) / 2, seeds - 1) * estimate.seed_se * np.sqrt(estimate.seeds / seeds)
    enough = np.flatnonzero(np.hypot(test, seed) < abs(estimate.mean))
    return int(seeds[enough[0]]) if len(enough) else None


def growth_to_decide(estimate: Estimate, confidence: float = 0.95) -> float | None:
    """About how many times more test images would exclude 0 with the same mean and seeds. Where the seeds alone are too
    noisy for that, half of the error is granted to each. None for a mean of 0."""
    if estimate.mean == 0:
        return None
    test = stats.norm.ppf((1 + confidence) / 2) * estimate.test_se
    seed = t_quantile(confidence, estimate.seeds - 1) * estimate.seed_se
    room = max(estimate.mean**2 - seed**2, estimate.mean**2 / 2)
    return max(1.0, float(test**2 / room))


def _simulated_differences(rng: np.random.Generator, variances: Float, seeds: int) -> Float:
    """Candidate minus each rival, (draws, rivals, seeds) with these variances (rivals,)."""
    candidate_variance = float(variances.min()) / 2
    candidate = rng.normal(0, math.sqrt(candidate_variance), (_SIMULATED_RUNS, 1, seeds))
    rivals: Float = rng.normal(size=(_SIMULATED_RUNS, len(variances), seeds))
    return candidate - rivals * np.sqrt(variances - candidate_variance)[:, None]
