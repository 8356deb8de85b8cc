"""The whole comparison on rows: every arm on every repeat, each repeat with GANs of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from augment.core.engine import Engine
from augment.core.errors import AugmentError
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.experiment.preflight import GainModel, power_of
from augment.evaluation.experiment.protocol import Protocol, primary_metric, protocol_metric_table
from augment.evaluation.rows.repeats import ArmScores, RepeatPlan, RepeatRows, plan_of, prepare_repeat, score_arm
from augment.evaluation.scores import SideScores
from augment.evaluation.verdict.selection import strongest_base
from augment.gan.rows.generators import RowGenerators
from augment.params import Params
from augment.params.arms import SMOTE_ARMS, TABLE_BASE_ARMS, Arm, arm_kinds


@dataclass(frozen=True)
class RowExperiment:
    """arms: those that ran; base: what made rows are added to; repeats: their samples; scores: of every arm."""

    arms: tuple[Arm, ...]
    base: Arm | None
    repeats: Sequence[RepeatRows]
    scores: SideScores


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
    protocol: Protocol[RowSet], params: Params, arms: tuple[Arm, ...], delivered: RowGenerators, engine: Engine
) -> RowExperiment:
    """Raises as the training of GANs does. delivered: the generators of the first repeat, where that is the delivered
    split."""
    first = delivered if protocol.first_is_delivered else None
    plans = [RepeatPlan(one, params, arms, None if number else first) for number, one in enumerate(protocol.replicates)]
    repeats = engine.gather(prepare_repeat, plans, "GANs and samples of repeats")
    bases = [arm for arm in TABLE_BASE_ARMS if arm in arms]
    alone = _scored(bases, None, repeats, engine, "classifiers of real rows")
    val = partial(protocol_metric_table, "val", protocol, metric=primary_metric(params))
    tried = [arm for arm in bases if params.evaluate.classifier in ("auto", arm)]
    base = strongest_base(val(alone.val), tried)
    rest = [arm for arm in arms if arm not in bases]
    scores = alone | _scored(rest, base, repeats, engine, "classifiers")
    ordered = scores.of_each_side(lambda side: {arm: side[arm] for arm in arms if arm in side})
    return RowExperiment(arms, base, repeats, ordered)


def _scored(
    arms: Sequence[Arm], base: Arm | None, repeats: Sequence[RepeatRows], engine: Engine, what: str
) -> SideScores:
    units = [plan_of(arm, base, repeat) for arm in arms for repeat in repeats]
    found: list[ArmScores] = engine.gather(score_arm, units, what) if units else []
    of_arm = {arm: found[at * len(repeats) : (at + 1) * len(repeats)] for at, arm in enumerate(arms)}
    return SideScores(
        {arm: [one.val for one in own] for arm, own in of_arm.items()},
        {arm: [one.test for one in own] for arm, own in of_arm.items()},
        seconds={arm: sum(one.seconds for one in own) for arm, own in of_arm.items()},
    )


def _is_installed(package: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec(package) is not None
