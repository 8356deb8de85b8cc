"""The CSV files of reports/evaluation: from what was compared to rows that every claim can be traced to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, minority_classes
from augment.evaluation.experiment.experiment import ExperimentResult, PredictionsByArm
from augment.evaluation.experiment.protocol import Protocol, Replicate
from augment.evaluation.statistics.classification import CLASSIFICATION_METRICS, classification_metrics
from augment.evaluation.statistics.estimates import wilson
from augment.evaluation.statistics.metric_table import MetricTable

Row = dict[str, Any]

RUNS_COLUMNS = ("arm", "seed", "split", "primary", *CLASSIFICATION_METRICS)
ARMS_COLUMNS = ("arm", "kind", "mean", "low", "high", "val_mean", *CLASSIFICATION_METRICS)
COMPARISONS_COLUMNS = (
    "candidate",
    "rival",
    "split",
    "claim",
    "mean",
    "low",
    "high",
    "high_joint",
    "low90",
    "high90",
    "high90_joint",
    "seed_sd",
    "test_se",
    "seeds",
    "p",
    "p_holm",
)
CLASSES_COLUMNS = ("label", "arm", "train", "val", "test", "groups", "recall", "low", "high")
ACCEPTANCE_COLUMNS = (
    "seed",
    "label",
    "candidates",
    "near_copy",
    "off_class",
    "accepted",
    "kept",
    "other_class_share",
)
REPLICATES_COLUMNS = ("replicate", "side", "label", "group", "source")
COPIES_COLUMNS = ("label", "synthetic_rate", "control_rate", "synthetic", "control", "note")


def run_rows(
    protocol: Protocol, result: ExperimentResult, val: MetricTable | None, test: MetricTable | None
) -> list[Row]:
    """One row per arm, repeat (`seed`) and split; a split without images has none.

    primary: the primary metric, empty where the split cannot tell. Minority classes: those of train.
    """
    classes = protocol.first_splits.train.classes
    minority = [classes.index(label) for label in minority_classes(protocol.first_splits.train.counts())]
    rows: list[Row] = []
    for name, scores_by_arm, table in (("val", result.val_scores, val), ("test", result.test_scores, test)):
        sides = [getattr(one.splits, name) for one in protocol.replicates]
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
    on_test = pd.DataFrame(runs).query("split == 'test'")
    means = (
        on_test.astype(dict.fromkeys(CLASSIFICATION_METRICS, float)).groupby("arm")[list(CLASSIFICATION_METRICS)].mean()
    )
    means_of_arm = {
        str(arm): row_of_means for arm, row_of_means in means.astype(object).where(means.notna(), None).iterrows()
    }
    return [{**row, **{name: means_of_arm[row["arm"]][name] for name in CLASSIFICATION_METRICS}} for row in arms]


def class_rows(protocol: Protocol, predictions: PredictionsByArm) -> list[Row]:
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


def acceptance_rows(result: ExperimentResult) -> list[Row]:
    """What became of every repeat's candidates, by class."""
    return [
        {
            "seed": number,
            "label": label,
            "candidates": len(drawn.images),
            "near_copy": int((drawn.reason == "near_copy").sum()),
            "off_class": int((drawn.reason == "off_class").sum()),
            "accepted": int(drawn.accepted.sum()),
            "kept": len(drawn.kept),
            "other_class_share": float(drawn.other_class.mean()),
        }
        for number, candidates in enumerate(result.candidates)
        for label, drawn in candidates.items()
    ]


def confusion_rows(
    single_pass: Sequence[Replicate], predicted: Sequence[NDArray[np.int64]], classes: list[str]
) -> list[Row]:
    """Actual and predicted label of each test image for one arm, in the repeats that test every image once."""
    return [
        {"actual": actual, "predicted": classes[index]}
        for one, answers in zip(single_pass, predicted, strict=False)
        for actual, index in zip(one.splits.test.labels.tolist(), answers.tolist(), strict=True)
    ]


def prediction_rows(protocol: Protocol, predictions: PredictionsByArm) -> list[Row]:
    """The label that each arm and repeat gave each test image.

    One row per image with a column for each arm and repeat; where every repeat has a test set of its own, one row
    per repeat and image with a column for each arm.
    """
    classes = protocol.first_splits.train.classes
    if protocol.scheme == "folds":
        return [
            {"replicate": number, **row}
            for number, one in enumerate(protocol.replicates)
            for row in _image_rows(
                one.splits.test, {arm: by_repeat[number] for arm, by_repeat in predictions.items()}, classes
            )
        ]
    columns = {f"{arm}/{seed}": row for arm, by_repeat in predictions.items() for seed, row in enumerate(by_repeat)}
    return _image_rows(protocol.first_splits.test, columns, classes)


def replicate_rows(protocol: Protocol) -> Iterator[Row]:
    """Which image stands on which side of which repeat; a side that a repeat shares with the first has no rows."""
    for number, one in enumerate(protocol.replicates):
        for side in ("train", "val", "test"):
            images = getattr(one.splits, side)
            if number and images is getattr(protocol.first_splits, side):
                continue
            for label, group, source in zip(images.labels, images.groups, images.sources, strict=True):
                yield {"replicate": number, "side": side, "label": label, "group": group, "source": source}


def _image_rows(test: ImageSet, columns: Mapping[str, NDArray[np.int64]], classes: list[str]) -> list[Row]:
    return [
        {
            "index": index,
            "label": test.labels[index],
            "group": test.groups[index],
            **{name: classes[predicted[index]] for name, predicted in columns.items()},
        }
        for index in range(len(test))
    ]
