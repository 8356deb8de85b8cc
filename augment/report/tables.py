"""From the rows of the files to the rows of the page's tables and charts."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augment.params.arms import ROW_OF
from augment.report.charts import CurveLine, IntervalMark, ReliabilityBin
from augment.report.contents import Contents
from augment.report.reading import Row, Rows

KIND_WORDS = {
    "real": "real images only",
    "gan": "with synthetic images",
    "control": "control",
    "delivered": "as delivered",
}
PRIMARY_METRIC_WORDS = {
    "balanced_accuracy": "balanced accuracy",
    "recall_at_far": "recall at the fixed false-alarm rate",
}
METRIC_WORDS = {
    "kid": "KID, distance of the distributions (lower is better)",
    "fid": "FID, distance of the distributions (lower is better)",
    "precision": "Precision, share of samples that look like real images (higher is better)",
    "recall": "Recall, share of real images that samples could look like (higher is better)",
    "density": "Density, how typical samples are (about 1 is like real)",
    "coverage": "Coverage, share of real images with a sample nearby (higher is better)",
    "other_class": "Other class, share that classifiers take for another class (lower is better)",
}
QUALITY_SPACES = ("random_convolutions", "classifier")
SPACE_WORDS = {
    "pixels": "Pixels",
    "random_convolutions": "Random features",
    "classifier": "Fresh classifiers",
}
ATTACK_WORDS = {
    "auc": "AUC: a training image looks likelier than an unseen one",
    "tpr_0.01": "Training images found at 1 % false alarms",
    "tpr_0.1": "Training images found at 10 % false alarms",
}
MAX_CURVE_POINTS = 150  # more would only weigh on the page
MAX_CONFUSIONS = 20  # most frequent confusions that are listed


@dataclass(frozen=True)
class ConfusionTable:
    """counts[actual][predicted] over `labels`; `frequent` lists (actual, predicted, count), largest first."""

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    frequent: Sequence[tuple[str, str, int]]


def number(cell: Any) -> float | None:
    """A cell as a finite float; None where it is empty, not a number or infinite."""
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def arm_words(arm: str) -> str:
    """An arm in plain words; its code name where it has none."""
    return ROW_OF[arm].words if arm in ROW_OF else arm


def arm_marks(arms: Rows, chosen: str) -> list[IntervalMark]:
    """The arms of arms.csv in per cent, for the chart."""
    return [
        mark
        for row in arms
        if (mark := _interval_mark(arm_words(row["arm"]), row["kind"], row["arm"] == chosen, row, ""))
    ]


def judged_arm(comparisons: Rows, chosen: str) -> str:
    """The arm that the verdict judges: the chosen one, or the one that val vetoed."""
    if any(row["candidate"] == chosen for row in comparisons):
        return chosen
    return next((row["candidate"] for row in comparisons if row["split"] == "val"), "")


def comparison_marks(comparisons: Rows, candidate: str) -> list[IntervalMark]:
    """One candidate against every rival on test, in points, for the chart."""
    return [
        mark
        for row in comparisons
        if row["split"] == "test" and row["candidate"] == candidate
        if (mark := _interval_mark(f"against: {arm_words(row['rival'])}", "gan", False, row, "+"))
    ]


def _interval_mark(label: str, kind: str, chosen: bool, row: Row, sign: str) -> IntervalMark | None:
    mean, low, high = (number(row[key]) for key in ("mean", "low", "high"))
    if mean is None or low is None or high is None:
        return None
    text = f"{100 * mean:{sign}.1f} ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})".replace("-", "−")
    return IntervalMark(label, kind, chosen, 100 * mean, 100 * low, 100 * high, text)


def attack_marks(membership: Rows) -> list[IntervalMark]:
    """The membership attack's AUC in every space, in per cent, for the chart; only what was measured."""
    return [
        mark
        for row in membership
        if row["figure"] == "auc"
        if (
            mark := _interval_mark(
                SPACE_WORDS.get(row["space"], row["space"]), "gan", False, {**row, "mean": row["value"]}, ""
            )
        )
    ]


def attack_finding(membership: Rows) -> str:
    """What to conclude from the attack."""
    measured = [row for row in membership if row["figure"] == "auc" and number(row["value"]) is not None]
    if not measured:
        return "Here it could not be measured, which is no sign of privacy."
    if any((number(row["low"]) or 0) > 0.5 for row in measured):
        return "Here it does better than guessing: the synthetic images give something of the training images away."
    return "Here it does no better than guessing, as far as this many images can show."


def bins(reliability: Rows, arm: str) -> list[ReliabilityBin]:
    """The bins of one arm for its reliability diagram."""
    rows_of_arm = [row for row in reliability if row["arm"] == arm]
    answers = sum(int(row["answers"]) for row in rows_of_arm)
    return [
        ReliabilityBin(
            confidence=float(row["confidence"]),
            right=float(row["right"]),
            low=float(row["low"]),
            high=float(row["high"]),
            share=int(row["answers"]) / answers,
        )
        for row in rows_of_arm
    ]


def class_rows(contents: Contents, real: str, chosen: str) -> list[dict[str, Any]]:
    """The rows of classes.csv for two arms (None where there is none), with the counts of each class."""
    by_class_and_arm = {(row["label"], row["arm"]): row for row in contents.tables["classes"]}
    rows = []
    for entry in contents.classes:
        by_role = {
            "real": by_class_and_arm.get((entry["label"], real)),
            "chosen": by_class_and_arm.get((entry["label"], chosen)),
        }
        counted = by_role["real"] or entry
        rows.append({"label": entry["label"], **{side: counted[side] for side in ("train", "val", "test")}, **by_role})
    return rows


def selection_rows(contents: Contents) -> list[dict[str, Any]]:
    """Per class: the first seed's counts, shares as means over the seeds, and the copy rates."""
    rows = contents.tables["acceptance"]
    copies = {row["label"]: row for row in contents.tables["copies"]}
    rows_of_classes = []
    for entry in contents.classes:
        rows_of_class = [row for row in rows if row["label"] == entry["label"]]
        rows_of_classes.append(
            {
                "label": entry["label"],
                "first": rows_of_class[0] if rows_of_class else None,
                "accepted": _mean([_share(row, "accepted") for row in rows_of_class]),
                "kept": _mean([_share(row, "kept") for row in rows_of_class]),
                "other": _mean([number(row["other_class_share"]) for row in rows_of_class]),
                "copies": copies.get(entry["label"]),
            }
        )
    return rows_of_classes


def _share(row: Row, part: str) -> float | None:
    some, whole = number(row[part]), number(row["candidates"])
    return some / whole if some is not None and whole else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def quality_rows(quality: Rows) -> list[dict[str, Any]]:
    """One row per class and metric, with the figures of every space side by side (empty where there is none)."""
    by_key = {(row["label"], row["metric"], row["space"]): row for row in quality}
    empty = dict.fromkeys(("synthetic", "real", "n_synthetic", "n_reference", "note"), "")
    rows = []
    for label, metric in dict.fromkeys((row["label"], row["metric"]) for row in quality):
        spaces = [by_key.get((label, metric, space), empty) for space in QUALITY_SPACES]
        rows.append(
            {
                "label": label,
                "metric": metric,
                "spaces": spaces,
                "n_reference": next((each["n_reference"] for each in spaces if each["n_reference"]), ""),
                "note": "; ".join(dict.fromkeys(each["note"] for each in spaces if each["note"])),
            }
        )
    return rows


def failures(models: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(label, reason) of every class whose GAN failed."""
    return [(label, entry["reason"]) for label, entry in sorted(models.items()) if entry["status"] == "failed"]


def curve_lines(rows: Rows, names: Sequence[str]) -> list[CurveLine]:
    """The columns `names` of a curve.csv over its steps, thinned to at most `MAX_CURVE_POINTS` points."""
    stride = max(1, math.ceil(len(rows) / MAX_CURVE_POINTS))
    thinned = [*rows[:-1:stride], *rows[-1:]]
    cells = [(name, [(number(row["step"]), number(row[name])) for row in thinned]) for name in names]
    return [CurveLine(name, [(x, y) for x, y in points if x is not None and y is not None]) for name, points in cells]


def confusion(rows: Rows, classes: Sequence[str]) -> ConfusionTable:
    """Counts of the chosen arm's answers on test."""
    pairs = Counter((row["actual"], row["predicted"]) for row in rows)
    wrong = sorted((-count, actual, answer) for (actual, answer), count in pairs.items() if actual != answer)
    return ConfusionTable(
        classes,
        [[pairs[actual, answer] for answer in classes] for actual in classes],
        [(actual, answer, -count) for count, actual, answer in wrong[:MAX_CONFUSIONS]],
    )


def accounting(manifest: Rows) -> list[dict[str, Any]]:
    """Counts of every outcome and code, in all and per split."""
    totals = Counter((row["outcome"], row["code"]) for row in manifest)
    splits = Counter((row["outcome"], row["code"], row["split"]) for row in manifest)
    return [
        {"outcome": outcome, "code": code, "total": total}
        | {split or "unused": splits[outcome, code, split] for split in ("train", "val", "test", "pool", "")}
        for (outcome, code), total in sorted(totals.items())
    ]
