"""Independent classifiers: fresh ones of real training images, cross-fitted, that neither chose a sample nor trained a
GAN.

Each is trained on one half of the training images, cut by group, so the other half is unseen by it, as the test images
are. Their penultimate features are a space for sample quality, and their answers tell what is off its class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet, UInt8
from augment.measure.classifiers import SmallCnn, probabilities
from augment.synthesis.filter import FilterSettings, fit_filters, fold_positions

CROSS_FITTING_FOLDS = 2


@dataclass(frozen=True)
class IndependentClassifier:
    """A classifier, and the training images that it has not seen."""

    network: SmallCnn
    held_out: ImageSet


def fit_independent_classifiers(
    train: ImageSet, settings: FilterSettings, seed: int, engine: Engine
) -> list[IndependentClassifier]:
    """Train the classifiers as the class filter is trained, with seeds and folds of their own.

    Raises `DataError` where the class filter would.
    """
    own_seed = derive_seed(seed, "judges")
    (fitted,) = fit_filters(
        [train], replace(settings, folds=CROSS_FITTING_FOLDS), [own_seed], engine, "independent classifiers"
    )
    folds = fold_positions(train.targets(train.classes), train.groups, CROSS_FITTING_FOLDS, own_seed)
    return [
        IndependentClassifier(network, train.take(outside))
        for network, (_, outside) in zip(fitted.networks, folds, strict=True)
    ]


def off_class(
    classifiers: Sequence[IndependentClassifier], classes: Sequence[str], images: Mapping[str, UInt8]
) -> dict[str, NDArray[np.bool_]]:
    """Label -> bool (N,): do the classifiers together take the image for another class? images: uint8 (N, C, H, W)."""
    by_label = {}
    for position, label in enumerate(classes):
        if label in images and len(images[label]):
            scores = np.mean([probabilities(classifier.network, images[label]) for classifier in classifiers], axis=0)
            by_label[label] = scores.argmax(axis=1) != position
    return by_label
