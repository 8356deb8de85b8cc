"""Membership inference: can somebody who has the samples tell which real images the GANs were trained on?

The attack asks of every real image how far the nearest synthetic image of its class is (Hilprecht et al. 2019; Chen
et al. 2020, "GAN-Leaks", section 5), in units of the distance to the nearest other real image outside its group, so
that typical and odd images count alike (difficulty calibration, Watson et al. 2022) and classes pool. The smaller, the
likelier a member. Members are the training images; the control is the test images, which no GAN has seen.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, UInt8
from augment.data.split.pool import SetType
from augment.measure.features import pixels, random_convolutions
from augment.measure.metrics import Features, Float, nearest, nearest_elsewhere

MIN_GROUPS = 20  # groups on either side; with fewer nothing is measured
BOOTSTRAP_DRAWS = 1000
Z_95 = 1.96  # quantile of the normal distribution for 95 %
FALSE_ALARM_RATES = (0.01, 0.1)  # false-alarm rates at which the share of members found is told
FEATURE_SPACES = (("pixels", pixels), ("random_convolutions", random_convolutions))
MEMBERSHIP_COLUMNS = ("space", "figure", "value", "low", "high", "chance", "members", "control", "note")


@dataclass(frozen=True)
class MembershipRow:
    """A row of membership.csv. figure: auc, or tpr_<rate>, the share of members found at that rate of false alarms;
    chance: what guessing gives; members, control: groups on either side. A value of None was not measured."""

    space: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    chance: float
    members: int
    control: int
    note: str


@dataclass(frozen=True)
class AttackScores:
    """Scores float64 (N,) of real images, low for likely members; member: bool (N,); weight: float64 (N,), equal
    sums for the members and the control of each class; groups: str (N,)."""

    score: Float
    member: NDArray[np.bool_]
    weight: Float
    groups: NDArray[Any]

    def units(self, member: bool) -> int:
        """Groups on one side."""
        return len(np.unique(self.groups[self.member == member]))


def membership_rows(
    train: ImageSet, test: ImageSet, samples: Mapping[str, UInt8], rng: np.random.Generator
) -> list[MembershipRow]:
    """How well the attack does, in each of two feature spaces, pooled over the classes.

    samples: label -> uint8 (N, C, H, W) before any selection, since whoever has the generators can draw them all.
    Intervals are 95 %, from bootstrap draws of the groups of either side. Below 20 groups on a side nothing is
    measured; a rate of false alarms needs as many control groups as can show it, 99 for 1 %.
    """
    samples = {label: images for label, images in samples.items() if len(images)}
    attacks = ((space, attack_scores(train, test, samples, embed)) for space, embed in FEATURE_SPACES)
    return [row for space, attack in attacks for row in space_rows(space, attack, rng)]


def attack_scores(
    train: ImageSet, test: ImageSet, samples: Mapping[str, UInt8], embed: Callable[[UInt8], Features]
) -> AttackScores:
    """Score the real images of every class that has samples, and images on both sides."""
    made = {label: embed(images) for label, images in samples.items()}
    return scores_of_features(train, test, made, lambda images: embed(images.images))


def scores_of_features(
    train: SetType, test: SetType, made: Mapping[str, Features], embed: Callable[[SetType], Features]
) -> AttackScores:
    """The same of any kind of samples; made: label -> features (n, D), as `embed` gives those of a set."""
    parts = [(np.zeros(0), np.zeros(0, bool), np.zeros(0), np.zeros(0, dtype=np.str_))]
    for label, features_made in made.items():
        sides = train.of_class(label), test.of_class(label)
        members, control = map(len, sides)
        if min(members, control) == 0:
            continue
        groups = np.concatenate([side.groups for side in sides])
        member = np.arange(len(groups)) < members
        features = np.concatenate([embed(side) for side in sides])
        usual = nearest_elsewhere(features, groups)
        score = nearest(features, features_made)[1] / np.maximum(usual, 1e-12)
        # As in a stratified rank test: what a class can tell grows with the smaller side (van Elteren 1960).
        share = members * control / (members + control)
        parts.append((score, member, np.where(member, share / members, share / control), groups))
    return AttackScores(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def auc(attack: AttackScores, weight: Float) -> float:
    """Chance that a member's score lies below a control's, ties counted half; weight: float64 (N,)."""
    order = np.argsort(attack.score, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(attack.score[order]) > 0])
    members, control = (np.add.reduceat((weight * (attack.member == side))[order], first) for side in (True, False))
    below = np.cumsum(members) - members / 2
    return float((below * control).sum() / (members.sum() * control.sum()))


def recall_at_rate(attack: AttackScores, weight: Float, rate: float, units: int) -> float:
    """Share of members below the threshold that a new control image passes with a chance of at most `rate`.

    The threshold is a control's score: the floor(rate (units + 1))-th smallest, or by weight the first to reach it
    (split conformal prediction). units: groups of the control.
    """
    order = np.argsort(attack.score[~attack.member], kind="stable")
    scores, control = attack.score[~attack.member][order], weight[~attack.member][order]
    passed = np.floor(rate * (units + 1) + 1e-9) / units * control.sum()
    place = np.searchsorted(np.cumsum(control), passed * (1 - 1e-9))
    member_weight = weight[attack.member]
    return float(member_weight[attack.score[attack.member] < scores[place]].sum() / member_weight.sum())


def space_rows(space: str, attack: AttackScores, rng: np.random.Generator) -> Iterator[MembershipRow]:
    members, control = attack.units(True), attack.units(False)
    figures = {"auc": (partial(auc, attack), 0.5, MIN_GROUPS)}  # its value for weights (N,), chance, control groups
    for rate in FALSE_ALARM_RATES:
        recall = partial(recall_at_rate, attack, rate=rate, units=control)
        figures[f"tpr_{rate:g}"] = recall, rate, max(MIN_GROUPS, round(1 / rate) - 1)
    measures = {name: of for name, (of, _, needed) in figures.items() if members >= MIN_GROUPS and control >= needed}
    measured = dict(zip(measures, _intervals(attack, measures.values(), min(members, control), rng), strict=True))
    for name, (_, chance, needed) in figures.items():
        value, low, high = measured.get(name, (None, None, None))
        need = f"at least {MIN_GROUPS} and {needed} are needed"
        note = f"not measured: {members} independent training and {control} test images, {need}"
        yield MembershipRow(space, name, value, low, high, chance, members, control, "" if name in measured else note)


def _intervals(
    attack: AttackScores, measures: Collection[Callable[[Float], float]], units: int, rng: np.random.Generator
) -> Iterator[tuple[float, float, float]]:
    """Each figure and its 95 % interval: percentiles of the draws, widened by one group of the smaller side.

    Without that, a perfect attack on twenty images would be told as certain; and images that are each other's nearest
    real image are not quite independent, which the draws do not see. Measured in docs/validation.md.
    """
    if not measures:
        return
    draws = np.array([[measure(weight) for measure in measures] for weight in _draws(attack, rng)])
    for measure, column in zip(measures, draws.T, strict=True):
        value = measure(attack.weight)
        low, high = (
            value + sign * np.hypot(np.quantile(column, part) - value, Z_95 / units)
            for sign, part in ((-1, 0.025), (1, 0.975))
        )
        yield value, max(0.0, float(low)), min(1.0, float(high))


def _draws(attack: AttackScores, rng: np.random.Generator) -> Iterator[Float]:
    """Weights of the images in every bootstrap draw: the groups of either side drawn with replacement."""
    _, unit = np.unique(attack.groups, return_inverse=True)
    sides = [np.unique(unit[attack.member == side]) for side in (True, False)]
    for _ in range(BOOTSTRAP_DRAWS):
        times = np.zeros(unit.max() + 1)
        for units in sides:
            times[units] = rng.multinomial(len(units), np.full(len(units), 1 / len(units)))
        yield attack.weight * times[unit]
