"""Settings of the stages `experiment` and `evaluate` on the toy project, both of them, and what they wrote."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment.core.files import read_csv
from augment.data.imageset import ImageSet
from augment.params import Params, check
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment

COUNTS = {"crack": 5, "fine": 9, "hole": 6}
CHOSEN = {
    "evaluate": {"gate": "val", "seeds": 2, "steps": 3, "batch_size": 8, "resamples": 200},
    "generate": {"per_class": 4, "oversample": 2, "folds": 2, "filter_steps": 2},
    "compute": {"engine": "serial"},
}


def params(**evaluate: object) -> Params:
    return check({**CHOSEN, "evaluate": {**CHOSEN["evaluate"], **evaluate}})


def compare(params: Params) -> None:
    """Both stages."""
    experiment(params)
    evaluate(params)


def verdict() -> dict[str, object]:
    found: dict[str, object] = json.loads(Path("reports/evaluation/verdict.json").read_text())
    return found


def named(side: ImageSet, name: str) -> ImageSet:
    return replace(side, groups=np.char.add(f"{name} ", side.groups), sources=np.char.add(f"{name} ", side.sources))


def rows_of(name: str) -> list[dict[str, str]]:
    return read_csv(Path(f"reports/evaluation/{name}.csv"))
