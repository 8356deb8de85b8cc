"""The figure that decides, for every arm: as it is, and on every draw of the test groups.

Either balanced accuracy, the mean of the classes' recalls, or the mean recall of all classes but the
normal one at a fixed share of false alarms. What follows (comparisons, verdict) knows no other figure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.evaluation.statistics.bootstrap import SMALL_CLASS, Resamples, groups_per_class, one_pair, resample
from augment.evaluation.statistics.estimates import Estimate, corrected_t, estimate

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]
Int = NDArray[np.int64]
Scores = NDArray[np.floating[Any]]

ROUNDING = 1e-9
FEW_ABOVE = 2  # normal groups above the threshold: with fewer, draws of them do not show how uncertain it is


@dataclass(frozen=True)
class Figures:
    """The deciding figure of every arm on one split, as fractions of 1.

    name: what sentences call it
    values: arm -> (S,), one for each paired seed; drawn: arm -> (S, B), on each draw of the groups,
        which are the same for all arms and seeds
    one_pair: what one group can move it by; groups, images: what it rests on; counted: what these are
    thresholds: arm -> (S, G), what the figure changes by when one group of normal images is left out, where draws
        cannot show how uncertain the threshold is; else empty
    small_classes: classes with so few groups that they cannot show their own spread
    ratio: None where draws and seeds give intervals; else every seed has a training set of its own, the intervals are
        those of `corrected_t` with this ratio, and groups, images and one_pair are those of one repeat
    """

    name: str
    values: Mapping[str, Float]
    drawn: Mapping[str, Float]
    one_pair: float
    groups: int
    images: int
    small_classes: int
    ratio: float | None = None
    counted: str = "images"
    thresholds: Mapping[str, Float] = field(default_factory=dict)

    def mean(self, arm: str) -> float:
        """Mean of an arm over its seeds."""
        return float(self.values[arm].mean())

    def estimate(self, arm: str, minus: str | None = None) -> Estimate:
        """The figure of an arm, or its difference from another's, paired by seed and by draw."""
        values, drawn = self.values[arm], self.drawn[arm]
        if minus is not None:
            values, drawn = values - self.values[minus], drawn - self.drawn[minus]
        if self.ratio is not None:
            return corrected_t(values, self.ratio, self.one_pair)
        return estimate(values, drawn, math.hypot(self.one_pair, self._threshold_error(arm, minus)), self.groups)

    def _threshold_error(self, arm: str, minus: str | None) -> float:
        """Standard error of the mean over seeds from the choice of normal images: a jackknife over their groups."""
        if not self.thresholds:
            return 0.0
        changes = self.thresholds[arm] - (self.thresholds[minus] if minus is not None else 0.0)  # (S, G)
        return float(np.linalg.norm(changes.mean(axis=0)))


def joined(each: Sequence[Figures | None], ratio: float) -> Figures | None:
    """Figures of repeats with training sets of their own as one, (S, ...); None where any of them cannot tell."""
    known = [one for one in each if one is not None]
    if not known or len(known) < len(each):
        return None
    return Figures(
        name=known[0].name,
        values={arm: np.concatenate([one.values[arm] for one in known]) for arm in known[0].values},
        drawn={arm: np.concatenate([one.drawn[arm] for one in known]) for arm in known[0].drawn},
        one_pair=max(one.one_pair for one in known),
        groups=min(one.groups for one in known),
        images=min(one.images for one in known),
        small_classes=0,
        ratio=ratio,
    )


def figures_of_scores(
    targets: Int,
    groups: NDArray[Any],
    scores: Mapping[Any, Scores],
    *,
    normal: int | None,
    rate: float,
    draws: int,
    rng: np.random.Generator,
) -> Figures | None:
    """The deciding figure from class probabilities; None for a split that cannot tell.

    targets: int (N,); groups: (N,); scores: arm -> (S, N, classes). normal None: balanced accuracy, else the
    recall of all classes but this one at the false-alarm rate. Raises DataError when shapes differ.
    """
    shapes = {found.shape[:2] for found in scores.values()}
    if len(groups) != len(targets) or len(shapes) != 1 or next(iter(shapes))[1:] != (len(targets),):
        raise DataError(
            f"outcomes: {len(targets)} targets, {len(groups)} groups and arms of shapes {sorted(shapes)}; "
            "every arm needs (seeds, targets)"
        )
    if not len(targets):
        return None
    resamples = resample(targets, groups, draws, rng)
    if normal is None:
        return figures_of(
            {arm: own.argmax(axis=2) == targets for arm, own in scores.items()}, targets, groups, resamples
        )
    is_normal = targets == normal
    if is_normal.all() or len(np.unique(groups[is_normal])) < SMALL_CLASS:
        return None
    return _recall_figures(targets, groups, scores, normal, rate, resamples)


def figures_of(correct: Mapping[Any, Bool], targets: Int, groups: NDArray[Any], resamples: Resamples) -> Figures:
    """Balanced accuracy from right or wrong, arm -> bool (S, N), on given draws."""
    return Figures(
        name="balanced accuracy",
        values={arm: right @ resamples.plain for arm, right in correct.items()},
        drawn={arm: right @ resamples.draws.T for arm, right in correct.items()},
        one_pair=resamples.one_pair,
        groups=resamples.groups,
        images=len(targets),
        small_classes=_small(targets, groups),
    )


def _recall_figures(
    targets: Int,
    groups: NDArray[Any],
    scores: Mapping[Any, Scores],
    normal: int,
    rate: float,
    resamples: Resamples,
) -> Figures:
    """An image is the more suspect the less probable the normal class is."""
    others = targets != normal
    weights = np.concatenate([resamples.plain[None], resamples.draws])
    found = {
        arm: np.stack([recall_at_far(-one[:, normal], ~others, weights, rate) for one in by_seed])
        for arm, by_seed in scores.items()
    }
    return Figures(
        name=f"recall at {100 * rate:g} % false alarms",
        values={arm: both[:, 0] for arm, both in found.items()},
        drawn={arm: both[:, 1:] for arm, both in found.items()},
        one_pair=one_pair(targets[others], groups[others]),
        groups=len(np.unique(groups[others])),
        images=int(others.sum()),
        small_classes=_small(targets[others], groups[others]),
        counted="images of the other classes",
        thresholds={
            arm: np.stack([threshold_changes(-one[:, normal], ~others, groups, resamples.plain, rate) for one in own])
            for arm, own in scores.items()
            if _above(len(np.unique(groups[~others])), rate) < FEW_ABOVE
        },
    )


def recall_at_far(alarm: Scores, is_normal: Bool, weights: Float, rate: float) -> Float:
    """Weighted share of the other images above the threshold that the normal ones set, (B,).

    alarm: (N,) higher is more suspect; weights: (B, N), the first row the set as it is, then one for each draw; a
    draw that lacks one side altogether takes that side as it is. The threshold is the
    ceil((1 - rate)(n + 1))-th smallest of the n normal scores, or the largest where there are too few;
    then a new normal image lies above it with a probability of at most the rate (split conformal
    prediction, Vovk et al. 2005), whatever its distribution. An alarm is a score above the threshold.
    """
    normal, other = alarm[is_normal], alarm[~is_normal]
    above = _above(len(normal), rate) / len(normal)
    descending = np.argsort(-normal, kind="stable")
    share = np.cumsum(_of_side(weights, is_normal)[:, descending], axis=1)
    share /= share[:, -1:]
    threshold = normal[descending][(share > above + ROUNDING).argmax(axis=1)]  # (B,)
    order = np.argsort(-other, kind="stable")
    found = np.cumsum(_of_side(weights, ~is_normal)[:, order], axis=1)
    alarms = np.searchsorted(-other[order], -threshold, side="left")  # others strictly above
    recalled = np.where(alarms > 0, found[np.arange(len(found)), alarms - 1], 0.0)
    result: Float = recalled / found[:, -1]
    return result


def threshold_changes(alarm: Scores, is_normal: Bool, groups: NDArray[Any], weights: Float, rate: float) -> Float:
    """What the recall of the set as it is changes by when each group of normal images is left out, (groups,).

    As in `recall_at_far`, with one row of weights (N,). As many normal images as before stay above the threshold, which
    moves to the next one below. A bootstrap can only repeat the images that there are: where the threshold is the
    largest or second largest of them no draw lies above it, and its error is underestimated.
    """
    normal, other = alarm[is_normal], alarm[~is_normal]
    names, of_image = np.unique(groups[is_normal], return_inverse=True)
    above = _above(len(normal), rate)

    def recall(kept: Scores) -> float:
        threshold = np.sort(kept)[::-1][min(above, len(kept) - 1)]
        own = weights[~is_normal]
        return float(own[other > threshold].sum() / own.sum())

    changes, whole = np.zeros(len(names)), recall(normal)
    for group in np.unique(of_image[np.argsort(-normal, kind="stable")[: above + 1]]):
        changes[group] = recall(normal[of_image != group]) - whole if len(names) > 1 else 0.0
    return changes


def _above(images: int, rate: float) -> int:
    """How many of so many normal images lie above the threshold, that of a false alarm for a new one."""
    return max(0, math.floor(rate * (images + 1) + ROUNDING) - 1)


def _of_side(weights: Float, side: Bool) -> Float:
    own = weights[:, side]
    own[own.sum(axis=1) == 0] = own[0]
    return own


def check_rate(targets: Int, groups: NDArray[Any], normal: int, label: str, rate: float) -> None:
    """Raises DataError when test cannot show a recall at this false-alarm rate."""
    mine = targets == normal
    images, independent = int(mine.sum()), len(np.unique(groups[mine]))
    needed = max(SMALL_CLASS, math.ceil(1 / rate - ROUNDING) - 1)
    if independent < needed:
        larger = (
            f"Raise it to {math.ceil(100 / (independent + 1)) / 100:g}, add" if independent >= SMALL_CLASS else "Add"
        )
        raise DataError(
            f"evaluate.false_alarm_rate {rate:g}: it needs at least {needed} independent test images of the normal "
            f"class {label!r}, found {images} images in {independent} groups. {larger} normal images, "
            "or set `evaluate.primary: balanced_accuracy`."
        )
    if mine.all():
        raise DataError(f"evaluate.normal {label!r}: test holds no image of any other class, so nothing can be missed.")


def _small(targets: Int, groups: NDArray[Any]) -> int:
    return int((groups_per_class(targets, groups) < SMALL_CLASS).sum())
