"""Simulated experiments on one split and on repeated splits, judged, with val's veto, by the functions that the
pipeline uses.

Val chooses what the arms with made images are added to, then each experiment is judged twice: with all of these as
good as that arm, and with a gain over it planted in the GAN arm that is exactly the smallest one that was announced.
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
)
from augment.evaluation.verdict.rules import assess
from augment.evaluation.verdict.selection import choose_selection, strongest_base
from augment.params.arms import (
    BACKBONE_ARMS,
    BASE_ARMS,
    CONTROL_ARM,
    DEFAULT_ARMS,
    DEFAULT_GAN_ARM,
    REAL_ARMS,
    Arm,
    arm_kinds,
)
from benchmarks.simulated import Alike, Noise, Truth, noise, right, truth

Int = NDArray[np.int64]
Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Steps = dict[Arm, float]  # how far an arm's thresholds are moved
TableOf = Callable[[Arm, Steps], MetricTable]  # of a side, by what arms with made images are added to

EQUIVALENCE = 0.01
DRAWS = 400
DECIDING_ARMS: tuple[Arm, ...] = (  # of networks from scratch
    "none", "oversample", "classical", "randaugment", "mixup_cutmix", DEFAULT_GAN_ARM, "copies_half",
)  # fmt: skip
MANY: tuple[Arm, ...] = (  # of `arms: all`
    *(arm for arm in REAL_ARMS if arm not in BACKBONE_ARMS), DEFAULT_GAN_ARM, CONTROL_ARM,
)  # fmt: skip
FAMILY_ARMS: tuple[Arm, ...] = (  # the default arms that decide
    *(arm for arm in REAL_ARMS if arm in DEFAULT_ARMS), DEFAULT_GAN_ARM, CONTROL_ARM,
)  # fmt: skip
SCRATCH = Alike({"scratch": MEASURED_COMPONENTS})
FAMILIES = Alike(  # `python -m benchmarks.prior`
    {
        "scratch": MEASURED_COMPONENTS,
        "probe": VarianceComponents(common=0.92, kind=0.05, arm=0.015, seed=0.0, shift=0.05),
        "finetune": VarianceComponents(common=0.86, kind=0.04, arm=0.015, seed=0.02, shift=0.07),
    },
    apart=0.22,
)
FOLDS, REPETITIONS = 5, 5
OF_TRAINING_SET = 0.3  # of a shift's variance; the rest is the seed's (`python -m benchmarks.shifts`)
VAL_RATIO = 0.25  # val images for every training image, where val is rotated


@dataclass(frozen=True)
class Scenario:
    """One kind of experiment.

    test: independent groups of each class in test (in all, for folds); recall: about what classifiers reach
    each: images of a group; seeds: paired seeds, or disjoint training subsets; val: images of each class, of which
    every repeat has its own where val is rotated or training is repeated
    best: of the arms that others may build on, which the others of these trail by `behind`, as a fraction of 1
    trailing: all rivals and the control that build on another arm are this much worse than it is
    """

    name: str
    test: tuple[int, ...]
    recall: float
    seeds: int
    arms: tuple[Arm, ...] = DECIDING_ARMS
    each: int = 1
    val: int | tuple[int, ...] = 10
    best: Arm = "classical"
    behind: float = 0.0
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

    @property
    def alike(self) -> Alike:
        """How alike its classifiers are, of one family or of three."""
        return SCRATCH if set(self.arms).isdisjoint(BACKBONE_ARMS) else FAMILIES

    @property
    def bases(self) -> tuple[Arm, ...]:
        """Those that val chooses from; where all are networks from scratch, one is fixed."""
        if self.alike is SCRATCH:
            return (self.best,)
        return tuple(arm for arm in self.arms if arm in BASE_ARMS)

    def level(self, arm: Arm, base: Arm) -> float:
        """How much better an arm is than the best, as a fraction of 1; base: what the others build on."""
        if arm in BASE_ARMS:
            return 0.0 if arm == self.best else -self.behind
        return self.level(base, base) - (0.0 if arm == DEFAULT_GAN_ARM else self.trailing)


@dataclass(frozen=True)
class Outcome:
    """What was said of equal arms, and whether the planted gain was found; None where none was announced.

    beaten: the best real-only arm on test would prove harm if it had been named beforehand
    best_base: val chose an arm as good as the best real-only one, so a planted gain is one over all real-only arms
    """

    helps: bool
    harms: bool
    beaten: bool
    unused: bool
    found: bool | None
    best_base: bool = True


def on_one_split(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`holdout`: the announced gain and the outcomes. All experiments share the draws of their test and val sets."""
    announced = _announced_of_split(scenario)
    test, val = _Side(scenario, scenario.targets, scenario.groups, "test"), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, scenario.alike, rng)
        sides = [partial(side.table, side.noise(true, scenario.seeds, rng, one_train=True)) for side in (test, val)]
        outcomes.append(_outcome(scenario, true, announced, *sides))
    return announced, outcomes


def on_rotated(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`holdout` with a small val: one test for all seeds, and other images held out as val by each."""
    announced = _announced_of_split(scenario)
    test, val = _Side(scenario, scenario.targets, scenario.groups, "test"), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, scenario.alike, rng)
        tested = partial(test.table, test.noise(true, scenario.seeds, rng))
        outcomes.append(
            _outcome(scenario, true, announced, tested, _val_of_each(val, true, scenario.seeds, rng, VAL_RATIO))
        )
    return announced, outcomes


def on_disjoint_subsets(scenario: Scenario, simulations: int) -> tuple[float | None, list[Outcome]]:
    """`repeated` with a fixed test set: scenario.seeds disjoint training subsets and a paired t-test.

    It speaks of this test set, so equal arms are equal on each of its images, and families too; on val families differ.
    """
    alike = scenario.alike.without_arm_differences()
    announced = _announced_of_parts(scenario, alike.parts["scratch"], np.array(scenario.test), scenario.seeds, 0.0)
    test, val = _Side(scenario, scenario.targets, scenario.groups, "test", draws=0), _val(scenario)
    outcomes = []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, alike, rng)
        equal = replace(true, alike=true.alike.without_family_differences())
        tested = _Repeats([test] * scenario.seeds, test.noise(equal, scenario.seeds, rng), 0.0)
        outcomes.append(
            _outcome(scenario, true, announced, tested.table, _val_of_each(val, true, scenario.seeds, rng, 0.0))
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
    whole, val, outcomes = _Side(scenario, scenario.targets, scenario.groups, "test", draws=0), _val(scenario), []
    for number in range(simulations):
        rng = numpy_rng(number, scenario.name)
        true = truth(scenario.recalls, scenario.alike, rng)
        folds = _folds(scenario.groups, rng)
        found = whole.noise(true, repeats, rng)
        found = found.with_training(_shifts_of_training_sets(~folds, scenario, rng), of_training_set)
        sides = [_Side(scenario, scenario.targets[own], scenario.groups[own], "test", draws=0) for own in folds]
        tested = _Repeats(sides, found, ratio, folds)
        outcomes.append(_outcome(scenario, true, announced, tested.table, _val_of_each(val, true, repeats, rng, ratio)))
    return announced, outcomes


class _Side:
    """Test or val of all experiments of a scenario, with its draws."""

    def __init__(self, scenario: Scenario, targets: Int, groups: Int, name: str, draws: int = DRAWS) -> None:
        self.scenario, self.targets, self.groups = scenario, targets, groups
        self.draws = resample(targets, groups, draws, numpy_rng(0, scenario.name, name))

    def noise(self, true: Truth, seeds: int, rng: np.random.Generator, one_train: bool = False) -> Noise:
        return noise(true, self.targets, self.groups, self.scenario.arms, seeds, rng, one_train)

    def table(self, drawn: Noise, base: Arm, steps: Steps) -> MetricTable:
        return self.metric_table(drawn.latent(base), steps)

    def metric_table(self, below: Float, steps: Steps) -> MetricTable:
        return balanced_accuracy_table(right(below, self.scenario.arms, steps), self.targets, self.groups, self.draws)


@dataclass(frozen=True)
class _Repeats:
    """The side of each repeat, which has a training set or a val of its own. drawn: of all repeats; folds: bool
    (repeats, N), the images of each, None for all."""

    sides: Sequence[_Side]
    drawn: Noise
    ratio: float
    folds: Bool | None = None

    def table(self, base: Arm, steps: Steps) -> MetricTable:
        below = self.drawn.latent(base)
        own = [below[:, repeat, ... if self.folds is None else self.folds[repeat]] for repeat in range(len(self.sides))]
        tables = [side.metric_table(one[:, None], steps) for side, one in zip(self.sides, own, strict=True)]
        found = join_repeats(tables, self.ratio)
        assert found is not None
        return found


def _val(scenario: Scenario) -> _Side:
    targets = np.repeat(np.arange(len(scenario.test)), scenario.val)
    return _Side(scenario, targets, np.arange(len(targets)), "val")


def _val_of_each(val: _Side, true: Truth, repeats: int, rng: np.random.Generator, ratio: float) -> TableOf:
    """Other val images for every repeat."""
    drawn = [val.noise(true, 1, rng) for _ in range(repeats)]

    def table(base: Arm, steps: Steps) -> MetricTable:
        found = join_repeats([val.table(own, base, steps) for own in drawn], ratio)
        assert found is not None
        return found

    return table


def _outcome(scenario: Scenario, true: Truth, announced: float | None, test: TableOf, val: TableOf) -> Outcome:
    """What the pipeline says, choice of the base and val veto and all."""
    kind_of, bases = arm_kinds(scenario.arms), scenario.bases
    base = strongest_base(val(bases[0], _steps(scenario, true, bases[0], 0.0)), bases) if len(bases) > 1 else bases[0]
    assert base is not None

    def judged(steps: Steps) -> tuple[VerdictWord, bool]:
        found = assess(test(base, steps), choose_selection(val(base, steps), kind_of), kind_of, EQUIVALENCE)
        return found.word, _beaten(found.rivals)

    return _judged_twice(scenario, true, announced, base, judged)


def _judged_twice(
    scenario: Scenario,
    true: Truth,
    announced: float | None,
    base: Arm,
    judged: Callable[[Steps], tuple[VerdictWord, bool]],
) -> Outcome:
    """With no gain of the GAN arm over the base; then with the announced gain planted over it, unless this set cannot
    gain as much."""
    equal, beaten = judged(_steps(scenario, true, base, 0.0))
    found = None
    if announced is not None and _step(scenario, true, base, announced) is not None:
        found = judged(_steps(scenario, true, base, announced))[0].startswith("helps")
    best = scenario.level(base, base) == 0
    return Outcome(equal.startswith("helps"), equal == "harms", beaten, equal == "not used", found, best)


def _steps(scenario: Scenario, true: Truth, base: Arm, gain: float) -> Steps:
    """How far each arm's thresholds are moved, where the GAN arm gains this over the base."""
    levels = {arm: scenario.level(arm, base) for arm in scenario.rivals}
    step_of = {level: true.step_of(level) or 0.0 for level in set(levels.values())}
    moved = {arm: step_of[level] for arm, level in levels.items() if level}
    return moved | {DEFAULT_GAN_ARM: _step(scenario, true, base, gain) or 0.0}


def _step(scenario: Scenario, true: Truth, base: Arm, gain: float) -> float | None:
    """The move of the GAN arm; None where this set cannot gain as much."""
    return true.step_of(scenario.level(base, base) + gain)


def _beaten(rivals: Sequence[Comparison]) -> bool:
    return min(rivals, key=lambda row: row.estimate.mean).gain.high < 0


def _announced_of_split(scenario: Scenario) -> float | None:
    """The smallest gain of one split and paired seeds; none is planted where rivals trail."""
    if scenario.trailing:
        return None
    targets, groups = scenario.targets, scenario.groups
    return expected_smallest_gain(
        scenario.recalls,
        groups_per_class(targets, groups),
        scenario.rivals,
        scenario.seeds,
        one_group_se(targets, groups),
    )


def _announced_of_parts(
    scenario: Scenario, parts: VarianceComponents, groups: NDArray[Any], repeats: int, ratio: float
) -> float | None:
    """The smallest gain of a t-test over training sets: all that varies does so between them. As above."""
    if scenario.trailing:
        return None
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
