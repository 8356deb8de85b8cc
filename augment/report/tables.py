"""From the rows of the files to the rows of the page's tables and charts."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from augment.core.files import Row, Rows
from augment.report.charts.intervals import IntervalMark
from augment.report.charts.reliability import ReliabilityBin
from augment.report.contents import Contents
from augment.report.words import in_words, number, share, with_minus

MAX_CURVE_POINTS = 150  # more would only weigh on the page
MAX_CONFUSIONS = 20  # most frequent confusions that are listed
MAX_MATRIX_CLASSES = 100  # of a matrix of more a person reads nothing, and it has millions of cells


def arm_marks(arms: Rows, chosen: str) -> list[IntervalMark]:
    """The arms of arms.csv in per cent, for the chart."""
    return _interval_marks([(in_words("words", row["arm"]), row["kind"], row["arm"] == chosen, row) for row in arms])


def judged_arm(comparisons: Rows, chosen: str) -> str:
    """The arm that the verdict judges: the chosen one, or the one that val vetoed."""
    if any(row["candidate"] == chosen for row in comparisons):
        return chosen
    return next((row["candidate"] for row in comparisons if row["split"] == "val"), "")


def comparison_marks(comparisons: Rows, candidate: str) -> list[IntervalMark]:
    """One candidate against every rival on test, in points, for the chart."""
    of_candidate = [row for row in comparisons if row["split"] == "test" and row["candidate"] == candidate]
    against = [(f"against: {in_words('words', row['rival'])}", "gan", False, row) for row in of_candidate]
    return _interval_marks(against, sign="+")


def attack_marks(membership: Rows) -> list[IntervalMark]:
    """The membership attack's AUC in every space, in per cent, for the chart."""
    of_auc = [{**row, "mean": row["value"]} for row in membership if row["figure"] == "auc"]
    return _interval_marks([(in_words("space", row["space"]), "gan", False, row) for row in of_auc])


def _interval_marks(marked: Iterable[tuple[str, str, bool, Row]], sign: str = "") -> list[IntervalMark]:
    """Label, kind, whether it is chosen, and the row with mean, low and high; only what was measured gets a mark."""
    marks = []
    for label, kind, chosen, row in marked:
        mean, low, high = (number(row[key]) for key in ("mean", "low", "high"))
        if mean is None or low is None or high is None:
            continue
        text = with_minus(f"{100 * mean:{sign}.1f} ({100 * low:{sign}.1f} to {100 * high:{sign}.1f})")
        marks.append(IntervalMark(label, kind, chosen, 100 * mean, 100 * low, 100 * high, text))
    return marks


def attack_finding(membership: Rows) -> str:
    """What to conclude from the attack."""
    measured = [row for row in membership if row["figure"] == "auc" and number(row["value"]) is not None]
    if not measured:
        return "Here it could not be measured, which is no sign of privacy."
    if any((number(row["low"]) or 0) > 0.5 for row in measured):
        return "Here it does better than guessing: the synthetic images give something of the training images away."
    return "Here it does no better than guessing, as far as this many images can show."


def told_apart_finding(rows: Rows) -> str:
    """How well made images are told from real ones, on average over the classes."""
    means = {row["kind"]: share(row["auc"]) for row in rows if not row["label"]}
    if "samples" not in means:
        return "Whether synthetic images can be told from real ones was not measured here."
    told = f"A classifier tells synthetic images from real ones of their class with AUC {means['samples']}"
    alike = f"; real images of other classes that were changed as these are: {means.get('treated')}"
    return f"{told} (0.50: not at all, 1.00: always){alike if 'treated' in means else ''}."


def bins(reliability: Rows, arm: str) -> list[ReliabilityBin]:
    """The bins of one arm for its reliability diagram."""
    of_arm = [row for row in reliability if row["arm"] == arm]
    answers = sum(int(row["answers"]) for row in of_arm)
    return [
        ReliabilityBin(
            float(row["confidence"]), float(row["right"]), float(row["low"]), float(row["high"]),
            int(row["answers"]) / answers,
        )
        for row in of_arm
    ]  # fmt: skip


def class_rows(contents: Contents, real: str, chosen: str) -> list[dict[str, Any]]:
    """The rows of classes.csv for two arms (None where there is none), with the counts of each class."""
    of_both = {(row["label"], row["arm"]): row for row in contents.tables["classes"]}
    rows = []
    for entry in contents.classes:
        by_role = {role: of_both.get((entry["label"], arm)) for role, arm in (("real", real), ("chosen", chosen))}
        counted = by_role["real"] or entry
        rows.append({"label": entry["label"], **{side: counted[side] for side in ("train", "val", "test")}, **by_role})
    return rows


def selection_rows(contents: Contents) -> list[dict[str, Any]]:
    """Per class: the first seed's counts, shares as means over the seeds, and the copy rates."""
    copies = {row["label"]: row for row in contents.tables["copies"]}
    told_apart = {row["label"]: row["auc"] for row in contents.tables["told_apart"]}

    def class_row(label: str) -> dict[str, Any]:
        of_class = [row for row in contents.tables["acceptance"] if row["label"] == label]
        return {
            "label": label,
            "first": of_class[0] if of_class else None,
            "accepted": _mean([_share(row, "accepted") for row in of_class]),
            "kept": _mean([_share(row, "kept") for row in of_class]),
            "other": _mean([number(row["other_class_share"]) for row in of_class]),
            "copies": copies.get(label),
            "told_apart": told_apart.get(label),
        }

    return [class_row(entry["label"]) for entry in contents.classes]


def _share(row: Row, part: str) -> float | None:
    some, whole = number(row[part]), number(row["candidates"])
    return some / whole if some is not None and whole else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def quality_spaces(quality: Rows) -> list[str]:
    """The feature spaces of quality.csv, in its order."""
    return list(dict.fromkeys(row["space"] for row in quality))


def quality_rows(quality: Rows) -> list[dict[str, Any]]:
    """One row per class and metric, with the figures of every space side by side (empty where there is none)."""
    by_key = {(row["label"], row["metric"], row["space"]): row for row in quality}
    empty = dict.fromkeys(("synthetic", "real", "n_synthetic", "n_reference", "note"), "")
    rows = []
    for label, metric in dict.fromkeys((row["label"], row["metric"]) for row in quality):
        spaces = [by_key.get((label, metric, space), empty) for space in quality_spaces(quality)]
        n_reference = next((each["n_reference"] for each in spaces if each["n_reference"]), "")
        note = "; ".join(dict.fromkeys(each["note"] for each in spaces if each["note"]))
        rows.append({"label": label, "metric": metric, "spaces": spaces, "n_reference": n_reference, "note": note})
    return rows


def curve_lines(rows: Rows, names: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """The columns `names` of a curve.csv over its steps, thinned to at most `MAX_CURVE_POINTS` points."""
    stride = max(1, math.ceil(len(rows) / MAX_CURVE_POINTS))
    thinned = [*rows[:-1:stride], *rows[-1:]]
    cells = [(name, [(number(row["step"]), number(row[name])) for row in thinned]) for name in names]
    return {name: [(x, y) for x, y in points if x is not None and y is not None] for name, points in cells}


def confusion(rows: Rows, classes: Sequence[str]) -> dict[str, Any]:
    """The chosen arm's answers on test: counts[actual][predicted] over `labels`, none of them where there are more than
    `MAX_MATRIX_CLASSES`; `frequent` lists mistakes as (actual, predicted, count), largest first."""
    pairs = Counter((row["actual"], row["predicted"]) for row in rows)
    wrong = sorted((-count, actual, answer) for (actual, answer), count in pairs.items() if actual != answer)
    labels = classes if len(classes) <= MAX_MATRIX_CLASSES else []
    return {
        "labels": labels,
        "counts": [[pairs[actual, answer] for answer in labels] for actual in labels],
        "frequent": [(actual, answer, -count) for count, actual, answer in wrong[:MAX_CONFUSIONS]],
    }


def accounting(manifest: Rows) -> list[dict[str, Any]]:
    """Counts of every outcome and code, in all and per split."""
    totals = Counter((row["outcome"], row["code"]) for row in manifest)
    splits = Counter((row["outcome"], row["code"], row["split"]) for row in manifest)
    return [
        {"outcome": outcome, "code": code, "total": total}
        | {split or "unused": splits[outcome, code, split] for split in ("train", "val", "test", "pool", "")}
        for (outcome, code), total in sorted(totals.items())
    ]
