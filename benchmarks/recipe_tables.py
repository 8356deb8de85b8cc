"""The rows of the sweep as tables."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from augment.evaluation.statistics.estimates import paired_t
from augment.params.arms import BASE_AUGMENTATIONS
from benchmarks.variants import KEYS, VARIANTS


def print_tables(rows: list[dict[str, Any]]) -> None:
    """KID x 1000 and processor seconds of every variant, and mean gains over the strongest real-only arm."""
    screened = [row for row in rows if row["what"] == "screen"]
    columns = sorted({(row["set"], row["counts"]) for row in screened})
    print("| variant | " + " | ".join(f"{' '.join(column)} | s" for column in columns) + " |")
    print("|---|" + "---|---|" * len(columns))
    by_variant: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in screened:
        by_variant[row["variant"]].append(row)
    for variant in filter(by_variant.__contains__, VARIANTS):
        print(f"| {variant} | {' | '.join(screened_cells(by_variant[variant], column) for column in columns)} |")
    print_confirmed([row for row in rows if row["what"] == "confirm" and "failed" not in row])


def screened_cells(rows: list[dict[str, Any]], column: tuple[str, str]) -> str:
    """KID x 1000 of the minority classes (of all) for every subset of one set and count, and the mean seconds."""
    own = [row for row in rows if (row["set"], row["counts"]) == column]
    if not own:
        return "– | –"
    return f"{', '.join(map(screened_kid, own))} | {np.mean([row['cpu_seconds'] for row in own]):.0f}"


def screened_kid(row: dict[str, Any]) -> str:
    """The minority classes' alone where every class is one."""
    if "failed" in row:
        return "failed"
    minority = f"{1000 * row['kid poor']:.1f}"
    return f"{minority} ({1000 * row['kid']:.1f})" if "/" in row["counts"] else minority


def print_confirmed(rows: list[dict[str, Any]]) -> None:
    """GAN images on the strongest augmentation, and what they gain over the strongest real-only arm."""
    print(
        "\n| set | counts | subsets | best real-only arm | variant | GAN images on | accuracy | net | minority, net |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    rivals = {(row["set"], row["counts"], row["subset"]): row for row in rows if row["variant"] == "rivals"}
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["variant"] != "rivals" and (row["set"], row["counts"], row["subset"]) in rivals:
            groups[row["set"], row["counts"], row["variant"]].append(row)
    for (name, counts, variant), own in sorted(groups.items()):
        against = [rivals[name, counts, row["subset"]] for row in own]
        real = [key for key in against[0] if key not in KEYS and not key.endswith(" poor")]
        best, base = strongest_augmentation(against, real), strongest_augmentation(against, BASE_AUGMENTATIONS)
        for what in ("gan_half", "copies_half"):
            arm = f"{what} on {base}"
            if arm not in own[0]:
                continue
            print(
                f"| {name} | {counts} | {len(own)} | {best} | {variant if what == 'gan_half' else 'jittered copies'} "
                f"| {base} | {np.mean([row[arm] for row in own]):.1f} | {gain(own, arm, against, best)} "
                f"| {gain(own, f'{arm} poor', against, f'{best} poor')} |"
            )


def strongest_augmentation(rows: list[dict[str, Any]], arms: Iterable[str]) -> str:
    """The best on average over subsets."""
    return max(arms, key=lambda arm: float(np.mean([row[arm] for row in rows])))


def gain(own: list[dict[str, Any]], arm: str, against: list[dict[str, Any]], rival: str) -> str:
    """The mean gain over a rival, with the half width of its 95 % interval (paired t over subsets)."""
    gains = np.array([row[arm] - other[rival] for row, other in zip(own, against, strict=True)])
    half = f" ± {paired_t(gains).half_width():.1f}" if len(gains) > 1 else ""
    return f"{gains.mean():+.1f}{half}"
