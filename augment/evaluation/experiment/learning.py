"""The learning curve: its classifiers trained and measured."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.evaluation.experiment.experiment import ExperimentResult, ExperimentSettings, score_real_arm
from augment.evaluation.experiment.learning_curve import CurvePoint, RecallsBySize, class_recalls
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable
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
) -> tuple[MetricTable, RecallsBySize]:
    """Train `real` at every size but all of the images, which it has been trained on.

    measure: class probabilities on test by name -> the primary metric. Returns it for every size and for the default
    GAN arm, and the recalls of the classes by size.
    """
    further_points = [point for point in curve if point.fraction != 1]
    further_scores = iter(
        score_real_arm([one for point in further_points for one in point.replicates], real, settings, engine)[real]
    )
    scores = {point.name: [next(further_scores) for _ in point.replicates] for point in further_points}
    scores["1"] = result.test_scores[real]
    table = measure({**scores, DEFAULT_GAN_ARM: result.test_scores[DEFAULT_GAN_ARM]})
    assert table is not None, "the same test set gave a verdict"
    return table, class_recalls(protocol, scores)
