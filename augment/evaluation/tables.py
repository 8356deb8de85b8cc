"""The CSV files of reports/evaluation: from what was compared to rows that every claim can be traced to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.evaluation.arms import poor_classes
from augment.evaluation.compare import Compared, Splits
from augment.evaluation.policy import Kind
from augment.evaluation.primary import Figures
from augment.evaluation.scores import SCORES, scores
from augment.evaluation.statistics import wilson
from augment.params import CONTROL_ARMS, REAL_ARMS, Arm

Row = dict[str, Any]

RUNS = ("arm", "seed", "split", "primary", *SCORES)
ARMS = ("arm", "kind", "mean", "low", "high", "val_mean", *SCORES)
COMPARISONS = (
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
CLASSES = ("label", "arm", "train", "val", "test", "groups", "recall", "low", "high")
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


def kinds(arms: Sequence[Arm]) -> dict[Arm, Kind]:
    """What each arm is to the verdict."""

    def kind(arm: Arm) -> Kind:
        if arm == "as_delivered":
            return "delivered"
        return "real" if arm in REAL_ARMS else "control" if arm in CONTROL_ARMS else "gan"

    return {arm: kind(arm) for arm in arms}


def runs(splits: Splits, compared: Compared, val: Figures | None, test: Figures | None) -> list[Row]:
    """One row per arm, seed and split; a split without images has none.

    primary: the figure that decides, empty where the split cannot tell. Minority classes: the poor ones in train.
    """
    classes = splits.train.classes
    minority = [classes.index(label) for label in poor_classes(splits.train.counts())]
    rows: list[Row] = []
    for name, side, found, figures in (
        ("val", splits.val, compared.val_scores, val),
        ("test", splits.test, compared.test_scores, test),
    ):
        if not len(side):
            continue
        targets = side.targets(classes)
        for arm, by_seed in found.items():
            for seed, probabilities in enumerate(by_seed):
                primary = float(figures.values[arm][seed]) if figures else None
                row = {"arm": arm, "seed": seed, "split": name, "primary": primary}
                rows.append(row | scores(targets, probabilities, minority))
    return rows


def with_means(arms: tuple[Row, ...], run_rows: list[Row]) -> list[Row]:
    """Add the means of every arm's other figures on test to the verdict's rows."""
    on_test = pd.DataFrame(run_rows).query("split == 'test'")
    means = on_test.astype(dict.fromkeys(SCORES, float)).groupby("arm")[list(SCORES)].mean()
    found = {str(arm): own for arm, own in means.astype(object).where(means.notna(), None).iterrows()}
    return [{**row, **{name: found[row["arm"]][name] for name in SCORES}} for row in arms]


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
            low, high = wilson(recall * groups, groups)
            train, val, test = (count.get(label, 0) for count in counts)
            rows.append(
                {"label": label, "arm": arm, "train": train, "val": val, "test": test, "groups": groups,
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
