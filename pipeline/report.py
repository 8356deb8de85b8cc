"""Write reports/report.html and reports/plots/ from the outputs of the stages before."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from augment.core.files import write_bytes, write_csv, write_json, write_text
from augment.core.progress import say
from augment.core.progress.run_clock import RUN
from augment.data.rows.rowset import holds_rows
from augment.params import Params
from augment.params.arms import DISTANCE_ARM, FIRST_LOOK_ARMS, FIRST_LOOK_SEEDS
from augment.project.sealed import read_sealed
from augment.report.contents import CURVE_COLUMNS, load
from augment.report.page import render
from augment.report.plots import INTERVAL_COLUMNS, INTERVAL_TEMPLATE, arm_rows, curve_rows, gain_rows, grids
from augment.report.rows import load_rows
from augment.report.tables import judged_arm
from pipeline.common import ARM_SECONDS, PAGE, PLOTS, PREPARED, REPEAT_MINUTES, main


def report(params: Params) -> None:
    """The page for people, and what dvc.yaml lists as plots."""
    read = load_rows if holds_rows(PREPARED / "train") else load
    contents = read(params.report.title, params.report.grid, Path(), Path(params.train.base))
    scores = contents.verdict["looked"].get("scores")
    contents = replace(contents, seconds=arm_seconds(scores), repeat_minutes=repeat_minutes(scores))
    contents = replace(contents, looked_at=folder_of_first_look(params))
    shutil.rmtree(PLOTS, ignore_errors=True)
    for name, picture in grids(contents).items():
        write_bytes(PLOTS / f"{name}.png", picture)
    write_csv(PLOTS / "curves.csv", curve_rows(contents), (CURVE_COLUMNS[0], "class", *CURVE_COLUMNS[1:]))
    write_csv(PLOTS / "confusion.csv", contents.tables["confusion"], ("actual", "predicted"))
    judged = judged_arm(contents.tables["comparisons"], contents.verdict["policy"]["arm"])
    write_csv(PLOTS / "gain.csv", gain_rows(contents, judged), INTERVAL_COLUMNS)
    write_csv(PLOTS / "arms.csv", arm_rows(contents), INTERVAL_COLUMNS)
    write_json(PLOTS / "intervals.json", INTERVAL_TEMPLATE)
    write_text(PAGE, render(contents))
    if RUN not in os.environ:  # `augment run` ends with all of the verdict
        say("\n".join(["", *closing(contents.verdict)]))


def folder_of_first_look(params: Params) -> str:
    """Where the run compared what `augment run --quick` compares, as briefly, and no more; empty elsewhere."""
    chosen = params.evaluate
    arms = {*FIRST_LOOK_ARMS, DISTANCE_ARM, chosen.classifier, chosen.augmentation}
    is_brief = chosen.seeds <= FIRST_LOOK_SEEDS and chosen.second_classifier == "off"
    return params.ingest.path if is_brief and {*chosen.arm_names} <= arms and params.ingest.source == "folder" else ""


def closing(verdict: Mapping[str, Any]) -> list[str]:
    """The verdict in words, for whoever started the stages by DVC, and where the rest is."""
    words = [f"{verdict['verdict']}: {verdict['sentence']}", str(verdict["first_line"])]
    return [*words, f"The page: {PAGE}; what to do, and why: `augment verdict`"]


def repeat_minutes(scores: str | None) -> float | None:
    """What one repeat more would take on this machine, where it ran the experiment; scores: as below."""
    kept = read_sealed(REPEAT_MINUTES, scores) if scores else None
    return float(kept) if kept else None


def arm_seconds(scores: str | None) -> Mapping[str, float]:
    """Processor seconds of each arm, where this machine has trained them; scores: digest of those that were judged."""
    kept = read_sealed(ARM_SECONDS, scores) if scores else None
    seconds: Mapping[str, float] = json.loads(kept) if kept else {}
    return seconds


if __name__ == "__main__":
    main(report, PAGE, PLOTS)
