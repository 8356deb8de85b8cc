"""Write reports/report.html and reports/plots/ from the outputs of the stages before."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from augment.core.files import write_bytes, write_csv, write_text
from augment.core.progress import say
from augment.core.progress.run_clock import RUN
from augment.params import Params
from augment.project.sealed import read_sealed
from augment.report.contents import CURVE_COLUMNS, load
from augment.report.page import render
from augment.report.plots import curve_rows, grids
from pipeline.common import ARM_SECONDS, MODELS, PAGE, PLOTS, PREPARED, REPORTS, SYNTHETIC, main


def report(params: Params) -> None:
    """The page for people, and what dvc.yaml lists as plots."""
    base = Path(params.train.base)
    contents = load(params.report.title, params.report.grid, PREPARED, MODELS, SYNTHETIC, REPORTS, base)
    contents = replace(contents, seconds=arm_seconds(contents.verdict["looked"].get("scores")))
    shutil.rmtree(PLOTS, ignore_errors=True)
    for name, picture in grids(contents).items():
        write_bytes(PLOTS / f"{name}.png", picture)
    write_csv(PLOTS / "curves.csv", curve_rows(contents), (CURVE_COLUMNS[0], "class", *CURVE_COLUMNS[1:]))
    write_csv(PLOTS / "confusion.csv", contents.tables["confusion"], ("actual", "predicted"))
    write_text(PAGE, render(contents))
    if RUN not in os.environ:  # `augment run` ends with all of the verdict
        say("\n".join(["", *closing(contents.verdict)]))


def closing(verdict: Mapping[str, Any]) -> list[str]:
    """The verdict in words, for whoever started the stages by DVC, and where the rest is."""
    words = [f"{verdict['verdict']}: {verdict['sentence']}", str(verdict["first_line"])]
    return [*words, f"The page: {PAGE}; what to do, and why: `augment verdict`"]


def arm_seconds(scores: str | None) -> Mapping[str, float]:
    """Processor seconds of each arm, where this machine has trained them; scores: digest of those that were judged."""
    kept = read_sealed(ARM_SECONDS, scores) if scores else None
    seconds: Mapping[str, float] = json.loads(kept) if kept else {}
    return seconds


if __name__ == "__main__":
    main(report, PAGE, PLOTS)
