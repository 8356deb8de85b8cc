"""The rows of reports/evaluation's CSV files, to which every claim can be traced; `columns.py` has their columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augment.data.split.labelled import LabelledSet, minority_classes
from augment.evaluation.experiment.learning_curve import CurvePoint, class_recalls, learning_curve_rows
from augment.evaluation.experiment.protocol import PrimaryMetric, Protocol, Replicate, protocol_metric_table
from augment.evaluation.scores import Float32, PredictionsByArm, ScoresByArm, SideScores, predictions
from augment.evaluation.statistics.classification import (
    CLASSIFICATION_METRICS,
    classification_metrics,
    reliability_rows,
)
from augment.evaluation.statistics.comparisons import comparison_rows, gain_over_best, paired_difference
from augment.evaluation.statistics.estimates import wilson
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.equivalence_wording import equivalence_entry
from augment.evaluation.verdict.rules import Verdict
from augment.params.arm_row import ArmKind
from augment.params.arms import BASELINE_ARM, DEFAULT_GAN_ARM, Arm

Row = dict[str, Any]


def comparison_tables(
    protocol: Protocol[LabelledSet],
    scores: SideScores,
    val: MetricTable | None,
    test: MetricTable | None,
    verdict: Verdict,
    used: Arm,
) -> dict[str, list[Row]]:
    """All that the verdict rests on, by the name of the file; used: the arm that the selection chose."""
    classes, answers = protocol.first_splits.train.classes, predictions(scores.test)
    runs = run_rows(protocol, scores, val, test)
    tests = [replicate.splits.test for replicate in protocol.replicates]
    targets, groups = [side.targets(classes) for side in tests], [side.groups for side in tests]
    return {
        "runs": runs,
        "arms": add_mean_metrics(verdict.arms, runs),
        "comparisons": comparison_rows(verdict.comparisons),
        "classes": class_rows(protocol, answers),
        "confusion": confusion_rows(protocol.single_pass, answers[used], classes),
        "predictions": prediction_rows(protocol, answers),
        "replicates": list(replicate_rows(protocol)),
        "reliability": list(reliability_rows(targets, groups, scores.test)),
    }


def run_rows(
    protocol: Protocol[LabelledSet], scores: SideScores, val: MetricTable | None, test: MetricTable | None
) -> list[Row]:
    """One row per arm, repeat (`seed`) and split; a split without images has none.

    primary: the primary metric, empty where the split cannot tell. Minority classes: those of train.
    """
    classes = protocol.first_splits.train.classes
    minority = [classes.index(label) for label in minority_classes(protocol.first_splits.train.counts())]
    rows: list[Row] = []
    for name, scores_by_arm, table in (("val", scores.val, val), ("test", scores.test, test)):
        sides = [replicate.splits.sides()[name] for replicate in protocol.replicates]
        targets = [side.targets(classes) for side in sides]
        for arm, by_seed in scores_by_arm.items():
            for seed, probabilities in enumerate(by_seed):
                if len(sides[seed]):
                    primary = float(table.values[arm][seed]) if table else None
                    row = {"arm": arm, "seed": seed, "split": name, "primary": primary}
                    rows.append(row | classification_metrics(targets[seed], probabilities, minority))
    return rows


def add_mean_metrics(arms: tuple[Row, ...], runs: list[Row]) -> list[Row]:
    """Add the means of every arm's other metrics on test to the verdict's rows."""
    on_test = pd.DataFrame(runs).query("split == 'test'").astype(dict.fromkeys(CLASSIFICATION_METRICS, float))
    means = on_test.groupby("arm")[list(CLASSIFICATION_METRICS)].mean()
    means_of_arm: dict[Any, Any] = {**means.astype(object).where(means.notna(), None).to_dict("index")}
    return [row | means_of_arm[row["arm"]] for row in arms]


def class_rows(protocol: Protocol[LabelledSet], predictions: PredictionsByArm) -> list[Row]:
    """Recall of every class under every arm, with Wilson's interval over its independent groups.

    A class without test images has no recall and no row. train and val are those of the first repeat.
    Repeats are averaged first: five seeds on ten images are still ten images.
    """
    classes, tested = protocol.first_splits.train.classes, protocol.tested_images
    targets = [one.splits.test.targets(classes) for one in protocol.replicates]
    counts = [side.counts() for side in (protocol.first_splits.train, protocol.first_splits.val, tested)]
    rows: list[Row] = []
    for arm, by_repeat in predictions.items():
        for index, label in enumerate(classes):
            right = [predicted[actual == index] == index for predicted, actual in zip(by_repeat, targets, strict=True)]
            train, val, test = (count.get(label, 0) for count in counts)
            if not test:
                continue
            recall = float(np.concatenate(right).mean())
            groups = len(set(tested.groups[tested.labels == label].tolist()))
            low, high = wilson(recall * groups, groups)
            rows.append(
                {"label": label, "arm": arm, "train": train, "val": val, "test": test, "groups": groups,
                 "recall": recall, "low": low, "high": high}
            )  # fmt: skip
    return rows


def confusion_rows(
    single_pass: Sequence[Replicate[LabelledSet]], predicted: Sequence[NDArray[np.int64]], classes: list[str]
) -> list[Row]:
    """Actual and predicted label of each test image for one arm, in the repeats that test every image once."""
    return [
        {"actual": actual, "predicted": classes[index]}
        for one, answers in zip(single_pass, predicted, strict=False)
        for actual, index in zip(one.splits.test.labels.tolist(), answers.tolist(), strict=True)
    ]


def prediction_rows(protocol: Protocol[LabelledSet], predictions: PredictionsByArm) -> list[Row]:
    """The label that each arm and repeat gave each test image.

    One row per image with a column for each arm and repeat; where every repeat has a test set of its own, one row
    per repeat and image with a column for each arm.
    """
    classes = protocol.first_splits.train.classes
    if protocol.scheme == "folds":
        return [
            {"replicate": number, **row}
            for number, one in enumerate(protocol.replicates)
            for row in _image_rows(one.splits.test, {arm: rows[number] for arm, rows in predictions.items()}, classes)
        ]
    columns = {f"{arm}/{seed}": row for arm, by_repeat in predictions.items() for seed, row in enumerate(by_repeat)}
    return _image_rows(protocol.first_splits.test, columns, classes)


def replicate_rows(protocol: Protocol[LabelledSet]) -> Iterator[Row]:
    """Which image stands on which side of which repeat; a side that a repeat shares with the first has no rows."""
    for number, one in enumerate(protocol.replicates):
        for side, images in one.splits.sides().items():
            if number and images is protocol.first_splits.sides()[side]:
                continue
            for label, group, source in zip(images.labels, images.groups, images.sources, strict=True):
                yield {"replicate": number, "side": side, "label": label, "group": group, "source": source}


def family_rows(table: MetricTable | None, kinds: Mapping[Arm, ArmKind], classifier: str) -> list[Row]:
    """Rows of families.csv: every arm's metric, and of arms with made images the gain over the best real-only one.

    table: of the arms that ran by another kind of classifier, None where it is off; all metrics are fractions of 1,
    with 95 % intervals.
    """
    if table is None:
        return []
    arms = {arm: kind for arm, kind in kinds.items() if arm in table.values}
    real = [arm for arm, kind in arms.items() if kind == "real"]
    rows = []
    for arm, kind in arms.items():
        low, high = table.estimate(arm).interval(minimum=0.0)
        row = {"classifier": classifier, "arm": arm, "kind": kind, "mean": table.mean(arm), "low": low, "high": high}
        if kind not in ("real", "reference"):
            rivals = [paired_difference(table, arm, rival, "test", "secondary", len(real)) for rival in real]
            net = gain_over_best(rivals)
            gain = net.gain
            row |= {"best_real": net.best_rival, "net": gain.mean, "net_low": gain.low, "net_high": gain.high}
        rows.append(row)
    return rows


def learning_curve(
    protocol: Protocol[LabelledSet],
    curve: Sequence[CurvePoint[LabelledSet]],
    by_size: Mapping[str, Sequence[Float32]],
    test: ScoresByArm,
    real: Arm,
    metric: PrimaryMetric,
) -> tuple[list[Row], dict[str, Any]]:
    """The rows of learning_curve.csv and the entry `exchange` of verdict.json.

    by_size: scores on test by the name of every size but all of the images, at which `real` is among `test`.
    """
    scores = {**by_size, "1": test[real]}
    table = protocol_metric_table("test", protocol, {**scores, DEFAULT_GAN_ARM: test[DEFAULT_GAN_ARM]}, metric)
    assert table is not None, "the same test set gave a verdict"
    recalls, tested = class_recalls(protocol, scores), protocol.tested_images.counts()
    exchange = equivalence_entry(curve, table, recalls, tested, DEFAULT_GAN_ARM, real)
    return list(learning_curve_rows(curve, table, recalls)), exchange


def external_rows(
    table: MetricTable | None,
    external: LabelledSet,
    internal: Sequence[Mapping[str, Any]],
    kinds: Mapping[Arm, ArmKind],
) -> list[Row]:
    """The rows of external.csv: every arm with its interval and its gain over `none`, beside its row of arms.csv."""
    assert table is not None, "there are external images"
    beside = {row["arm"]: row for row in internal}
    groups = len(np.unique(external.groups))
    rows = []
    for arm, kind in kinds.items():
        estimate, gain = table.estimate(arm), table.estimate(arm, BASELINE_ARM)
        low, high = estimate.interval(0.95, minimum=0.0)
        gain_low, gain_high = (0.0, 0.0) if arm == BASELINE_ARM else gain.interval(0.95)
        row = {
            "arm": arm, "kind": kind, "figure": table.name, "images": len(external), "groups": groups,
            "mean": estimate.mean, "low": low, "high": high, "gain": gain.mean,
            "gain_low": gain_low, "gain_high": gain_high,
        }  # fmt: skip
        rows.append(row | {f"internal_{key}": beside[arm][key] for key in ("mean", "low", "high")})
    return rows


def _image_rows(test: LabelledSet, columns: Mapping[str, NDArray[np.int64]], classes: list[str]) -> list[Row]:
    predicted = {name: [classes[index] for index in indices] for name, indices in columns.items()}
    by_column = {"index": range(len(test)), "label": test.labels, "group": test.groups, **predicted}
    return [dict(zip(by_column, row, strict=True)) for row in zip(*by_column.values(), strict=True)]
