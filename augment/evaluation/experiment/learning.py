"""The learning curve from training to what it tells."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.evaluation.experiment.experiment import ExperimentResult, ExperimentSettings, score_real_arm
from augment.evaluation.experiment.learning_curve import CurvePoint, class_recalls, learning_curve_rows
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.equivalence_wording import equivalence_entry
from augment.params.arms import DEFAULT_GAN_ARM, Arm

Measure = Callable[[dict[str, list[NDArray[np.float32]]]], MetricTable | None]


def run_learning_curve(
    curve: Sequence[CurvePoint],
    protocol: Protocol,
    result: ExperimentResult,
    real: Arm,
    settings: ExperimentSettings,
    engine: Engine,
    measure: Measure,
) -> tuple[list[dict[str, object]], dict[str, Any]]:
    """Train `real` at every size but all of the images, which it has been trained on.

    measure: class probabilities on test by name -> the primary metric. Returns the rows of learning_curve.csv and the
    entry `exchange` of verdict.json.
    """
    further_points = [point for point in curve if point.fraction != 1]
    further_scores = iter(
        score_real_arm([one for point in further_points for one in point.replicates], real, settings, engine)[real]
    )
    scores = {point.name: [next(further_scores) for _ in point.replicates] for point in further_points}
    scores["1"] = result.test_scores[real]
    table = measure({**scores, DEFAULT_GAN_ARM: result.test_scores[DEFAULT_GAN_ARM]})
    assert table is not None, "the same test set gave a verdict"
    by_class = class_recalls(protocol, scores)
    return list(learning_curve_rows(curve, table, by_class)), equivalence_entry(
        curve, table, by_class, protocol.tested_images.counts(), DEFAULT_GAN_ARM, real
    )
