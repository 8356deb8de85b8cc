"""The run as pictures and tables for `dvc plots`: one row per pictured class, all in one file; gains and arms with
their intervals, which none of DVC's own templates draws."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from augment.core.files import Row
from augment.core.grids import png
from augment.data.imageset import UInt8
from augment.report.contents import Contents
from augment.report.pictures import Detail, detail_for, labelled_rows, strip
from augment.report.words import in_words, number


def grids(contents: Contents) -> dict[str, bytes]:
    """PNG files by name: `real`, `synthetic`, `neighbours` (each synthetic image above the nearest training image);
    none of a table."""
    if contents.rows is not None:
        return {}  # the page has charts of the columns
    longest, columns = shown_detail(contents).side, contents.columns

    def picture(images: Sequence[UInt8] | UInt8, across: int) -> Image.Image | None:
        return strip(images, across, longest) if len(images) else None

    rows: dict[str, list[tuple[str, Image.Image | None]]] = {"real": [], "synthetic": [], "neighbours": []}
    for label, shown in contents.pictures.items():
        pairs = shown.neighbours
        stacked = [pair.image for pair in pairs] + [pair.nearest for pair in pairs]
        rows["real"].append((label, picture(shown.real, columns)))
        rows["synthetic"].append((label, picture(shown.synthetic, columns)))
        rows["neighbours"].append((label, picture(stacked, len(pairs))))
    return {name: png(labelled_rows(of_name)) for name, of_name in rows.items()}


def curve_rows(contents: Contents) -> list[Row]:
    """The curves of all classes as one long table with a `class` column."""
    return [{"class": label, **row} for label, rows in contents.curves.items() for row in rows]


INTERVAL_COLUMNS = ("name", "mean", "low", "high")
_NAME = {"field": "name", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 320}}
_REVISION: Mapping[str, Any] = {"yOffset": {"field": "rev"}, "color": {"field": "rev", "type": "nominal"}}
INTERVAL_TEMPLATE: Mapping[str, Any] = {  # Vega-Lite with the places that DVC fills in
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": "<DVC_METRIC_DATA>"},
    "title": "<DVC_METRIC_TITLE>",
    "width": 480,
    "height": {"step": 18},
    "encoding": {"y": _NAME, **_REVISION},
    "layer": [
        {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {
            "x": {"field": "low", "type": "quantitative", "title": "<DVC_METRIC_X_LABEL>", "scale": {"zero": False}},
            "x2": {"field": "high"},
        }},
        {"mark": {"type": "point", "filled": True, "size": 70, "tooltip": {"content": "data"}}, "encoding": {
            "x": {"field": "<DVC_METRIC_X>", "type": "quantitative", "scale": {"zero": False}},
        }},
    ],
}  # fmt: skip


def gain_rows(contents: Contents, judged_arm: str) -> list[Row]:
    """The net gain, and the gain of the judged arm over each of its rivals on test, in points."""
    of_judged = [
        {**row, "name": f"over: {in_words('words', row['rival'])}"}
        for row in contents.tables["comparisons"]
        if row["split"] == "test" and row["candidate"] == judged_arm
    ]
    return _hundredfold([{**contents.verdict["gain"]["net"], "name": "net: over the best real-only way"}, *of_judged])


def arm_rows(contents: Contents) -> list[Row]:
    """The primary metric of every arm on test, in per cent."""
    return _hundredfold([{**row, "name": in_words("words", row["arm"])} for row in contents.tables["arms"]])


def _hundredfold(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Fractions of 1 as a person reads them; what was not measured has no row."""
    figures = INTERVAL_COLUMNS[1:]
    known = [row for row in rows if all(number(row[figure]) is not None for figure in figures)]
    return [{"name": row["name"]} | {figure: f"{100 * float(row[figure]):.4f}" for figure in figures} for row in known]


def shown_detail(contents: Contents) -> Detail:
    """With which all images of this run are shown."""
    parts = contents.pictures.values()
    shown = sum(len(part.real) + len(part.synthetic) + 2 * len(part.neighbours) for part in parts)
    return detail_for(shown + 2 * len(contents.closest.pairs), *contents.working_size)
