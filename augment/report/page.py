"""From the values of a run to one HTML page that opens anywhere: no request, no other file."""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from augment.core.grids import GAP_PX
from augment.core.words import printable
from augment.data.rows.wording import in_rows
from augment.report import tables, words
from augment.report.charts.curves import curve_chart
from augment.report.charts.intervals import interval_chart
from augment.report.charts.reliability import reliability_diagram
from augment.report.contents import Contents
from augment.report.first_screen import first_screen
from augment.report.pictures import CONTROL_IMAGES_PER_CLASS, ClassPictures, Detail, Neighbour, data_uri, strip, tile
from augment.report.plots import shown_detail

MAX_OPEN_MATRIX_CLASSES = 24  # up to this many classes, the confusion matrix stands open
NOTHING_SHOWN = Detail(1, True)
STRIP_WIDTH_PX = 528  # pixels: the width of a strip of images
MAX_SHOWN_QUARANTINED = 50
MAX_SHOWN_MARGINALS = 200


def render(contents: Contents) -> str:
    """The page as HTML; equal contents give equal text. Every label and reason is escaped."""
    labels, chosen = [entry["label"] for entry in contents.classes], contents.verdict["policy"]["arm"]
    detail = shown_detail(contents) if contents.rows is None else NOTHING_SHOWN
    values: dict[str, Any] = {
        "page": contents,
        "labels": labels,
        "chosen": chosen,
        "real": contents.verdict["best_real"],
        "judged_arm": tables.judged_arm(contents.tables["comparisons"], chosen),
        "primary_metric": words.in_words("primary", contents.verdict["primary"]),
        "cards": [_card(label, pictures, detail) for label, pictures in contents.pictures.items()],
        "left_out": len(labels) - len(contents.pictures),
        "curves": _curves(contents),
        "diagrams": _diagrams(contents, chosen, contents.verdict["best_real"]),
        "closest": _pairs(contents.closest.pairs, detail),
        "control_images": CONTROL_IMAGES_PER_CLASS,
        "few_matrix_classes": len(labels) <= MAX_OPEN_MATRIX_CLASSES,
        "shown_quarantined": MAX_SHOWN_QUARANTINED,
        "shown_marginals": MAX_SHOWN_MARGINALS,
    }
    values |= first_screen(contents) | _scope(contents) | _tables(contents, labels, values["real"], chosen)
    values |= _charts(contents, values["primary_metric"].capitalize(), values["judged_arm"], chosen)
    text = _environment().get_template("page.html").render(values)
    return printable(text if contents.rows is None else html_in_rows(text))  # no label reorders or hides others


def html_in_rows(html: str) -> str:
    """A page whose texts speak of rows; tags, styles and what is code stay."""
    apart = re.split(r"(<style>.*?</style>|<script>.*?</script>|<code>.*?</code>|<[^>]*>)", html, flags=re.DOTALL)
    return "".join(part if at % 2 else in_rows(part) for at, part in enumerate(apart))


def _scope(contents: Contents) -> dict[str, Any]:
    """How much the verdict speaks of."""
    return {
        "seeds": len({row["seed"] for row in contents.tables["runs"]}),
        "test_images": sum(entry["test"] for entry in contents.classes),
        "failed_checks": sum(check.status == "fail" for check in contents.checks),
    }


def _charts(contents: Contents, metric: str, judged_arm: str, chosen: str) -> dict[str, Any]:
    return {
        "arm_chart": interval_chart(
            f"{metric} on test of every arm, in per cent", tables.arm_marks(contents.tables["arms"], chosen)
        ),
        "comparison_chart": interval_chart(
            f"{metric} of the judged arm minus each rival on test, in points",
            tables.comparison_marks(contents.tables["comparisons"], judged_arm),
            reference=0.0,
        ),
        "attack_chart": interval_chart(
            "AUC of the membership attack in every feature space, in per cent; guessing has 50",
            tables.attack_marks(contents.tables["membership"]),
            reference=50.0,
            reach=(50.0, 100.0),
        ),
    }


def _tables(contents: Contents, labels: list[str], real: str, chosen: str) -> dict[str, Any]:
    quality = tables.quality_rows(contents.tables["quality"])
    return {
        "attack": tables.attack_finding(contents.tables["membership"]),
        "class_rows": tables.class_rows(contents, real, chosen),
        "told_apart": tables.told_apart_finding(contents.tables["told_apart"]),
        "selection_rows": tables.selection_rows(contents),
        "pooled_copies": next((row for row in contents.tables["copies"] if row["label"] == "pooled"), None),
        "spaces": tables.quality_spaces(contents.tables["quality"]),
        "quality_pooled": [row for row in quality if row["label"] == "pooled"],
        "quality_single": [row for row in quality if row["label"] in contents.pictures],
        "failures": [
            (label, each["reason"]) for label, each in sorted(contents.models.items()) if each["status"] == "failed"
        ],
        "confusion": tables.confusion(contents.tables["confusion"], labels),
        "accounting": tables.accounting(contents.manifest),
        "quarantined": [row for row in contents.manifest if row["outcome"] == "quarantined"],
    }


def _card(label: str, pictures: ClassPictures, detail: Detail) -> dict[str, Any]:
    return {
        "label": label,
        "real": _strip(pictures.real, detail),
        "real_count": len(pictures.real),
        "synthetic": _strip(pictures.synthetic, detail),
        "synthetic_count": len(pictures.synthetic),
        "test_distance": pictures.test_distance,
        "pairs": _pairs(pictures.neighbours, detail),
    }


def _pairs(neighbours: Sequence[Neighbour], detail: Detail) -> list[dict[str, Any]]:
    """Each synthetic image above its nearest training image, as one picture."""
    return [{"uri": _uri([pair.image, pair.nearest], 1, detail), "pair": pair} for pair in neighbours]


def _uri(images: Any, columns: int, detail: Detail) -> str:
    return data_uri(strip(images, columns, detail.side), detail.lossless)


def _diagrams(contents: Contents, chosen: str, real: str) -> list[dict[str, Any]]:
    """Reliability of the chosen arm, and beside it of the best real-only one."""
    arms = {row["arm"]: row for row in contents.tables["arms"]}
    best = "the best real-only arm"
    roles = {real: f"chosen, {best}"} if chosen == real else {chosen: "chosen", real: best}
    return [
        {
            "arm": arm,
            "role": role,
            "ece": arms[arm]["ece"],
            "bins": [row for row in contents.tables["reliability"] if row["arm"] == arm],
            "svg": reliability_diagram(
                f"Reliability of {words.in_words('spoken', arm)}: share of right answers on test by stated "
                "probability, in per cent",
                arms[arm]["kind"],
                tables.bins(contents.tables["reliability"], arm),
            ),
        }
        for arm, role in roles.items()
        if arm in arms
    ]


def _strip(images: Any, detail: Detail) -> str | None:
    if not len(images):
        return None
    across = tile(images[0], detail.side).width + GAP_PX
    return _uri(images, max(1, (STRIP_WIDTH_PX + GAP_PX) // across), detail)


def _curves(contents: Contents) -> list[dict[str, Any]]:
    """Per class with a curve, the win rate and the two losses as charts, and what leaked into its samples."""
    return [
        {
            "label": f"{label}: {contents.leaks[label]}" if contents.leaks[label] else label,
            "win": curve_chart(f"Win rate of {label}", tables.curve_lines(rows, ("win_rate",)), 0.5, unit=True),
            "loss": curve_chart(f"Losses of {label}", tables.curve_lines(rows, ("d_loss", "g_loss"))),
        }
        for label, rows in contents.curves.items()
        if rows and label in contents.pictures
    ]


def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "template")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {kind: partial(words.in_words, kind) for kind in words.WORDS}
    environment.filters |= {
        "percent": words.percent, "points": words.points, "compact": words.compact, "fixed": words.fixed,
        "share": words.share,
        "size": words.size, "minutes": words.minutes,
        "gain_or_none": words.gain_or_none, "key": words.sort_key, "code": words.code,
        "digest": lambda text: base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode(),
    }  # fmt: skip
    return environment
