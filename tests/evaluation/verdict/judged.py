"""From right or wrong to a verdict in one call."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from augment.evaluation.statistics.bootstrap import resample
from augment.evaluation.statistics.metric_table import Figures, figures_of
from augment.evaluation.verdict.rules import Verdict, decide
from augment.evaluation.verdict.selection import Policy, choose_policy


def figures(targets: np.ndarray, groups: np.ndarray, correct: Mapping[str, np.ndarray], draws: int = 400) -> Figures:
    """Balanced accuracy of arm -> bool (S, N)."""
    return figures_of(correct, targets, groups, resample(targets, groups, draws, np.random.default_rng(0)))


def judged(
    test: Figures, val: Figures | None, kinds: Mapping[Any, Any], announced: float | None = 0.02
) -> tuple[Policy, Verdict]:
    """What is delivered, and the verdict, with a margin of one point."""
    policy = choose_policy(val, kinds)
    return policy, decide(test, val, policy, kinds, equivalence=0.01, announced=announced)
