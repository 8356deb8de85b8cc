"""What the benchmarks of native size share: sets of images at a size, and how well a probe does on what is drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import GroupShuffleSplit

from augment.data.cleaning import examine
from augment.data.imageset import ImageSet
from augment.data.prepare import image_set
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params import Ingest

STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
Images = NDArray[np.uint8]
Rows = NDArray[np.float32]
Positions = NDArray[np.int64]
Data = list[tuple[Rows, Positions, NDArray[np.float64]]]  # features, targets, weight of each row
Scores = Mapping[str, list[list[tuple[float, float]]]]  # of each way: draw by draw, as `scores` gives them


def load(folder: Path, size: int | tuple[int, int]) -> tuple[ImageSet, NDArray[np.bool_]]:
    """The set at one size, and which of its images are for the test: those declared so, or a third of the groups."""
    findings = examine(Ingest.model_validate({"source": "folder", "path": str(folder), "size": size}))
    usable = findings.usable
    images = image_set(usable, findings.shape)
    declared = np.array([entry.declared_split == "test" for entry in usable])
    if declared.any():
        return images, declared
    groups = [entry.group or entry.path for entry in usable]
    _, test = next(GroupShuffleSplit(1, test_size=1 / 3, random_state=0).split(groups, groups=groups))
    return images, np.isin(np.arange(len(usable)), test)


def scores(data: Data, test: Rows, truth: Positions, poor: Sequence[int], count: int) -> list[tuple[float, float]]:
    """Balanced accuracy and mean recall of the poor classes, for every strength; count: of training images."""
    rows, targets, weights = (np.concatenate(part) for part in zip(*data, strict=True))
    found = []
    for strength in STRENGTHS:
        model = fit_logistic(rows, targets, weights * count / weights.sum(), strength)
        said = logistic_probabilities(model, test, int(truth.max()) + 1).argmax(axis=1)
        recall = recall_score(truth, said, average=None)
        found.append((float(balanced_accuracy_score(truth, said)), float(recall[list(poor)].mean())))
    return found


def print_scores(table: Scores, bases: Sequence[str]) -> None:
    """A row for each way, by the strength that is best on average, and its gain over each of the bases."""
    arrays = {name: 100 * np.array(rows) for name, rows in table.items()}  # (draws, strengths, 2)
    best = {name: int(rows[:, :, 0].mean(axis=0).argmax()) for name, rows in arrays.items()}

    def over(name: str, base: str) -> str:
        gain = arrays[name][:, best[name], 0] - arrays[base][:, best[base], 0]
        return f"{gain.mean():+.1f} ± {gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan:.1f}"

    over_bases = "".join(f" over {base} |" for base in bases)
    print(f"| way | balanced accuracy | recall of the poor |{over_bases}\n|---|---|---|{'---|' * len(bases)}")
    for name, rows in arrays.items():
        own = rows[:, best[name]].mean(axis=0)
        print(f"| {name} | {own[0]:.1f} | {own[1]:.1f} |{''.join(f' {over(name, base)} |' for base in bases)}")
