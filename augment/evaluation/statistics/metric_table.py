"""The primary metric, for every arm: as it is, and on every draw of the test groups.

Either balanced accuracy, the mean of the classes' recalls, or the mean recall of all classes but the
normal one at a fixed share of false alarms. What follows (comparisons, verdict) knows no other metric.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.evaluation.statistics import recall_at_fpr
from augment.evaluation.statistics.bootstrap import MIN_CLASS_GROUPS, Resamples, one_group_se, resample, small_classes
from augment.evaluation.statistics.estimates import Estimate, corrected_t, estimate
from augment.evaluation.statistics.recall_at_fpr import Bool, Float, Int, ScoreArray


@dataclass(frozen=True)
class MetricTable:
    """The primary metric of every arm on one split, as fractions of 1.

    name: what sentences call it
    values: arm -> (S,), one for each paired seed; bootstrap: arm -> (S, B), on each draw of the groups,
        which are the same for all arms and seeds
    one_group_se: what one group can move it by; groups, images: what it rests on; unit: what these are
    thresholds: arm -> (S, G), what the metric changes by when one group of normal images is left out, where draws
        cannot show how uncertain the threshold is; else empty
    small_classes: classes with so few groups that they cannot show their own spread
    ratio: None where draws and seeds give intervals; else every seed has a training set of its own, the intervals are
        those of `corrected_t` with this ratio, and groups, images and one_group_se are those of one repeat
    """

    name: str
    values: Mapping[str, Float]
    bootstrap: Mapping[str, Float]
    one_group_se: float
    groups: int
    images: int
    small_classes: int
    ratio: float | None = None
    unit: str = "images"
    thresholds: Mapping[str, Float] = field(default_factory=dict)

    def mean(self, arm: str) -> float:
        return float(self.values[arm].mean())

    def estimate(self, arm: str, minus: str | None = None) -> Estimate:
        """The metric of an arm, or its difference from another's, paired by seed and by draw."""
        values, bootstrap = self.values[arm], self.bootstrap[arm]
        if minus is not None:
            values, bootstrap = values - self.values[minus], bootstrap - self.bootstrap[minus]
        if self.ratio is not None:
            return corrected_t(values, self.ratio, self.one_group_se)
        error = self.one_group_se
        if self.thresholds:  # and that from the choice of normal images: a jackknife over their groups
            changes = self.thresholds[arm] - (self.thresholds[minus] if minus is not None else 0.0)  # (S, G)
            error = math.hypot(error, float(np.linalg.norm(changes.mean(axis=0))))
        return estimate(values, bootstrap, error, self.groups)


def join_repeats(tables: Sequence[MetricTable | None], ratio: float) -> MetricTable | None:
    """Tables of repeats with training sets of their own as one, (S, ...); None where any of them cannot tell."""
    known = [table for table in tables if table is not None]
    if not known or len(known) < len(tables):
        return None
    return MetricTable(
        name=known[0].name,
        values={arm: np.concatenate([table.values[arm] for table in known]) for arm in known[0].values},
        bootstrap={arm: np.concatenate([table.bootstrap[arm] for table in known]) for arm in known[0].bootstrap},
        one_group_se=max(table.one_group_se for table in known),
        groups=min(table.groups for table in known),
        images=min(table.images for table in known),
        small_classes=0,
        ratio=ratio,
    )


def metric_table(
    targets: Int,
    groups: NDArray[Any],
    scores: Mapping[Any, ScoreArray],
    *,
    normal: int | None,
    rate: float,
    draws: int,
    rng: np.random.Generator,
) -> MetricTable | None:
    """The primary metric from class probabilities; None for a split that cannot tell.

    targets: int (N,); groups: (N,); scores: arm -> (S, N, classes). normal None: balanced accuracy, else the
    recall of all classes but this one at the false-alarm rate. Raises DataError when shapes differ.
    """
    shapes = {by_seed.shape[:2] for by_seed in scores.values()}
    if len(groups) != len(targets) or len(shapes) != 1 or next(iter(shapes))[1:] != (len(targets),):
        raise DataError(
            f"outcomes: {len(targets)} targets, {len(groups)} groups and arms of shapes {sorted(shapes)}; "
            "every arm needs (seeds, targets)"
        )
    if not len(targets):
        return None
    resamples = resample(targets, groups, draws, rng)
    if normal is None:
        correct = {arm: by_seed.argmax(axis=2) == targets for arm, by_seed in scores.items()}
        return balanced_accuracy_table(correct, targets, groups, resamples)
    is_normal = targets == normal
    if is_normal.all() or len(np.unique(groups[is_normal])) < MIN_CLASS_GROUPS:
        return None
    return _recall_table(targets, groups, scores, normal, rate, resamples)


def balanced_accuracy_table(
    correct: Mapping[Any, Bool], targets: Int, groups: NDArray[Any], resamples: Resamples
) -> MetricTable:
    """Balanced accuracy from right or wrong, arm -> bool (S, N), on given draws."""
    return MetricTable(
        name="balanced accuracy",
        values={arm: is_right @ resamples.weights for arm, is_right in correct.items()},
        bootstrap={arm: is_right @ resamples.draws.T for arm, is_right in correct.items()},
        one_group_se=resamples.one_group_se,
        groups=resamples.groups,
        images=len(targets),
        small_classes=small_classes(targets, groups),
    )


def _recall_table(
    targets: Int, groups: NDArray[Any], scores: Mapping[Any, ScoreArray], normal: int, rate: float, resamples: Resamples
) -> MetricTable:
    """An image is the more suspect the less probable the normal class is."""
    others = targets != normal
    weights = np.concatenate([resamples.weights[None], resamples.draws])

    def of_every_seed(measure: Callable[..., Float], *figures: Any) -> dict[Any, Float]:
        return {
            arm: np.stack([measure(-probabilities[:, normal], ~others, *figures, rate) for probabilities in by_seed])
            for arm, by_seed in scores.items()
        }

    recalls = of_every_seed(recall_at_fpr.recall_at_far, weights)
    misses = recall_at_fpr.draws_miss_threshold(len(np.unique(groups[~others])), rate)
    return MetricTable(
        name=f"recall at {100 * rate:g} % false alarms",
        values={arm: both[:, 0] for arm, both in recalls.items()},
        bootstrap={arm: both[:, 1:] for arm, both in recalls.items()},
        one_group_se=one_group_se(targets[others], groups[others]),
        groups=len(np.unique(groups[others])),
        images=int(others.sum()),
        small_classes=small_classes(targets[others], groups[others]),
        unit="images of the other classes",
        thresholds=of_every_seed(recall_at_fpr.threshold_changes, groups, resamples.weights) if misses else {},
    )
