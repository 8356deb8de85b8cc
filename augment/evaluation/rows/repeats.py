"""One repeat of the comparison on rows: its GANs, its samples, its rivals' rows, and the classifiers of its arms.

Every part is a function of values that can run in a process of its own.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.experiment.protocol import Replicate
from augment.evaluation.rows.classifiers import fit, tuned
from augment.evaluation.rows.draws import rows_of_arm
from augment.evaluation.rows.made import made_rows
from augment.gan.rows.generators import RowGenerators
from augment.gan.rows.making import generators_of
from augment.params import Params
from augment.params.arm_row import Family, Source
from augment.params.arms import ROW_OF, Arm, family_of
from augment.synthesis.row_selection import RowCandidates, choose_rows, rows_wanted

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class RepeatPlan:
    """What the first part of a repeat needs; delivered: its generators, None to train them."""

    replicate: Replicate[RowSet]
    params: Params
    arms: Sequence[Arm]
    delivered: RowGenerators | None


@dataclass(frozen=True)
class RepeatRows:
    """One repeat before its classifiers.

    encoding: of its train; made: source -> label -> encoded rows; candidates: by label; failed: label -> why there are
    none; settings: what each family of classifiers is tuned to
    """

    replicate: Replicate[RowSet]
    encoding: Encoding
    made: Mapping[Source, Mapping[str, Encoded]]
    candidates: Mapping[str, RowCandidates]
    failed: Mapping[str, str]
    settings: Mapping[Family, float]


@dataclass(frozen=True)
class ArmPlan:
    """One classifier: an arm on a repeat, with the made rows that it draws and no others; external: rows from elsewhere
    that it is asked about too, None for none."""

    arm: Arm
    base: Arm | None
    repeat: RepeatRows
    external: RowSet | None


@dataclass(frozen=True)
class ArmScores:
    """float32 (N, classes) on val, on test and on rows from elsewhere, and what it took of a processor."""

    val: Float32
    test: Float32
    external: Float32 | None
    seconds: float


def prepare_repeat(plan: RepeatPlan) -> RepeatRows:
    """Train or take the generators, draw and select, make the rivals' rows, tune classifiers, all on train alone."""
    one, train, params = plan.replicate, plan.replicate.splits.train, plan.params
    generators = plan.delivered or generators_of(train, params.train, one.seed)
    encoding = Encoding.of(train.schema, train.values)
    candidates = choose_rows(train, encoding, generators, one.seed, params.generate)
    filtered, wanted = {label: found.kept for label, found in candidates.items()}, rows_wanted(params.generate, train)
    rest = without_gans(plan, filtered)
    raw = {label: found.encoded[:wanted] for label, found in candidates.items()}
    made: dict[Source, Mapping[str, Encoded]] = {**rest.made, "filtered": filtered, "raw": raw}
    return replace(rest, made=made, candidates=candidates, failed=generators.failed)


def without_gans(plan: RepeatPlan, filtered: Mapping[str, Encoded] | None = None) -> RepeatRows:
    """Make the rivals' rows and tune classifiers; filtered: the GANs' samples that passed the filter, where there are
    any."""
    one, train = plan.replicate, plan.replicate.splits.train
    encoding = Encoding.of(train.schema, train.values)
    rows, targets = encoding.encode(train.values), train.targets(train.classes)
    wanted = rows_wanted(plan.params.generate, train)
    sources = {source for arm in plan.arms if (source := ROW_OF[arm].source)}
    made = made_rows(sources, encoding, rows, targets, train.classes, wanted, filtered or {}, one.seed)
    families = {ROW_OF[arm].family for arm in plan.arms} - {"base"}
    balanced = 1 / np.bincount(targets)[targets]
    settings = {family: tuned(family, rows, targets, train.groups, balanced, one.seed)  # type: ignore[arg-type]
                for family in sorted(families)}  # fmt: skip
    return RepeatRows(one, encoding, made, {}, {}, settings)  # type: ignore[arg-type]


def plan_of(arm: Arm, base: Arm | None, repeat: RepeatRows, external: RowSet | None = None) -> ArmPlan:
    """Light enough to travel to another process."""
    source = ROW_OF[arm].source
    made = {source: repeat.made[source]} if source and source in repeat.made else {}
    return ArmPlan(arm, base, replace(repeat, made=made, candidates={}, failed={}), external)


def score_arm(plan: ArmPlan) -> ArmScores:
    """Train the classifier of an arm on a repeat, and score val, test and what is from elsewhere."""
    begun, repeat = time.process_time(), plan.repeat
    splits, seed = repeat.replicate.splits, repeat.replicate.seed
    classes, row = splits.train.classes, ROW_OF[plan.arm]
    rows, targets = repeat.encoding.encode(splits.train.values), splits.train.targets(classes)
    made = repeat.made.get(row.source, {}) if row.source else {}
    data = rows_of_arm(plan.arm, rows, targets, classes, made, numpy_rng(seed, "repeats", plan.arm))
    family = family_of(plan.arm, plan.base)
    setting, chance = repeat.settings[family], derive_seed(seed, "classifier")
    learned = fit(family, data.rows, data.targets, data.weights, setting, len(rows), chance)
    sides = (splits.val, splits.test, *([] if plan.external is None else [plan.external]))
    scores = [learned.scores(repeat.encoding.encode(side.values)) for side in sides]
    if row.use == "adjusted":
        scores = [adjusted(side, np.bincount(targets) / len(targets)) for side in scores]
    elsewhere = None if plan.external is None else scores[2]
    return ArmScores(scores[0], scores[1], elsewhere, time.process_time() - begun)


def adjusted(scores: Float32, frequencies: NDArray[np.float64]) -> Float32:
    """Probabilities as they would be were all classes equally frequent (Menon et al. 2021, equation 9, tau = 1)."""
    over = scores / frequencies
    return np.asarray(over / over.sum(axis=1, keepdims=True), np.float32)
