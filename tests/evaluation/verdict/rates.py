"""Runs in which every arm is right on exactly its rate of every class."""

import numpy as np

from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.selection import Selection
from tests.evaluation.verdict.judged import judged, table_of

KINDS = {
    "none": "real",
    "oversample": "real",
    "classical": "real",
    "gan_half": "gan",
    "gan_half_filtered": "gan",
    "copies_half": "control",
}
GAN = "gan_half_filtered"
SEEDS = 5


def correct_of(rates: dict[str, float], per_class: int, seed: int = 0, classes: int = 4) -> tuple[np.ndarray, dict]:
    """Each arm is right on exactly its rate of every class; one shared order, so rates nest."""
    targets = np.repeat(np.arange(classes), per_class)
    rng = np.random.default_rng(seed)
    rank = np.concatenate([rng.permutation(per_class) for _ in range(classes)])
    correct = {arm: np.tile(rank < round(rate * per_class), (SEEDS, 1)) for arm, rate in rates.items()}
    return targets, correct


def outcomes(rates: dict[str, float], per_class: int, seed: int = 0) -> MetricTable:
    targets, correct = correct_of(rates, per_class, seed)
    return table_of(targets, np.arange(len(targets)), correct)


def rates(**changed: float) -> dict[str, float]:
    return {**dict.fromkeys(KINDS, 0.8), "none": 0.75, "oversample": 0.76, **changed}


def verdict(test: dict[str, float], val: dict[str, float] | None = None, size: int = 250) -> tuple[Selection, Verdict]:
    return judged(outcomes(test, size), outcomes(val or rates(), 60, seed=1), KINDS)
