"""The comparison once more with another kind of classifier: logistic regression on fixed features.

What holds for one small network may not hold for another classifier. This one cannot augment what it draws, so it
sees the arms that differ in their images: each image weighs as often as the arm draws it. Of made images it sees the
first of each class, since it is fitted to all at once, which takes long. Nothing of it decides.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import Samples, arm_data, samples_of_arm
from augment.evaluation.experiment.protocol import Replicate
from augment.evaluation.scores import Float32, ScoresByArm
from augment.measure.backbone.backbone import features as backbone_features
from augment.measure.backbone.backbone import load_backbone
from augment.measure.features import random_convolutions
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params.arm_row import Features
from augment.params.arms import ARMS_DIFFERING_IN_IMAGES, Arm

INVERSE_REGULARISATION = {"random_convolutions": 0.1, "imagenet": 0.01}  # of three each, the best on four sets
MAX_MADE_PER_CLASS = 200  # made images of a class


def logistic_scores(
    replicates: Sequence[Replicate], samples: Sequence[Samples], arms: Sequence[Arm], features: Features, engine: Engine
) -> ScoresByArm:
    """Probabilities on test: arm -> float32 (N, classes) for each repeat, of those `arms` that differ in images.

    samples: one for each repeat. Raises `ParamsError` when the features are not installed.
    """
    extract = extractor(features)
    tests = list(dict.fromkeys(one.splits.test for one in replicates))
    of_test = dict(zip(tests, engine.gather(extract, [test.images for test in tests]), strict=True))
    wanted = [arm for arm in ARMS_DIFFERING_IN_IMAGES if arm in arms]
    drawn = [{arm: samples_of_arm(arm, made, MAX_MADE_PER_CLASS) for arm in wanted} for made in samples]
    trains, described = [one.splits.train for one in replicates], [of_test[one.splits.test] for one in replicates]
    jobs = list(zip(trains, drawn, described, strict=True))
    by_repeat = engine.gather(partial(_score_repeat, features), jobs)
    return {arm: [scores[arm] for scores in by_repeat] for arm in wanted}


def extractor(features: Features) -> Callable[[NDArray[np.uint8]], Float32]:
    """uint8 (N, C, H, W) -> float32 (N, D)."""
    return partial(backbone_features, load_backbone("lite0")) if features == "imagenet" else random_convolutions


def _score_repeat(features: Features, job: tuple[ImageSet, Mapping[Arm, Samples], Float32]) -> dict[Arm, Float32]:
    """By arm: of a training set, what each arm draws, and the features of the test images.

    Every arm draws the training images first, so these are described once.
    """
    train, samples_by_arm, test = job
    extract = extractor(features)
    real_features = extract(train.images)
    scores: dict[Arm, Float32] = {}
    for arm, samples in samples_by_arm.items():
        data = arm_data(arm, train, samples)
        made = data.images[len(train) :]
        described = np.concatenate([real_features, extract(made)]) if len(made) else real_features
        weights = data.sampling_weights * (data.sampling_weights > 0).sum()
        model = fit_logistic(described, data.targets, weights, INVERSE_REGULARISATION[features])
        scores[arm] = logistic_probabilities(model, test, len(train.classes)).astype(np.float32)
    return scores
