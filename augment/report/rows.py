"""What the page shows of rows of a table, or of vectors: the same contents, with columns in the place of pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from augment.core.files import Rows, read_json, read_rows
from augment.data.checksums import check_files
from augment.data.rows.rowset import RowSet, unmistakable
from augment.evaluation.columns import columns
from augment.gan.bundle_files import MANIFEST_FORMAT, Index, read_form, read_index
from augment.gan.rows.manifest import RowManifest
from augment.report.charts.marginals import marginal_chart
from augment.report.checks import checklist
from augment.report.contents import CURVE_COLUMNS, MANIFEST_COLUMNS, VERDICT_KEYS, Contents, RowLook
from augment.report.delivered import Delivered
from augment.report.pictures import ClassPictures, ClosestPairs

TABLES = (
    "runs", "arms", "comparisons", "classes", "acceptance", "audit", "copies", "membership", "reliability", "confusion",
    "families",
)  # fmt: skip
FIGURES = ("label", "synthetic", "real")
ROW_TABLES = ("marginals", "correlations")
SHOWN_CHARTS, SHOWN_PAIRS, SHOWN_COLUMNS = 8, 5, 12
NO_PICTURES = np.zeros((0, 1, 1, 1), np.uint8)


def load_rows(title: str, grid: int, project: Path, _: Path) -> Contents:
    """As `load` of contents.py, of rows. Raises `DataError` naming a file that is missing, damaged or incomplete."""
    data, models, reports = project / "data", project / "models", project / "reports" / "evaluation"
    check_files(reports)
    index, verdict = read_index(models), read_json(reports / "verdict.json", VERDICT_KEYS)
    sides = {side: RowSet.load(data / "prepared" / side) for side in ("train", "val", "test")}
    kept = RowSet.load(data / "synthetic" / "kept")
    certain = {side: unmistakable(sides[side], sides["train"]) for side in ("val", "test")}
    tables: dict[str, Rows] = {name: read_rows(reports / f"{name}.csv", columns(name)) for name in TABLES}
    tables |= {name: [] for name in ("quality", "told_apart")}
    classes = read_json(data / "prepared" / "classes.json")
    recipe = read_json(data / "augmented" / "recipe.json", ["real", "synthetic"])
    nothing = ClassPictures(NO_PICTURES, NO_PICTURES, [], None)
    return Contents(
        title=title,
        verdict=verdict,
        environment=read_json(reports / "environment.json"),
        classes=classes,
        models={label: entry.model_dump() for label, entry in index.classes.items()},
        manifest=read_rows(data / "prepared" / "manifest.csv", MANIFEST_COLUMNS),
        tables=tables,
        curves={label: _curve(models / entry.slug / "curve.csv") for label, entry in sorted(index.classes.items())},
        leaks=dict.fromkeys(sorted(index.classes), ""),
        pictures={entry["label"]: nothing for entry in classes},
        closest=ClosestPairs([], []),
        delivered=Delivered(recipe["real"], recipe["synthetic"], []),
        working_size=(1, len(sides["train"].schema.columns)),
        checks=checklist(
            sides=sides,
            synthetic=kept.digests(),
            certain={*sides["val"].take(certain["val"]).digests(), *sides["test"].take(certain["test"]).digests()},
            models=_training(models, index),
            audit=tables["audit"],
            judged_test=verdict["looked"]["prepared"],
        ),
        columns=grid,
        rows=_look(data, reports, sides, kept),
    )


def _training(models: Path, index: Index) -> dict[str, Mapping[str, Any]]:
    """What the manifests say of the training, by label; a class that failed has none."""
    trained = {label: entry.slug for label, entry in index.classes.items() if entry.slug in index.folders}
    return {
        label: read_form(models / folder, RowManifest, MANIFEST_FORMAT, index.bound(folder)).training
        for label, folder in trained.items()
    }


def _curve(path: Path) -> Rows:
    return read_rows(path, CURVE_COLUMNS) if path.exists() else []


def _look(data: Path, reports: Path, sides: Mapping[str, RowSet], kept: RowSet) -> RowLook:
    marginals, correlations = (read_rows(reports / f"{name}.csv", FIGURES) for name in ROW_TABLES)
    groups = read_json(data / "prepared" / "groups.json", ["left_out"])
    worst = sorted(marginals, key=lambda row: float(row["real"]) - float(row["synthetic"]))[:SHOWN_CHARTS]
    return RowLook(
        columns=len(kept.schema.columns),
        left_out=groups["left_out"],
        marginals=marginals,
        correlations=correlations,
        charts=[_chart(row, kept, sides["test"]) for row in worst],
        closest=_closest(data, kept, sides["train"]),
    )


def _chart(row: Mapping[str, str], kept: RowSet, test: RowSet) -> dict[str, str]:
    names = [column.name for column in test.schema.columns]
    at = names.index(row["column"])
    made, real = (side.of_class(row["label"]).values[:, at] for side in (kept, test))
    title = f"{row['column']} of {row['label']}"
    return {"title": title, "svg": marginal_chart(title, test.schema.columns[at], made, real)}


def _closest(data: Path, kept: RowSet, train: RowSet) -> list[dict[str, Any]]:
    """The kept samples that lie nearest to a training row of their class, as `generate` measured it."""
    lines = read_rows(data / "synthetic" / "manifest.csv", ["nearest_distance"])
    place = {name: at for at, name in enumerate(kept.sources.tolist())}
    kept_lines = [line for line in lines if line["kept"] == "1"]
    nearest = sorted(kept_lines, key=lambda line: (float(line["nearest_distance"]), line["label"]))[:SHOWN_PAIRS]
    names = [column.name for column in kept.schema.columns][:SHOWN_COLUMNS]
    pairs = []
    for line in nearest:
        made = kept.values[place[f"{line['label']}/{line['index']}"]]
        real = train.of_class(line["label"]).values[int(line["nearest_train"])]
        texts = [kept.schema.texts(row.tolist()) for row in (made, real)]
        shown = [[_short(text[name]) for name in names] for text in texts]
        pairs.append({"label": line["label"], "distance": line["nearest_distance"], "columns": names, "made": shown[0],
                      "real": shown[1]})  # fmt: skip
    return pairs


def _short(text: str) -> str:
    try:
        return f"{float(text):.5g}"
    except ValueError:
        return text[:20]
