"""The files of reports/evaluation/ that every run of `evaluate` writes."""

from dataclasses import asdict

from augment.core.engine import Engine
from augment.core.files import write_csv
from augment.core.seeds import numpy_rng
from augment.evaluation import tables
from augment.evaluation.experiment import second_classifier
from augment.evaluation.experiment.experiment import ExperimentResult
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.samples import copies as privacy
from augment.evaluation.samples import membership
from augment.evaluation.samples.quality import QUALITY_COLUMNS, fit_independent_classifiers, quality_rows
from augment.evaluation.statistics import comparisons
from augment.evaluation.statistics.classification import RELIABILITY_COLUMNS, reliability_rows
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.explanation import ExplanationLine
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.samples_wording import explain_copies, explain_membership
from augment.evaluation.verdict.selection import Selection
from augment.measure.features import pixels
from augment.params import Evaluate
from augment.params.arms import arm_kinds
from augment.synthesis.filter import FilterSettings
from pipeline.common import REPORTS

FOLDER = REPORTS / "evaluation"


def write_comparison(
    protocol: Protocol, result: ExperimentResult, runs: list[tables.Row], selection: Selection, verdict: Verdict
) -> None:
    """All that the verdict rests on."""
    classes = protocol.first_splits.train.classes
    write_csv(FOLDER / "runs.csv", runs, tables.RUNS_COLUMNS)
    write_csv(FOLDER / "arms.csv", tables.add_mean_metrics(verdict.arms, runs), tables.ARMS_COLUMNS)
    write_csv(FOLDER / "comparisons.csv", comparisons.comparison_rows(verdict.comparisons), tables.COMPARISONS_COLUMNS)
    write_csv(FOLDER / "classes.csv", tables.class_rows(protocol, result.test_predictions), tables.CLASSES_COLUMNS)
    chosen = tables.confusion_rows(protocol.single_pass, result.test_predictions[selection.arm], classes)
    write_csv(FOLDER / "confusion.csv", chosen, ("actual", "predicted"))
    rows = tables.prediction_rows(protocol, result.test_predictions)
    write_csv(FOLDER / "predictions.csv", rows, tuple(rows[0]))
    write_csv(FOLDER / "replicates.csv", tables.replicate_rows(protocol), tables.REPLICATES_COLUMNS)
    tests = [one.splits.test for one in protocol.replicates]
    bins = reliability_rows(
        [test.targets(classes) for test in tests], [test.groups for test in tests], result.test_scores
    )
    write_csv(FOLDER / "reliability.csv", bins, RELIABILITY_COLUMNS)


def write_families(test: MetricTable | None, settings: Evaluate) -> None:
    """The same comparison by another classifier, whose metrics are `test`; no rows where there is none."""
    chosen, arms = settings.second_classifier, arm_kinds(settings.arm_names)
    rows = [] if test is None else second_classifier.family_rows(test, arms, f"logistic regression on {chosen}")
    write_csv(FOLDER / "families.csv", rows, second_classifier.FAMILIES_COLUMNS)


def write_samples(
    splits: Splits, result: ExperimentResult, judging: FilterSettings, seed: int, engine: Engine
) -> tuple[dict[str, float | None], list[ExplanationLine]]:
    """Quality, copies and membership of the first repeat's samples, before any selection.

    Returns what metrics.json says of privacy, and what is told of it beside the verdict.
    """
    train, test, classes = splits.train, splits.test, splits.train.classes
    samples = {label: drawn.images for label, drawn in result.candidates[0].items()}
    write_csv(FOLDER / "acceptance.csv", tables.acceptance_rows(result), tables.ACCEPTANCE_COLUMNS)
    write_csv(
        FOLDER / "quality.csv",
        quality_rows(train, test, samples, fit_independent_classifiers(train, judging, seed, engine)),
        QUALITY_COLUMNS,
    )
    control = {label: test.of_class(label) for label in classes}
    copies = privacy.copy_rate(
        {label: pixels(images) for label, images in samples.items()},
        {label: pixels(train.of_class(label).images) for label in classes},
        {label: pixels(side.images) for label, side in control.items()},
        {label: side.groups for label, side in control.items()},
        numpy_rng(seed, "copies"),
    )
    write_csv(FOLDER / "copies.csv", [asdict(row) for row in copies], tables.COPIES_COLUMNS)
    attack = membership.membership_rows(train, test, samples, numpy_rng(seed, "membership"))
    write_csv(FOLDER / "membership.csv", map(asdict, attack), membership.MEMBERSHIP_COLUMNS)
    lines = [*explain_copies(copies), *explain_membership(attack)]
    return {"membership_auc": attack[0].value, "copy_rate": copies[-1].synthetic_rate}, lines
