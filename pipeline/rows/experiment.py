"""Train and score every arm on every repeat of rows, judge the samples, and write data/experiment/."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from augment.core.engine import Engine
from augment.core.environment import environment
from augment.core.errors import DataError
from augment.core.files import write_csv, write_json
from augment.core.progress import say
from augment.data.rows.rowset import RowSet
from augment.data.rows.wording import errors_in_rows, in_rows
from augment.evaluation.cost.wording import repeats_text, smallest_gain_text
from augment.evaluation.experiment.learning_curve import curve_points
from augment.evaluation.experiment.protocol import Protocol, check_primary, primary_metric, protocol_metric_table
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.evaluation.rows.audit import audit_rows
from augment.evaluation.rows.experiment import (
    RowExperiment,
    arms_of_rows,
    expected_row_gain,
    run_row_experiment,
    score_row_curve,
)
from augment.evaluation.rows.external import read_external_rows, require_apart
from augment.evaluation.rows.quality import CORRELATION_COLUMNS, MARGINAL_COLUMNS, sample_tables
from augment.evaluation.samples.judging import SAMPLE_COLUMNS
from augment.evaluation.samples.leakage import require_no_leak
from augment.evaluation.scores import ScoresByArm
from augment.evaluation.verdict.selection import choose_selection
from augment.gan.settings import start_backend
from augment.params import Params
from augment.params.arms import ROW_OF, arm_kinds
from augment.synthesis.row_selection import rows_wanted
from pipeline.announcement import learning_curve_text
from pipeline.common import EXPERIMENT
from pipeline.experiment_files import (
    ENVIRONMENT,
    Facts,
    begin_experiment,
    end_experiment,
    load_prepared,
    write_scores,
    write_times,
)
from pipeline.rows.generate import load_row_models

COLUMNS = {"marginals": MARGINAL_COLUMNS, "correlations": CORRELATION_COLUMNS}


def experiment_rows(params: Params) -> None:
    """Repeats that differ in seed, or in training rows too, as the protocol says; each has GANs of its own."""
    (protocol, pool), arms = row_protocol(params), arms_of_rows(params)
    external = external_rows(protocol, params)
    with errors_in_rows():
        check_primary(protocol.first_splits, primary_metric(params))
    delivered = load_row_models()
    _require_same_train(protocol.first_splits.train, {label: one.training for label, one in delivered.items()})
    backend = start_backend(params.compute)
    first = protocol.first_splits
    say(f"experiment: {len(arms)} arms on {len(protocol.replicates)} repeats of {len(first.train)} training and "
        f"{len(first.val)} val rows, {len(first.test)} test rows")  # fmt: skip
    expected = expected_row_gain(protocol, arms, params)
    announced, repeats = expected.smallest(), repeats_text(protocol)
    say(f"experiment: {in_rows(smallest_gain_text(announced, expected.groups.tolist(), repeats))}")
    found = run_row_experiment(protocol, params, arms, delivered, backend.engine, external)
    if found.base:
        say(
            f"experiment: made rows are added to {ROW_OF[found.base].spoken}, the strongest on val with real rows alone"
        )
    begin_experiment()
    audit = audit_rows(protocol, found.repeats)
    write_csv(EXPERIMENT / "audit.csv", map(asdict, audit), SAMPLE_COLUMNS["audit"])
    with errors_in_rows():
        require_no_leak(audit)
    wanted = rows_wanted(params.generate, first.train)
    for name, rows in sample_tables(found.repeats, wanted, params.seed).items():
        write_csv(EXPERIMENT / f"{name}.csv", rows, COLUMNS.get(name) or SAMPLE_COLUMNS[name])
    by_size = curve_scores(protocol, pool, found, params, backend.engine)
    write_scores(found.scores, by_size, found.second, external)
    minutes = sum(found.scores.seconds.values()) / 60 / len(protocol.replicates)
    write_times(found.scores.seconds, minutes)
    failed = Counter(label for repeat in found.repeats for label in repeat.failed)
    Facts(announced, found.arms, found.base, dict(failed), None, {}, None).write()
    write_json(ENVIRONMENT, environment("cpu"))
    end_experiment()


def row_protocol(params: Params) -> tuple[Protocol[RowSet], RowSet]:
    """The repeats of the rows in data/prepared, and what the split left over. Raises `DataError`."""
    splits, pool = load_prepared(params.evaluate)
    with errors_in_rows():
        return prepared_protocol(splits, pool, params, False), pool


def external_rows(protocol: Protocol[RowSet], params: Params) -> RowSet | None:
    """Rows from elsewhere, where there are any. Raises `DataError`, for such as the repeats train on too."""
    train = protocol.first_splits.train
    external = read_external_rows(Path(params.evaluate.external), params.ingest, train.schema, train.classes)
    if external is not None:
        say(f"experiment: {len(external)} external rows of {len(external.classes)} classes")
        with errors_in_rows():
            require_apart(external, [side for one in protocol.unique_splits for side in (one.train, one.val)])
    return external


def curve_scores(
    protocol: Protocol[RowSet], pool: RowSet, found: RowExperiment, params: Params, engine: Engine
) -> ScoresByArm:
    """On test, of the chosen real-only arm by the size of its training set; none where no curve is asked for."""
    if params.evaluate.learning_curve == "off":
        return {}
    val = protocol_metric_table("val", protocol, found.scores.val, primary_metric(params))
    real = choose_selection(val, arm_kinds(found.arms, params.evaluate.classifier)).chosen_real
    with errors_in_rows():
        curve = curve_points(protocol, pool, params.seed)
    say(f"experiment: {in_rows(learning_curve_text(real, curve))}")
    return score_row_curve(curve, real, found.base, params, engine)


def _require_same_train(train: RowSet, training: dict[str, dict[str, str | int | float]]) -> None:
    """Raises `DataError` where a generator says that it was trained on other rows than those of data/prepared/train."""
    for label, words in training.items():
        if words.get("rows_sha256") != train.of_class(label).fingerprint():
            raise DataError(f"leak: models: the generator of class {label!r} was trained on other rows than those of "
                            "data/prepared/train. Run `dvc repro`.")  # fmt: skip
