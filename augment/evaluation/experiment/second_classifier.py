"""The comparison once more with another kind of classifier: logistic regression on fixed features.

What holds for one small network may not hold for another classifier. This one cannot augment what it draws, so it
sees the arms that differ in their images: each image weighs as often as the arm draws it. Of made images it sees the
first of each class, since it is fitted to all at once, which takes long. Nothing of it decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, alone, arm_data
from augment.evaluation.experiment.classifier import IMAGENET_STRENGTH
from augment.evaluation.experiment.experiment import Scores
from augment.evaluation.experiment.protocol import Replicate
from augment.evaluation.statistics.comparisons import compare, over_the_best
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.verdict.selection import Kind
from augment.measure.features import random_convolutions
from augment.measure.imagenet import imagenet_features
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params import Arm, Features

Float32 = NDArray[np.float32]

STRENGTH = {"random_convolutions": 0.1, "imagenet": IMAGENET_STRENGTH}
MOST = 200  # made images of a class
COLUMNS = ("classifier", "arm", "kind", "mean", "low", "high", "best_real", "net", "net_low", "net_high")
BY_IMAGES: tuple[Arm, ...] = (
    "none", "oversample", "smote", "smote_half", "mixup_within", "mixup_within_half",
    "gan_fill", "gan_half", "gan_half_filtered", "gan_only", "copies_half", "shuffled", "noise",
)  # fmt: skip


@dataclass(frozen=True)
class _Unit:
    """All classifiers of one repeat, by arm; test: the features of its test images."""

    train: ImageSet
    samples: Mapping[Arm, Samples]
    features: Features
    test: Float32


def logistic_scores(
    replicates: Sequence[Replicate], samples: Sequence[Samples], arms: Sequence[Arm], features: Features, engine: Engine
) -> Scores:
    """Probabilities on test: arm -> float32 (N, classes) for each repeat, of those `arms` that differ in images.

    samples: one for each repeat. Raises `ParamsError` when the features are not installed.
    """
    extract = extractor(features)
    tests = {id(one.splits.test): one.splits.test for one in replicates}
    found = dict(engine.map(extract, [test.images for test in tests.values()]))
    of_test = {key: found[position] for position, key in enumerate(tests)}
    wanted = [arm for arm in BY_IMAGES if arm in arms]
    units = [
        _Unit(one.splits.train, {arm: alone(arm, own, MOST) for arm in wanted}, features, of_test[id(one.splits.test)])
        for one, own in zip(replicates, samples, strict=True)
    ]
    by_repeat = dict(engine.map(_score, units))
    return {arm: [by_repeat[position][arm] for position in range(len(units))] for arm in wanted}


def extractor(features: Features) -> Callable[[NDArray[np.uint8]], Float32]:
    """uint8 (N, C, H, W) -> float32 (N, D)."""
    return imagenet_features if features == "imagenet" else random_convolutions


def _score(unit: _Unit) -> dict[Arm, Float32]:
    """Every arm draws the training images first, so these are described once."""
    extract, real = extractor(unit.features), len(unit.train)
    own = extract(unit.train.images)
    scores: dict[Arm, Float32] = {}
    for arm, samples in unit.samples.items():
        data = arm_data(arm, unit.train, samples)
        described = np.concatenate([own, extract(data.images[real:])]) if len(data.images) > real else own
        model = fit_logistic(described, data, STRENGTH[unit.features])
        scores[arm] = logistic_probabilities(model, unit.test, len(unit.train.classes)).astype(np.float32)
    return scores


def rows(figures: Figures, kinds: Mapping[Arm, Kind], classifier: str) -> list[dict[str, Any]]:
    """Rows of families.csv: every arm's figure, and of arms with made images the gain over the best real-only one.

    figures: of the arms that ran; all figures are fractions of 1, with 95 % intervals.
    """
    arms = {arm: kind for arm, kind in kinds.items() if arm in figures.values}
    real = [arm for arm, kind in arms.items() if kind == "real"]
    found = []
    for arm, kind in arms.items():
        low, high = figures.estimate(arm).interval(least=0.0)
        row = {"classifier": classifier, "arm": arm, "kind": kind, "mean": figures.mean(arm), "low": low, "high": high}
        if kind != "real":
            net = over_the_best([compare(figures, arm, rival, "test", "secondary", len(real)) for rival in real])
            row |= {"best_real": net.best, "net": net.gain.mean, "net_low": net.gain.low, "net_high": net.gain.high}
        found.append(row)
    return found
