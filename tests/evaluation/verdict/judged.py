"""From right or wrong to a verdict in one call."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from augment.evaluation.statistics.bootstrap import resample
from augment.evaluation.statistics.metric_table import MetricTable, balanced_accuracy_table
from augment.evaluation.verdict.rules import Verdict, decide
from augment.evaluation.verdict.selection import Selection, choose_selection


def table_of(
    targets: np.ndarray, groups: np.ndarray, correct: Mapping[str, np.ndarray], draws: int = 400
) -> MetricTable:
    """Balanced accuracy of arm -> bool (S, N)."""
    return balanced_accuracy_table(correct, targets, groups, resample(targets, groups, draws, np.random.default_rng(0)))


def judged(
    test: MetricTable, val: MetricTable | None, kinds: Mapping[Any, Any], announced: float | None = 0.02, **given: Any
) -> tuple[Selection, Verdict]:
    """What is delivered, and the verdict, with a margin of one point."""
    policy = choose_selection(val, kinds)
    return policy, decide(test, val, policy, kinds, equivalence=0.01, announced=announced, **given)
