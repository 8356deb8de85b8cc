"""The CSV files of reports/evaluation: from what was compared to rows that every claim can be traced to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, poor_classes
from augment.evaluation.experiment.experiment import Answers, Compared
from augment.evaluation.experiment.protocol import Plan, Replicate
from augment.evaluation.statistics.classification import SCORES, scores
from augment.evaluation.statistics.estimates import wilson
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.verdict.selection import Kind
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
REPLICATES = ("replicate", "side", "label", "group", "source")
COPIES = ("label", "synthetic_rate", "control_rate", "synthetic", "control", "note")


def kinds(arms: Sequence[Arm]) -> dict[Arm, Kind]:
    """What each arm is to the verdict."""

    def kind(arm: Arm) -> Kind:
        if arm == "as_delivered":
            return "delivered"
        return "real" if arm in REAL_ARMS else "control" if arm in CONTROL_ARMS else "gan"

    return {arm: kind(arm) for arm in arms}


def runs(plan: Plan, compared: Compared, val: Figures | None, test: Figures | None) -> list[Row]:
    """One row per arm, repeat (`seed`) and split; a split without images has none.

    primary: the figure that decides, empty where the split cannot tell. Minority classes: the poor ones in train.
    """
    classes = plan.first.train.classes
    minority = [classes.index(label) for label in poor_classes(plan.first.train.counts())]
    rows: list[Row] = []
    for name, found, figures in (("val", compared.val_scores, val), ("test", compared.test_scores, test)):
        sides = [getattr(one.splits, name) for one in plan.replicates]
        targets = [side.targets(classes) for side in sides]
        for arm, by_seed in found.items():
            for seed, probabilities in enumerate(by_seed):
                if len(sides[seed]):
                    primary = float(figures.values[arm][seed]) if figures else None
                    row = {"arm": arm, "seed": seed, "split": name, "primary": primary}
                    rows.append(row | scores(targets[seed], probabilities, minority))
    return rows


def with_means(arms: tuple[Row, ...], run_rows: list[Row]) -> list[Row]:
    """Add the means of every arm's other figures on test to the verdict's rows."""
    on_test = pd.DataFrame(run_rows).query("split == 'test'")
    means = on_test.astype(dict.fromkeys(SCORES, float)).groupby("arm")[list(SCORES)].mean()
    found = {str(arm): own for arm, own in means.astype(object).where(means.notna(), None).iterrows()}
    return [{**row, **{name: found[row["arm"]][name] for name in SCORES}} for row in arms]


def class_rows(plan: Plan, predictions: Answers) -> list[Row]:
    """Recall of every class under every arm, with Wilson's interval over its independent groups.

    A class without test images has no recall and no row. train and val are those of the first repeat.
    Repeats are averaged first: five seeds on ten images are still ten images.
    """
    classes, tested = plan.first.train.classes, plan.tested
    targets = [one.splits.test.targets(classes) for one in plan.replicates]
    counts = [side.counts() for side in (plan.first.train, plan.first.val, tested)]
    rows: list[Row] = []
    for arm, found in predictions.items():
        for index, label in enumerate(classes):
            right = [own[mine == index] == index for own, mine in zip(found, targets, strict=True)]
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


def confusion(once: Sequence[Replicate], predicted: Sequence[NDArray[np.int64]], classes: list[str]) -> list[Row]:
    """Actual and predicted label of each test image for one arm, in the repeats that test every image once."""
    return [
        {"actual": actual, "predicted": classes[index]}
        for one, own in zip(once, predicted, strict=False)
        for actual, index in zip(one.splits.test.labels.tolist(), own.tolist(), strict=True)
    ]


def prediction_rows(plan: Plan, predictions: Answers) -> list[Row]:
    """The label that each arm and repeat gave each test image.

    One row per image with a column for each arm and repeat; where every repeat has a test set of its own, one row
    per repeat and image with a column for each arm.
    """
    classes = plan.first.train.classes
    if plan.form == "folds":
        return [
            {"replicate": number, **row}
            for number, one in enumerate(plan.replicates)
            for row in _prediction_rows(
                one.splits.test, {arm: found[number] for arm, found in predictions.items()}, classes
            )
        ]
    columns = {f"{arm}/{seed}": row for arm, found in predictions.items() for seed, row in enumerate(found)}
    return _prediction_rows(plan.first.test, columns, classes)


def replicate_rows(plan: Plan) -> Iterator[Row]:
    """Which image stands on which side of which repeat; a side that a repeat shares with the first has no rows."""
    for number, one in enumerate(plan.replicates):
        for side in ("train", "val", "test"):
            images = getattr(one.splits, side)
            if number and images is getattr(plan.first, side):
                continue
            for label, group, source in zip(images.labels, images.groups, images.sources, strict=True):
                yield {"replicate": number, "side": side, "label": label, "group": group, "source": source}


def _prediction_rows(test: ImageSet, columns: Mapping[str, NDArray[np.int64]], classes: list[str]) -> list[Row]:
    return [
        {
            "index": index,
            "label": test.labels[index],
            "group": test.groups[index],
            **{name: classes[found[index]] for name, found in columns.items()},
        }
        for index in range(len(test))
    ]
