"""The learning curve from training to what it tells."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.evaluation.experiment.experiment import Compared, Comparing, on_real
from augment.evaluation.experiment.learning_curve import Point, recalls, rows
from augment.evaluation.experiment.protocol import Plan
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.verdict.equivalence_wording import told
from augment.evaluation.verdict.selection import DEFAULT
from augment.params import Arm

Measure = Callable[[dict[str, list[NDArray[np.float32]]]], Figures | None]


def learn(
    curve: Sequence[Point],
    plan: Plan,
    compared: Compared,
    real: Arm,
    settings: Comparing,
    engine: Engine,
    measure: Measure,
) -> tuple[list[dict[str, object]], dict[str, Any]]:
    """Train `real` at every size but all of the images, which it has been trained on.

    measure: class probabilities on test by name -> the deciding figure. Returns the rows of learning_curve.csv and the
    entry `exchange` of verdict.json.
    """
    further = [point for point in curve if point.fraction != 1]
    runs = iter(on_real([one for point in further for one in point.replicates], real, settings, engine)[real])
    scores = {point.name: [next(runs) for _ in point.replicates] for point in further}
    scores["1"] = compared.test_scores[real]
    figures = measure({**scores, DEFAULT: compared.test_scores[DEFAULT]})
    assert figures is not None, "the same test set gave a verdict"
    by_class = recalls(plan, scores)
    return list(rows(curve, figures, by_class)), told(curve, figures, by_class, plan.tested.counts(), DEFAULT, real)
