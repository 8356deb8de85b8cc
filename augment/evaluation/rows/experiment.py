"""The whole comparison on rows: every arm on every repeat, each repeat with GANs of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from augment.core.engine import Engine
from augment.core.errors import AugmentError
from augment.core.progress import run_clock
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.experiment.learning_curve import CurvePoint
from augment.evaluation.experiment.preflight import GainModel, power_of
from augment.evaluation.experiment.protocol import Protocol, primary_metric, protocol_metric_table
from augment.evaluation.rows.repeats import (
    ArmScores,
    Float32,
    RepeatPlan,
    RepeatRows,
    plan_of,
    prepare_repeat,
    score_arm,
    without_gans,
)
from augment.evaluation.scores import ScoresByArm, SideScores
from augment.evaluation.verdict.selection import strongest_base
from augment.gan.rows.generators import RowGenerators
from augment.params import Evaluate, Params
from augment.params.arms import ROW_OF, SMOTE_ARMS, TABLE_BASE_ARMS, Arm, arm_kinds

SECOND_BASES: tuple[Arm, ...] = ("logistic", "shrinkage_lda")  # seconds, where trees take minutes


@dataclass(frozen=True)
class RowExperiment:
    """arms: those that ran; base: what made rows are added to; repeats: their samples; scores: of every arm; second: on
    test, of those that can, by another classifier."""

    arms: tuple[Arm, ...]
    base: Arm | None
    repeats: Sequence[RepeatRows]
    scores: SideScores
    second: ScoresByArm


def arms_of_rows(params: Params) -> tuple[Arm, ...]:
    """The arms that run. Raises `AugmentError` where a list names one whose library is not installed."""
    installed = _is_installed("imblearn")
    arms = params.evaluate.table_arms(installed)
    lacking = [arm for arm in arms if arm in SMOTE_ARMS and not installed]
    if lacking:
        raise AugmentError(f"evaluate.arms: {lacking[0]} needs imbalanced-learn: pip install 'gan-augment[imblearn]'")
    return arms


def expected_row_gain(protocol: Protocol[RowSet], arms: Sequence[Arm], params: Params) -> GainModel:
    """What the smallest gain that test is expected to show rests on; of test, labels and groups alone are looked at."""
    train = protocol.first_splits.train
    rivals = [arm for arm, kind in arm_kinds(arms, params.evaluate.classifier).items() if kind in ("real", "control")]
    features = Encoding.of(train.schema, train.values).encode(train.values)
    seeds, ratio = len(protocol.seeds), protocol.ratio
    model = power_of(train, protocol.first_splits.test, rivals, seeds, ratio, False, features)
    return replace(model, base=TABLE_BASE_ARMS[0])


def run_row_experiment(
    protocol: Protocol[RowSet], params: Params, arms: tuple[Arm, ...], delivered: RowGenerators, engine: Engine,
    external: RowSet | None = None,
) -> RowExperiment:  # fmt: skip
    """Raises as the training of GANs does. delivered: the generators of the first repeat, where that is the delivered
    split; external: rows from elsewhere, on which every arm is scored too."""
    first = delivered if protocol.first_is_delivered else None
    plans = [RepeatPlan(one, params, arms, None if number else first) for number, one in enumerate(protocol.replicates)]
    repeats = engine.gather(prepare_repeat, plans, "GANs and samples of repeats")
    bases = [arm for arm in TABLE_BASE_ARMS if arm in arms]
    alone = _scored(bases, None, repeats, engine, "classifiers of real rows", external)
    val = partial(protocol_metric_table, "val", protocol, metric=primary_metric(params))
    tried = [arm for arm in bases if params.evaluate.classifier in ("auto", arm)]
    base = strongest_base(val(alone.val), tried)
    rest = [arm for arm in arms if arm not in bases]
    run_clock.settle(base or "")
    scores = alone | _scored(rest, base, repeats, engine, "classifiers", external)
    ordered = scores.of_each_side(lambda side: {arm: side[arm] for arm in arms if arm in side})
    return RowExperiment(arms, base, repeats, ordered, _second_scores(arms, base, repeats, params.evaluate, engine))


def second_base(arms: Sequence[Arm], base: Arm | None, chosen: Evaluate) -> Arm | None:
    """Another classifier that the comparison is made by once more, the cheapest; None where that is off, or there is no
    other."""
    if chosen.second_classifier == "off":
        return None
    return next((arm for arm in SECOND_BASES if arm in arms and arm != base), None)


def _second_scores(
    arms: Sequence[Arm], base: Arm | None, repeats: Sequence[RepeatRows], chosen: Evaluate, engine: Engine
) -> ScoresByArm:
    """Of arms that differ in their rows, or how much these count."""
    second = second_base(arms, base, chosen)
    if second is None:
        return {}
    differing = [arm for arm in arms if arm == second or ROW_OF[arm].family == "base"]
    return _scored(differing, second, repeats, engine, "another classifier", None).test


def score_row_curve(
    curve: Sequence[CurvePoint[RowSet]], arm: Arm, base: Arm | None, params: Params, engine: Engine
) -> dict[str, list[Float32]]:
    """Class probabilities on test of a real-only arm, by the name of every size but all of the rows, which it has been
    trained on: float32 (N, classes) for each repeat."""
    further = [point for point in curve if point.fraction != 1]
    arms = [arm, base] if base else [arm]
    plans = [RepeatPlan(one, params, arms, None) for point in further for one in point.replicates]
    repeats = engine.gather(without_gans, plans, "rivals' rows of the learning curve")
    plans_of_arm = [plan_of(arm, base, repeat) for repeat in repeats]
    scores = iter(engine.gather(score_arm, plans_of_arm, "classifiers of the learning curve"))
    return {point.name: [next(scores).test for _ in point.replicates] for point in further}


def _scored(
    arms: Sequence[Arm], base: Arm | None, repeats: Sequence[RepeatRows], engine: Engine, what: str,
    external: RowSet | None,
) -> SideScores:  # fmt: skip
    units = [plan_of(arm, base, repeat, external) for arm in arms for repeat in repeats]
    found: list[ArmScores] = engine.gather(score_arm, units, what) if units else []
    of_arm = {arm: found[at * len(repeats) : (at + 1) * len(repeats)] for at, arm in enumerate(arms)}
    return SideScores(
        {arm: [one.val for one in own] for arm, own in of_arm.items()},
        {arm: [one.test for one in own] for arm, own in of_arm.items()},
        _elsewhere(of_arm),
        seconds={arm: sum(one.seconds for one in own) for arm, own in of_arm.items()},
    )


def _elsewhere(of_arm: Mapping[Arm, Sequence[ArmScores]]) -> ScoresByArm:
    found = {arm: [one.external for one in own if one.external is not None] for arm, own in of_arm.items()}
    return {arm: scores for arm, scores in found.items() if scores}


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec(package) is not None
