"""The files of reports/evaluation/ that every run of `evaluate` writes."""

from dataclasses import asdict

from augment.core.engine import Engine
from augment.core.files import write_csv
from augment.core.seeds import numpy_rng
from augment.evaluation import tables
from augment.evaluation.experiment import second_classifier as families
from augment.evaluation.experiment.experiment import Compared
from augment.evaluation.experiment.protocol import Plan, Splits
from augment.evaluation.samples import copies as privacy
from augment.evaluation.samples import membership
from augment.evaluation.samples.judges import fit_judges
from augment.evaluation.samples.quality import COLUMNS as QUALITY
from augment.evaluation.samples.quality import quality
from augment.evaluation.statistics import comparisons
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.statistics.reliability import COLUMNS as RELIABILITY
from augment.evaluation.statistics.reliability import reliability
from augment.evaluation.verdict.explanation import Line
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.selection import Policy
from augment.measure.features import pixels
from augment.params import Evaluate
from augment.synthesis.filter import FilterSettings
from pipeline.common import REPORTS

FOLDER = REPORTS / "evaluation"


def write_comparison(
    planned: Plan, compared: Compared, runs: list[tables.Row], policy: Policy, verdict: Verdict
) -> None:
    """All that the verdict rests on."""
    classes = planned.first.train.classes
    write_csv(FOLDER / "runs.csv", runs, tables.RUNS)
    write_csv(FOLDER / "arms.csv", tables.with_means(verdict.arms, runs), tables.ARMS)
    write_csv(FOLDER / "comparisons.csv", comparisons.rows(verdict.comparisons), tables.COMPARISONS)
    write_csv(FOLDER / "classes.csv", tables.class_rows(planned, compared.test), tables.CLASSES)
    chosen = tables.confusion(planned.once, compared.test[policy.arm], classes)
    write_csv(FOLDER / "confusion.csv", chosen, ("actual", "predicted"))
    rows = tables.prediction_rows(planned, compared.test)
    write_csv(FOLDER / "predictions.csv", rows, tuple(rows[0]))
    write_csv(FOLDER / "replicates.csv", tables.replicate_rows(planned), tables.REPLICATES)
    tests = [one.splits.test for one in planned.replicates]
    bins = reliability([test.targets(classes) for test in tests], [test.groups for test in tests], compared.test_scores)
    write_csv(FOLDER / "reliability.csv", bins, RELIABILITY)


def write_families(test: Figures | None, settings: Evaluate) -> None:
    """The same comparison by another classifier, whose figures are `test`; no rows where there is none."""
    chosen, arms = settings.second_classifier, tables.kinds(settings.arm_names)
    rows = [] if test is None else families.rows(test, arms, f"logistic regression on {chosen}")
    write_csv(FOLDER / "families.csv", rows, families.COLUMNS)


def write_samples(
    splits: Splits, compared: Compared, judging: FilterSettings, seed: int, engine: Engine
) -> tuple[dict[str, float | None], list[Line]]:
    """Quality, copies and membership of the first repeat's samples, before any selection.

    Returns what metrics.json says of privacy, and what is told of it beside the verdict.
    """
    train, test, classes = splits.train, splits.test, splits.train.classes
    samples = {label: found.images for label, found in compared.candidates[0].items()}
    write_csv(FOLDER / "acceptance.csv", tables.acceptance(compared), tables.ACCEPTANCE)
    write_csv(FOLDER / "quality.csv", quality(train, test, samples, fit_judges(train, judging, seed, engine)), QUALITY)
    control = {label: test.of_class(label) for label in classes}
    copies = privacy.copy_rate(
        {label: pixels(images) for label, images in samples.items()},
        {label: pixels(train.of_class(label).images) for label in classes},
        {label: pixels(own.images) for label, own in control.items()},
        {label: own.groups for label, own in control.items()},
        numpy_rng(seed, "copies"),
    )
    write_csv(FOLDER / "copies.csv", [asdict(row) for row in copies], tables.COPIES)
    attack = membership.membership(train, test, samples, numpy_rng(seed, "membership"))
    write_csv(FOLDER / "membership.csv", map(asdict, attack), membership.COLUMNS)
    told = [*privacy.explained(copies), *membership.explained(attack)]
    return {"membership_auc": attack[0].value, "copy_rate": copies[-1].synthetic_rate}, told
