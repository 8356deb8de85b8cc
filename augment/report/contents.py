"""What the page shows: the tables as their files hold them, and the pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augment.data.imageset import ImageSet, UInt8
from augment.errors import DataError
from augment.files import read_csv
from augment.measure.features import pixels
from augment.measure.metrics import nearest
from augment.report.pictures import read_images

Row = Mapping[str, str]
Rows = Sequence[Row]

PAIRS = 6  # synthetic images of a class that are shown with their nearest training image
CONTROLS = 20  # test images of a class whose nearest training image gives the usual distance

TABLES = {
    "runs": ("arm", "seed", "split"),
    "arms": (
        "arm", "kind", "mean", "low", "high", "val_mean", "accuracy", "macro_f1", "auroc", "auprc_minority", "brier",
        "ece",
    ),
    "comparisons": (
        "candidate", "rival", "split", "claim", "mean", "low", "high", "low90", "high90", "seed_sd", "test_se",
        "seeds", "p", "p_holm",
    ),
    "classes": ("label", "arm", "train", "val", "test", "recall", "low", "high"),
    "acceptance": ("seed", "label", "candidates", "near_copy", "off_class", "accepted", "kept", "other_class_share"),
    "quality": ("label", "metric", "synthetic", "real", "n_synthetic", "n_reference", "note"),
    "copies": ("label", "synthetic_rate", "control_rate", "synthetic", "control", "note"),
    "confusion": ("actual", "predicted"),
}  # fmt: skip
CURVE = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
METRICS = ("verdict", "primary", "gain", "policy")
VERDICT = ("protocol", "sentence", "reasons", "advice", "best_real", "explanation", "as_delivered")
MANIFEST = ("path", "label", "outcome", "code", "detail", "split")


@dataclass(frozen=True)
class Neighbour:
    """A synthetic image (C, H, W) and the nearest training image of any class; the distance is the
    root mean square difference of their pixels, from 0 to 1."""

    file: str
    image: UInt8
    nearest: UInt8
    nearest_label: str
    distance: float


@dataclass(frozen=True)
class Pictures:
    """What is shown of one class; every part may be empty. Images are uint8 (N, C, H, W)."""

    real: UInt8
    synthetic: UInt8
    neighbours: Sequence[Neighbour]
    test_distance: float | None


@dataclass(frozen=True)
class Contents:
    """All values of the page. `tables` holds the rows of reports/evaluation/<name>.csv."""

    title: str
    metrics: Mapping[str, Any]
    verdict: Mapping[str, Any]
    environment: Mapping[str, Any]
    classes: Sequence[Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    manifest: Rows
    tables: Mapping[str, Rows]
    curves: Mapping[str, Rows]
    leaks: Mapping[str, str]
    pictures: Mapping[str, Pictures]
    columns: int


def load(title: str, grid: int, prepared: Path, models: Path, synthetic: Path, reports: Path) -> Contents:
    """Read the outputs of the stages before this one; `grid` images of a class are shown.

    Raises `DataError` naming a file that is missing, unreadable or lacks a column.
    """
    classes = read_json(prepared / "classes.json")
    index = read_json(models / "index.json", ("classes",))["classes"]
    return Contents(
        title=title,
        metrics=read_json(reports / "metrics.json", METRICS),
        verdict=read_json(reports / "evaluation" / "verdict.json", VERDICT),
        environment=read_json(reports / "evaluation" / "environment.json"),
        classes=classes,
        models=index,
        manifest=read_rows(prepared / "manifest.csv", MANIFEST),
        tables={name: read_rows(reports / "evaluation" / f"{name}.csv", columns) for name, columns in TABLES.items()},
        curves={label: _curve(models / entry["slug"] / "curve.csv") for label, entry in sorted(index.items())},
        leaks={label: _leaks(models / entry["slug"] / "manifest.json") for label, entry in sorted(index.items())},
        pictures=_pictures(classes, grid, prepared, synthetic),
        columns=grid,
    )


def read_json(path: Path, keys: Sequence[str] = ()) -> Any:
    """A JSON file that has at least `keys`; raises `DataError` naming the file and what it lacks."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Run `dvc repro` to make it.") from error
    _need(path, "keys", [key for key in keys if key not in value])
    return value


def read_rows(path: Path, columns: Sequence[str]) -> Rows:
    """A CSV that has at least `columns`; raises `DataError` naming the file and what it lacks."""
    try:
        rows = read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Run `dvc repro` to make it.") from error
    _need(path, "columns", [column for column in columns if rows and column not in rows[0]])
    return rows


def _need(path: Path, what: str, missing: Sequence[str]) -> None:
    if missing:
        raise DataError(f"{path}: lacks the {what} {', '.join(missing)}. Run `dvc repro` to make it anew.")


def _curve(path: Path) -> Rows:
    """A class that failed early has no curve."""
    return read_rows(path, CURVE) if path.exists() else []


def _leaks(path: Path) -> str:
    """What a class's samples show of the augmentation, in words; a class that failed has no manifest."""
    return str(read_json(path, ("training",))["training"].get("leaks", "")) if path.exists() else ""


def _pictures(classes: Sequence[Mapping[str, Any]], grid: int, prepared: Path, synthetic: Path) -> dict[str, Pictures]:
    """What is shown of every class, with nearest neighbours among the training images of all classes."""
    train, test = ImageSet.load(prepared / "train"), ImageSet.load(prepared / "test")
    kept, references = _kept_files(synthetic), pixels(train.images)
    found = {}
    for label in [entry["label"] for entry in classes]:
        files = kept.get(label, [])[:grid]
        images = read_images([synthetic / file for file in files], train.images)
        places, distances = nearest(pixels(images[:PAIRS]), references)
        neighbours = [
            Neighbour(file, image, train.images[place], str(train.labels[place]), float(distance))
            for file, image, place, distance in zip(files, images, places, distances, strict=False)
        ]
        _, usual = nearest(pixels(test.of_class(label).images[:CONTROLS]), references)
        found[label] = Pictures(
            real=train.of_class(label).images[:grid],
            synthetic=images,
            neighbours=neighbours,
            test_distance=float(np.median(usual)) if len(usual) else None,
        )
    return found


def _kept_files(synthetic: Path) -> dict[str, list[str]]:
    """Label -> paths, relative to `synthetic`, of the kept images in the order they were made."""
    files: dict[str, list[str]] = {}
    for row in read_rows(synthetic / "manifest.csv", ("label", "file")):
        if row["file"]:
            files.setdefault(row["label"], []).append(row["file"])
    return files
