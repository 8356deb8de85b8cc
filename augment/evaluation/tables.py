"""The CSV files of reports/evaluation: from what was compared to rows that every claim can be traced to."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

from augment.data.imageset import ImageSet
from augment.evaluation.compare import Compared, Splits
from augment.evaluation.comparisons import Outcomes
from augment.evaluation.statistics import wilson
from augment.evaluation.verdict import Kind
from augment.params import CONTROL_ARMS, REAL_ARMS, Arm

Row = dict[str, Any]

RUNS = ("arm", "seed", "split", "balanced_accuracy", "accuracy", "macro_f1")
ARMS = ("arm", "kind", "mean", "low", "high", "val_mean", "accuracy", "macro_f1")
COMPARISONS = (
    "candidate",
    "rival",
    "split",
    "mean",
    "low",
    "high",
    "low90",
    "high90",
    "seed_sd",
    "test_se",
    "seeds",
)
CLASSES = ("label", "arm", "train", "val", "test", "recall", "low", "high")
ACCEPTANCE = (
    "seed",
    "label",
    "candidates",
    "near_copy",
    "off_class",
    "accepted",
    "kept",
    "other_class_share",
)
COPIES = ("label", "synthetic_rate", "control_rate", "synthetic", "control", "note")


def kinds(arms: tuple[Arm, ...]) -> dict[str, Kind]:
    """What each arm is to the verdict."""
    return {arm: "real" if arm in REAL_ARMS else "control" if arm in CONTROL_ARMS else "gan" for arm in arms}


def outcomes(side: ImageSet, predictions: Mapping[Arm, NDArray[np.int64]], classes: list[str]) -> Outcomes:
    """Right or wrong for every arm, seed and image of one split."""
    targets = side.targets(classes)
    return Outcomes(targets, side.groups, {arm: found == targets for arm, found in predictions.items()})


def runs(splits: Splits, compared: Compared) -> list[Row]:
    """One row per arm, seed and split; a split without images has none."""
    classes = splits.train.classes
    rows: list[Row] = []
    for name, side, predictions in (("val", splits.val, compared.val), ("test", splits.test, compared.test)):
        if not len(side):
            continue
        targets = side.targets(classes)
        for arm, by_seed in predictions.items():
            for seed, found in enumerate(by_seed):
                rows.append({"arm": arm, "seed": seed, "split": name, **scores(targets, found)})
    return rows


def scores(targets: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, float]:
    """Balanced accuracy, accuracy and macro F1 over the classes present in `targets`."""
    present = np.unique(targets)
    recalls = [float((predicted[targets == index] == index).mean()) for index in present]
    return {
        "balanced_accuracy": float(np.mean(recalls)),
        "accuracy": float(accuracy_score(targets, predicted)),
        "macro_f1": float(f1_score(targets, predicted, labels=present, average="macro", zero_division=0)),
    }


def with_means(arms: tuple[Row, ...], run_rows: list[Row]) -> list[Row]:
    """Add each arm's mean accuracy and macro F1 on test to the verdict's rows."""
    on_test = pd.DataFrame(run_rows).query("split == 'test'")
    means = on_test.groupby("arm")[["accuracy", "macro_f1"]].mean().to_dict()
    return [{**row, **{str(name): column[row["arm"]] for name, column in means.items()}} for row in arms]


def class_rows(splits: Splits, predictions: Mapping[Arm, NDArray[np.int64]]) -> list[Row]:
    """Recall of every class under every arm, with Wilson's interval over its independent groups.

    A class without test images has no recall and no row.
    Seeds are averaged first: five seeds on ten images are still ten images.
    """
    classes = splits.train.classes
    targets = splits.test.targets(classes)
    counts = [side.counts() for side in (splits.train, splits.val, splits.test)]
    rows: list[Row] = []
    for arm, found in predictions.items():
        for index, label in enumerate(classes):
            mine = targets == index
            if not mine.any():
                continue
            recall = float((found[:, mine] == index).mean())
            groups = len(set(splits.test.groups[mine].tolist()))
            low, high = wilson(round(recall * groups), groups)
            train, val, test = (count.get(label, 0) for count in counts)
            rows.append(
                {"label": label, "arm": arm, "train": train, "val": val, "test": test,
                 "recall": recall, "low": low, "high": high}
            )  # fmt: skip
    return rows


def acceptance(compared: Compared) -> list[Row]:
    """What became of every repeat's candidates, by class."""
    return [
        {
            "seed": number,
            "label": label,
            "candidates": len(found.images),
            "near_copy": int((found.reason == "near_copy").sum()),
            "off_class": int((found.reason == "off_class").sum()),
            "accepted": int(found.accepted.sum()),
            "kept": len(found.kept),
            "other_class_share": float(found.other_class.mean()),
        }
        for number, candidates in enumerate(compared.candidates)
        for label, found in candidates.items()
    ]


def confusion(test: ImageSet, predicted: NDArray[np.int64], classes: list[str]) -> list[Row]:
    """Actual and predicted label of each test image for one arm and seed."""
    return [
        {"actual": actual, "predicted": classes[index]}
        for actual, index in zip(test.labels.tolist(), predicted.tolist(), strict=True)
    ]


def prediction_rows(test: ImageSet, predictions: Mapping[Arm, NDArray[np.int64]], classes: list[str]) -> list[Row]:
    """One row per test image with the label that each arm and seed gave it."""
    columns = {f"{arm}/{seed}": row for arm, found in predictions.items() for seed, row in enumerate(found)}
    return [
        {
            "index": index,
            "label": test.labels[index],
            "group": test.groups[index],
            **{name: classes[found[index]] for name, found in columns.items()},
        }
        for index in range(len(test))
    ]
