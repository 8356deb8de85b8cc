"""Real experiments of seconds: digits, a few training images, and a control in the GAN's place.

No control knows anything that the real images do not, so none may be said to help.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from augment.core.engine import Engine
from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import jittered_copies, noise_images, shuffled_labels
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.statistics.metric_table import MetricTable, metric_table
from augment.evaluation.verdict.rules import assess
from augment.evaluation.verdict.selection import choose_selection
from augment.measure.classifiers import FitSettings, probabilities
from augment.params.arms import DEFAULT_GAN_ARM, Arm, arm_kinds
from benchmarks.scenarios import DECIDING_ARMS, DRAWS, EQUIVALENCE

TRAIN, VAL, TEST = 8, 4, 60  # images of each class
MADE = 60  # images of each class that the control makes
SEEDS = 3
FIT, BATCH = FitSettings(80, 3e-3), 32


@dataclass(frozen=True)
class Sides:
    """One draw of the digits."""

    train: ImageSet
    val: ImageSet
    test: ImageSet


def words(place: str, runs: int, engine: Engine) -> list[str]:
    """The verdicts of `runs` experiments with `place` (copies, shuffled or noise) where the GAN images belong."""
    draws = [draw(number) for number in range(runs)]
    units = [
        (ScratchFit(arm, seed, sides.train, made(place, sides.train, seed), FIT, BATCH, "none"), sides)
        for number, sides in enumerate(draws)
        for seed in seeds(number)
        for arm in DECIDING_ARMS
    ]  # fmt: skip
    scores = engine.gather(_val_and_test, units)
    each = SEEDS * len(DECIDING_ARMS)
    found = []
    for number, sides in enumerate(draws):
        mine = [scores[position] for position in range(number * each, (number + 1) * each)]
        val = _figures(sides.val, [val for val, _ in mine])
        found.append(_word(val, _figures(sides.test, [test for _, test in mine])))
    return found


def _val_and_test(unit: tuple[ScratchFit, Sides]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    job, sides = unit
    network = fit_scratch(job)
    return probabilities(network, sides.val.images), probabilities(network, sides.test.images)


def draw(number: int) -> Sides:
    """Train, val and test of all ten digits, another draw for each number."""
    digits = load_digits()
    order = numpy_rng(number, "tiny").permutation(len(digits.target))
    chosen = [order[digits.target[order] == digit][: TRAIN + VAL + TEST] for digit in range(10)]
    bounds = (0, TRAIN, TRAIN + VAL, TRAIN + VAL + TEST)
    sides = []
    for first, last in itertools.pairwise(bounds):
        index = np.concatenate([own[first:last] for own in chosen])
        names = index.astype(np.str_)
        images = (digits.images[index, None] * 255 / 16).round().astype(np.uint8)
        sides.append(ImageSet(images, digits.target[index].astype(np.str_), names, names))
    return Sides(*sides)


def seeds(number: int) -> list[int]:
    """Paired seeds of one experiment."""
    return [derive_seed(number, "tiny", repeat) for repeat in range(SEEDS)]


def made(place: str, train: ImageSet, seed: int) -> Samples:
    """The control's own copies, and in the GAN's place what `place` says. What is shuffled is copies as well."""
    copies = jittered_copies(train, MADE, "none", derive_seed(seed, "place"))
    instead = {
        "copies": copies,
        "shuffled": shuffled_labels(copies, seed),
        "noise": noise_images(train.classes, MADE, train.images.shape[1:], seed),
    }[place]
    return Samples({"raw": instead, "filtered": instead, "copies": jittered_copies(train, MADE, "none", seed)})


def _figures(side: ImageSet, scores: list[np.ndarray]) -> MetricTable:
    by_arm: dict[Arm, np.ndarray] = {
        arm: np.stack(scores[position :: len(DECIDING_ARMS)]) for position, arm in enumerate(DECIDING_ARMS)
    }
    found = metric_table(
        side.targets(side.classes), side.groups, by_arm, normal=None, rate=0.05, draws=DRAWS, rng=numpy_rng(0, "tiny")
    )
    assert found is not None
    return found


def _word(val: MetricTable, test: MetricTable) -> str:
    kind_of = arm_kinds(DECIDING_ARMS)
    assert kind_of[DEFAULT_GAN_ARM] == "gan"
    return assess(test, choose_selection(val, kind_of), kind_of, EQUIVALENCE).word
