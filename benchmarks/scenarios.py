"""Simulated experiments on one split and on repeated splits, judged, with val's veto, by the functions that the
pipeline uses.

Each experiment is judged twice: with all arms equally good, and with a gain planted in the GAN arm that is
exactly the smallest one that was announced.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.evaluation.statistics.bootstrap import groups_per_class, one_group_se, resample
from augment.evaluation.statistics.comparisons import Comparison, VerdictWord
from augment.evaluation.statistics.metric_table import MetricTable, balanced_accuracy_table, join_repeats
from augment.evaluation.statistics.power_model import (
    MEASURED_COMPONENTS,
    VarianceComponents,
    expected_smallest_gain,
    without_arm_differences,
)
from augment.evaluation.verdict.rules import assess
from augment.evaluation.verdict.selection import choose_selection
from augment.params.arms import BACKBONE_ARMS, CONTROL_ARM, DEFAULT_GAN_ARM, REAL_ARMS, Arm, arm_kinds
from benchmarks.simulated import Truth, latent, right, truth

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Steps = dict[Arm, float]  # how far an arm's thresholds are moved

EQUIVALENCE = 0.01
DRAWS = 400
DECIDING_ARMS: tuple[Arm, ...] = (  # the default arms that decide
    "none", "oversample", "classical", "randaugment", "mixup_cutmix", DEFAULT_GAN_ARM, "copies_half",
)  # fmt: skip
MANY: tuple[Arm, ...] = (*(arm for arm in REAL_ARMS if arm not in BACKBONE_ARMS), DEFAULT_GAN_ARM, CONTROL_ARM)
FOLDS, REPETITIONS = 5, 5
OF_TRAINING_SET = 0.3  # of a shift's variance; the rest is the seed's (`python -m benchmarks.shifts`)
VAL_RATIO = 0.25  # val images for every training image, where val is rotated


@dataclass(frozen=True)
class Scenario:
    """One kind of experiment.

    test: independent groups of each class in test (in all, for folds); recall: about what classifiers reach
    each: images of a group; seeds: paired seeds, or disjoint training subsets; val: images of each class, of which
    every repeat has its own where val is rotated or training is repeated
    trailing: all rivals and the control but one are this much worse, as a fraction of 1
    """

    name: str
    test: tuple[int, ...]
    recall: float
    seeds: int
    arms: tuple[Arm, ...] = DECIDING_ARMS
    each: int = 1
    val: int = 10
    trailing: float = 0.0

    @property
    def targets(self) -> Int:
        """Class of every image, int (N,)."""
        return np.repeat(np.arange(len(self.test)), self.each * np.array(self.test))

    @property
    def groups(self) -> Int:
        """Group of every image, int (N,)."""
        return np.arange(len(self.targets)) // self.each

    @property
    def rivals(self) -> list[Arm]:
        """All arms but the GAN's."""
        return [arm for arm in self.arms if arm != DEFAULT_GAN_ARM]

    @property
    def recalls(self) -> Float:
        """Expected recall of each class."""
        return np.full(len(self.test), self.recall)


@dataclass(frozen=True)
class Outcome:
    """What was said of equal arms, and whether the planted gain was found; None where none was announced.

    beaten: the best real-only arm on test would prove harm if it had been named beforehand
    """

    helps: bool
    harms: bool
    beaten: bool
    unused: bool
    found: bool | None


def on_one_split(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`holdout`: the announced gain and the outcomes. All experiments share the draws of their test and val sets."""
    targets, groups = scenario.targets, scenario.groups
    announced = expected_smallest_gain(
        scenario.recalls,
        groups_per_class(targets, groups),
        scenario.rivals,
        scenario.seeds,
        one_group_se(targets, groups),
    )
    test, val = _Side(scenario, targets, groups, "test"), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, MEASURED_COMPONENTS, rng)
        tables = [side.table(true, rng) for side in (test, val)]
        table_at = [partial(side.metric_table, table) for side, table in zip((test, val), tables, strict=True)]
        outcomes.append(_outcome(scenario, true, announced, *table_at))
    return announced, outcomes


def on_rotated(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`holdout` with a small val: one test for all seeds, and other images held out as val by each."""
    announced, _ = on_one_split(scenario, 0)
    test, val = _Side(scenario, scenario.targets, scenario.groups, "test"), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, MEASURED_COMPONENTS, rng)
        below, held_out = test.table(true, rng), _of_each(val, true, scenario.seeds, rng)
        outcomes.append(
            _outcome(
                scenario,
                true,
                announced,
                partial(test.metric_table, below),
                partial(_over_repeats, [val] * scenario.seeds, held_out, VAL_RATIO),
            )
        )
    return announced, outcomes


def on_disjoint_subsets(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`repeated` with a fixed test set: scenario.seeds disjoint training subsets and a paired t-test.

    It speaks of this test set, so equal arms are equal on each of its images.
    """
    parts = without_arm_differences(MEASURED_COMPONENTS)
    announced = _announced_of_parts(scenario, parts, np.array(scenario.test), scenario.seeds, 0.0)
    test, val = _Side(scenario, scenario.targets, scenario.groups, "test", draws=0), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, parts, rng)
        table = test.table(true, rng)
        below = [table[:, repeat] for repeat in range(scenario.seeds)]
        held_out = _of_each(val, true, scenario.seeds, rng)
        outcomes.append(
            _outcome(
                scenario,
                true,
                announced,
                partial(_over_repeats, [test] * scenario.seeds, below, 0.0),
                partial(_over_repeats, [val] * scenario.seeds, held_out, 0.0),
            )
        )
    return announced, outcomes


def on_folds(
    scenario: Scenario, simulations: int, of_training_set: float = OF_TRAINING_SET
) -> tuple[float | None, list[Outcome]]:
    """`repeated` with little data: five times five folds cut by group, and the corrected t-test.

    A share of a classifier's shift comes from the images it was trained on, so folds that share images shift alike.
    """
    ratio, repeats = 1 / (FOLDS - 1), FOLDS * REPETITIONS
    announced = _announced_of_parts(scenario, MEASURED_COMPONENTS, np.array(scenario.test) / FOLDS, repeats, ratio)
    val, outcomes = _val(scenario), []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, MEASURED_COMPONENTS, rng)
        tested = _folds(scenario.groups, rng)
        seeds = replace(true.parts, shift=true.parts.shift * np.sqrt(1 - of_training_set))
        table = latent(replace(true, parts=seeds), scenario.targets, scenario.groups, scenario.arms, repeats, rng)
        table -= true.parts.shift * np.sqrt(of_training_set) * _shifts_of_training_sets(~tested, scenario, rng)
        tests = [_Side(scenario, scenario.targets[own], scenario.groups[own], "test", draws=0) for own in tested]
        below = [table[:, repeat, own] for repeat, own in enumerate(tested)]
        held_out = _of_each(val, true, repeats, rng)
        outcomes.append(
            _outcome(
                scenario,
                true,
                announced,
                partial(_over_repeats, tests, below, ratio),
                partial(_over_repeats, [val] * repeats, held_out, ratio),
            )
        )
    return announced, outcomes


class _Side:
    """Test or val of all experiments of a scenario, with its draws."""

    def __init__(self, scenario: Scenario, targets: Int, groups: Int, name: str, draws: int = DRAWS) -> None:
        self.scenario, self.targets, self.groups = scenario, targets, groups
        self.draws = resample(targets, groups, draws, numpy_rng(0, scenario.name, name))

    def table(self, true: Truth, rng: np.random.Generator) -> Float:
        return latent(true, self.targets, self.groups, self.scenario.arms, self.scenario.seeds, rng)

    def metric_table(self, below: Float, steps: Steps) -> MetricTable:
        return balanced_accuracy_table(right(below, self.scenario.arms, steps), self.targets, self.groups, self.draws)


def _val(scenario: Scenario) -> _Side:
    targets = np.repeat(np.arange(len(scenario.test)), scenario.val)
    return _Side(scenario, targets, np.arange(len(targets)), "val")


def _of_each(val: _Side, true: Truth, repeats: int, rng: np.random.Generator) -> list[Float]:
    """Other val images for every repeat, (arms, N) of each."""
    return [latent(true, val.targets, val.groups, val.scenario.arms, 1, rng)[:, 0] for _ in range(repeats)]


def _over_repeats(sides: Sequence[_Side], below: Sequence[Float], ratio: float, steps: Steps) -> MetricTable:
    """The figures of repeats with images or training sets of their own; below: (arms, N) of each."""
    found = join_repeats(
        [side.metric_table(own[:, None], steps) for side, own in zip(sides, below, strict=True)], ratio
    )
    assert found is not None
    return found


def _outcome(
    scenario: Scenario,
    true: Truth,
    announced: float | None,
    test: Callable[[Steps], MetricTable],
    val: Callable[[Steps], MetricTable],
) -> Outcome:
    """What the pipeline says, val veto and all, of test and val as they are with some arms' thresholds moved."""
    kind_of = arm_kinds(scenario.arms)

    def judged(steps: Steps) -> tuple[VerdictWord, bool]:
        found = assess(test(steps), choose_selection(val(steps), kind_of), kind_of, EQUIVALENCE)
        return found.word, _beaten(found.rivals)

    return _judged_twice(scenario, true, announced, judged)


def _judged_twice(
    scenario: Scenario, true: Truth, announced: float | None, judged: Callable[[Steps], tuple[VerdictWord, bool]]
) -> Outcome:
    """With equal arms (or all rivals but one trailing); then, if none trails, with the announced gain planted over
    every rival, unless this set cannot gain as much."""
    lag = true.step_of(-scenario.trailing)
    equal, beaten = judged({arm: lag or 0.0 for arm in scenario.rivals if arm != "classical"})
    step = None if announced is None or scenario.trailing else true.step_of(announced)
    found = None if step is None else judged({DEFAULT_GAN_ARM: step})[0].startswith("helps")
    return Outcome(equal.startswith("helps"), equal == "harms", beaten, equal == "not used", found)


def _beaten(rivals: Sequence[Comparison]) -> bool:
    return min(rivals, key=lambda row: row.estimate.mean).gain.high < 0


def _announced_of_parts(
    scenario: Scenario, parts: VarianceComponents, groups: NDArray[Any], repeats: int, ratio: float
) -> float | None:
    """The smallest gain of a t-test over training sets: all that varies does so between them."""
    moved = (
        one_group_se(scenario.targets, scenario.groups) * sum(scenario.test) / float(groups.sum())
    )  # fewer groups: more
    return expected_smallest_gain(scenario.recalls, groups, scenario.rivals, repeats, moved, parts, ratio)


def _folds(groups: Int, rng: np.random.Generator) -> Bool:
    """Test images of every fold of every repetition, bool (25, N); groups stay whole and are dealt out evenly.

    Groups are numbered class by class, so dealing them in turn from a random order within blocks keeps classes even.
    """
    units = int(groups.max()) + 1
    rows = []
    for _ in range(REPETITIONS):
        blocks = -(-units // FOLDS)
        fold = np.concatenate([rng.permutation(FOLDS) for _ in range(blocks)])[:units]
        rows += [fold[groups] == number for number in range(FOLDS)]
    return np.array(rows)


def _shifts_of_training_sets(trained: Bool, scenario: Scenario, rng: np.random.Generator) -> Float:
    """Standard normal shift of each arm, classifier and class, spread to images, (arms, J, N).

    The mean influence of the training images, so two classifiers correlate by the share of images in common.
    """
    classes = len(scenario.test)
    influence = rng.normal(size=(len(scenario.arms), trained.shape[1], classes))
    shifts = trained.astype(np.float64) @ influence / np.sqrt(trained.sum(axis=1))[:, None]  # (arms, J, classes)
    return np.asarray(shifts[:, :, scenario.targets])
