"""What the page shows: the tables as their files hold them, and the pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augment.core.files import Rows, read_json, read_rows
from augment.data.checksums import check_files
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet
from augment.evaluation.columns import columns
from augment.gan.bundle_files import MANIFEST, SHARED, Index, read_index, read_manifest
from augment.report.carried import CarriedClass, read_carried
from augment.report.checks import SHARED_GENERATORS, LeakCheck, checklist, same_backbone
from augment.report.delivered import Delivered, read_delivered
from augment.report.pictures import (
    ClassPictures,
    ClosestPairs,
    class_pictures,
    closest_pairs,
    pictured_classes,
    read_kept,
)

TABLES = (
    "runs", "arms", "comparisons", "classes", "acceptance", "quality", "copies", "membership", "reliability",
    "told_apart", "families", "audit", "confusion",
)  # fmt: skip
CURVE_COLUMNS = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
VERDICT_KEYS = (
    "verdict", "primary", "gain", "equivalence", "deciding", "policy", "protocol", "base", "first_line", "sentence",
    "reasons", "advice", "delivery", "tried", "best_real", "explanation", "as_delivered", "smallest_gain", "looked",
)  # fmt: skip
MANIFEST_COLUMNS = ("path", "label", "outcome", "code", "detail", "split")


@dataclass(frozen=True)
class RowLook:
    """What the page shows of a table in the place of pictures.

    columns: how many are learned; left_out: column, code, why; marginals, correlations: rows of these files; charts:
    of the columns whose samples lie farthest from test, as SVG; closest: pairs of a sample and the training row nearest
    to it, by column, with their distance
    """

    columns: int
    left_out: Sequence[Mapping[str, str]]
    marginals: Rows
    correlations: Rows
    charts: Sequence[Mapping[str, str]]
    closest: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Contents:
    """All values of the page. `tables` holds the rows of reports/evaluation/<name>.csv.

    working_size: (height, width) at which GANs work. seconds: of one processor, for all repeats of an arm,
    repeat_minutes: of one repeat more; none where they were measured on another machine. pictures: of
    `pictured_classes`. looked_at: the folder of a first look, empty where the run was no such. rows: of a table alone
    """

    title: str
    verdict: Mapping[str, Any]
    environment: Mapping[str, Any]
    classes: Sequence[Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    manifest: Rows
    tables: Mapping[str, Rows]
    curves: Mapping[str, Rows]
    leaks: Mapping[str, str]
    pictures: Mapping[str, ClassPictures]
    closest: ClosestPairs
    delivered: Delivered
    working_size: tuple[int, int]
    checks: Sequence[LeakCheck]
    columns: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    repeat_minutes: float | None = None
    carried: Sequence[CarriedClass] = ()
    looked_at: str = ""
    rows: "RowLook | None" = None


def load(title: str, grid: int, project: Path, base: Path) -> Contents:
    """Read the outputs of the stages before this one; `grid` images of a class are shown; base: `train.base`. Raises
    `DataError` naming a file that is missing, damaged, unreadable or lacks a column."""
    data, models, reports = project / "data", project / "models", project / "reports"
    prepared, synthetic = data / "prepared", data / "synthetic"
    check_files(reports / "evaluation")
    sides, index = {side: ImageSet.load(prepared / side) for side in ("train", "val", "test")}, read_index(models)
    kept, counts = read_kept(synthetic, sides["train"], grid), sides["train"].counts()
    verdict = read_json(reports / "evaluation" / "verdict.json", VERDICT_KEYS)
    tables = {name: read_rows(reports / "evaluation" / f"{name}.csv", columns(name)) for name in TABLES}
    training = _training(models, index, base)
    checks = checklist(
        sides=sides,
        synthetic=[digest for samples in kept.values() for digest in samples.digests],
        certain=_never_by_chance(sides),
        models=training,
        audit=tables["audit"],
        judged_test=verdict["looked"]["prepared"],
        groups=read_json(prepared / "groups.json", ("near_duplicates", "stems")),
    )
    return Contents(
        title=title,
        verdict=verdict,
        environment=read_json(reports / "evaluation" / "environment.json"),
        classes=read_json(prepared / "classes.json"),
        models={label: entry.model_dump() for label, entry in index.classes.items()},
        manifest=read_rows(prepared / "manifest.csv", MANIFEST_COLUMNS),
        tables=tables,
        curves={label: _curve(models / entry.slug / "curve.csv") for label, entry in sorted(index.classes.items())},
        leaks={label: str(training.get(label, {}).get("leaks", "")) for label in sorted(index.classes)},
        pictures=class_pictures(
            grid, sides["train"], sides["test"], {label: kept[label] for label in pictured_classes(counts)}
        ),
        closest=closest_pairs(synthetic, sides["train"], sides["test"], kept),
        delivered=read_delivered(data / "augmented", {label: samples.images for label, samples in kept.items()}),
        working_size=sides["train"].images.shape[2:],
        checks=[*checks, *same_backbone(verdict.get("backbone", {}), project)],
        columns=grid,
        carried=read_carried(synthetic),
    )


def _never_by_chance(sides: Mapping[str, ImageSet]) -> set[str]:
    """SHA-256 of the held-out images that none of honest samples equals; small ones meet real images by chance."""
    if min(sides["test"].images.shape[2:]) < CHANCE_BELOW_PX:
        return set()
    return {*sides["val"].digests(), *sides["test"].digests()}


def _curve(path: Path) -> Rows:
    """A class that failed early has no curve."""
    return read_rows(path, CURVE_COLUMNS) if path.exists() else []


def _training(models: Path, index: Index, base: Path) -> dict[str, Mapping[str, Any]]:
    """What the manifests say of the training: by label, and of `SHARED_GENERATORS`; a class that failed has none."""
    folders = {label: entry.slug for label, entry in index.classes.items()}
    folders |= {SHARED_GENERATORS[0]: SHARED}
    bundles = {name: folder for name, folder in folders.items() if folder in index.folders}
    found: dict[str, Mapping[str, Any]]
    found = {name: read_manifest(models / folder, index.bound(folder)).training for name, folder in bundles.items()}
    return found | ({SHARED_GENERATORS[1]: read_manifest(base).training} if (base / MANIFEST).exists() else {})
