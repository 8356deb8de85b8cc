"""How much of the difference between repeats comes from their training images, and how much from their seeds.

`python -m benchmarks.shifts PROJECT...` reads what `evaluate` wrote in each project and prints the shift of
`power_model`: the standard deviation of a class's threshold between the repeats of an arm. Of
projects with one test set, one with disjoint training sets and one with paired seeds, the squares tell the share
that training images have.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.params.arms import Arm
from benchmarks.prior import Correct, shift

ARMS: tuple[Arm, ...] = ("classical", "randaugment", "mixup_cutmix", "gan_half", "gan_half_filtered", "copies_half")


def read(project: Path) -> tuple[str, Correct, NDArray[np.int64]]:
    """The form of its repeats, right or wrong of each arm (repeats, N), and the class of every test image."""
    folder = project / "reports" / "evaluation"
    form = json.loads((folder / "verdict.json").read_text())["protocol"]["form"]
    if form == "folds":
        raise SystemExit(f"{project}: folds are tested on other images each, so nothing is paired")
    with (folder / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = [column.split("/")[0] for column in rows[0] if "/" in column]
    correct = {
        arm: np.stack(
            [[row[f"{arm}/{repeat}"] == row["label"] for row in rows] for repeat in range(columns.count(arm))]
        )
        for arm in ARMS
        if arm in columns
    }
    return form, correct, np.unique([row["label"] for row in rows], return_inverse=True)[1]


def main(projects: list[str]) -> None:
    """Print the table."""
    print("| project | repeats | arms | shift |\n|---|---|---|---|")
    for project in projects:
        form, correct, targets = read(Path(project))
        repeats = len(next(iter(correct.values())))
        print(
            f"| {Path(project).name} | {repeats}, {form} | {len(correct)} | {shift(correct, targets, [*correct]):.3f} |"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
