"""How good the samples are, before selection, each metric beside the same one for real images.

Two feature spaces: fixed random convolutions, and the penultimate features of independent classifiers, which are fresh
ones of real training images: they neither chose a sample nor trained a GAN, and the filter's space is another. Each is
trained on one half of the training images, cut by group, so the other half is unseen by it, as the test images are.
Their answers tell what is off its class.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet, UInt8
from augment.measure.classifiers import SmallCnn, embeddings, probabilities
from augment.measure.features import random_convolutions
from augment.measure.metrics import density_coverage, fid, kid, precision_recall
from augment.synthesis.filter import FilterSettings, fit_filters, fold_positions

Features = NDArray[np.float32]
Row = dict[str, Any]

CROSS_FITTING_FOLDS = 2
QUALITY_COLUMNS = ("label", "space", "metric", "synthetic", "real", "n_synthetic", "n_reference", "note")
POOLED = "pooled"
MIN_IMAGES = 25  # on each side; below, a metric of one class says nothing, and only the pooled one is given
MIN_FID_IMAGES = 2048  # on each side (Heusel et al. 2017)


@dataclass(frozen=True)
class IndependentClassifier:
    """A classifier, and the training images that it has not seen."""

    network: SmallCnn
    held_out: ImageSet


def fit_independent_classifiers(
    train: ImageSet, settings: FilterSettings, seed: int, engine: Engine
) -> list[IndependentClassifier]:
    """Train them as the class filter is trained, with own seeds and folds. Raises `DataError` where it would."""
    own_seed = derive_seed(seed, "judges")
    halves = replace(settings, folds=CROSS_FITTING_FOLDS)
    (fitted,) = fit_filters([train], halves, [own_seed], engine, "independent classifiers")
    folds = fold_positions(train.targets(train.classes), train.groups, CROSS_FITTING_FOLDS, own_seed)
    return [
        IndependentClassifier(network, train.take(outside))
        for network, (_, outside) in zip(fitted.networks, folds, strict=True)
    ]


def off_class(
    classifiers: Sequence[IndependentClassifier], classes: Sequence[str], images: Mapping[str, UInt8]
) -> dict[str, NDArray[np.bool_]]:
    """Label -> bool (N,): do the classifiers together take the image for another class? images: uint8 (N, C, H, W)."""
    return {
        label: np.mean([probabilities(each.network, images[label]) for each in classifiers], axis=0).argmax(axis=1)
        != place
        for place, label in enumerate(classes)
        if len(images.get(label, ()))
    }


@dataclass(frozen=True)
class EmbeddedImages:
    """One embedding of the images, by label: real ones, the test images they are held against, and samples."""

    real: Mapping[str, Features]
    reference: Mapping[str, Features]
    fake: Mapping[str, Features]


def quality_rows(
    train: ImageSet, test: ImageSet, samples: Mapping[str, UInt8], classifiers: Sequence[IndependentClassifier]
) -> list[Row]:
    """Rows of quality.csv: samples against test beside equally many training images against test.

    samples: label -> uint8 (N, C, H, W) before any filter. In the space `classifier` a metric is the mean over the
    classifiers, and the real images are those that each has not seen.
    """
    samples = {label: images for label, images in samples.items() if len(images)}
    classes, test_images = train.classes, _by_label(test, train.classes)
    by_convolutions = _embed_images(random_convolutions, _by_label(train, classes), test_images, samples)
    by_classifiers = [
        _embed_images(_embedding(classifier), _by_label(classifier.held_out, classes), test_images, samples)
        for classifier in classifiers
    ]
    return [
        *space_rows("random_convolutions", [by_convolutions], classes, sorted(samples)),
        *space_rows("classifier", by_classifiers, classes, sorted(samples)),
        *_other_class_rows(classifiers, classes, samples, test_images),
    ]


def neighbour_count(count: int) -> int:
    """k of density and coverage: 5, or 3 in sets too small for it."""
    return 5 if count >= 50 else 3


def sample_metrics(real: Features, fake: Features) -> dict[str, float]:
    """Every metric of fake images against real ones; FID only where both sides have at least 2048."""
    precision, recall = precision_recall(real=real, fake=fake)
    density, coverage = density_coverage(real=real, fake=fake, k=neighbour_count(len(real)))
    metrics = {"kid": kid(real=real, fake=fake), "precision": precision, "recall": recall}
    metrics |= {"density": density, "coverage": coverage}
    return metrics | ({"fid": fid(real=real, fake=fake)} if min(len(real), len(fake)) >= MIN_FID_IMAGES else {})


def _embedding(classifier: IndependentClassifier) -> Callable[[UInt8], Features]:
    """A classifier's features in units of their usual size, since KID's kernel asks for numbers of about 1."""
    usual = np.sqrt((embeddings(classifier.network, classifier.held_out.images) ** 2).mean())
    return lambda images: embeddings(classifier.network, images) / max(usual, np.float32(1e-12))


def _by_label(images: ImageSet, classes: Sequence[str]) -> dict[str, UInt8]:
    return {label: images.of_class(label).images for label in classes}


def _embed_images(
    embed: Callable[[UInt8], Features],
    real: Mapping[str, UInt8],
    reference: Mapping[str, UInt8],
    samples: Mapping[str, UInt8],
) -> EmbeddedImages:
    """No more samples are embedded than there are real images to compare them with."""
    return EmbeddedImages(
        {label: embed(images) for label, images in real.items()},
        {label: embed(images) for label, images in reference.items()},
        {label: embed(images[: len(real[label])]) for label, images in samples.items()},
    )


def space_rows(
    space: str, views: Sequence[EmbeddedImages], classes: Sequence[str], made: Sequence[str]
) -> Iterator[Row]:
    """Every metric in one space, means over its views: all classes that have samples, each with equally many images,
    so that class shares do not count; then each."""
    for label in (POOLED, *classes):
        labels = list(made) if label == POOLED else [label]
        sides = [side.get(name, ()) for view in views for side in (view.real, view.fake) for name in labels]
        count = min(map(len, sides), default=0)
        reference = {name: len(views[0].reference[name]) for name in labels}
        if label == POOLED:
            count = min([count, *reference.values()], default=0)
            reference = dict.fromkeys(labels, count)
        counts = dict.fromkeys(labels, count)
        if not labels or min(sum(counts.values()), sum(reference.values())) < MIN_IMAGES:
            note = f"not measured: fewer than {MIN_IMAGES} images on a side"
            yield {"label": label, "space": space, "metric": "kid", "note": note}
        else:
            yield from _metric_rows(label, space, views, counts, reference)


def _metric_rows(
    label: str, space: str, views: Sequence[EmbeddedImages], counts: Mapping[str, int], reference: Mapping[str, int]
) -> Iterator[Row]:
    """The mean over the views; counts, reference: images taken of each class."""

    def pool(side: Mapping[str, Features], taken: Mapping[str, int]) -> Features:
        return np.concatenate([side[name][:count] for name, count in taken.items()])

    measured = [
        (sample_metrics(pool(view.reference, reference), pool(view.fake, counts)),
         sample_metrics(pool(view.reference, reference), pool(view.real, counts)))
        for view in views
    ]  # fmt: skip
    made, held = sum(counts.values()), sum(reference.values())
    for metric in measured[0][0]:
        fake, control = (float(np.mean([of_side[metric] for of_side in side])) for side in zip(*measured, strict=True))
        yield _row(label, space, metric, fake, control, made, held, 2 * MIN_IMAGES)


def _other_class_rows(
    classifiers: Sequence[IndependentClassifier],
    classes: Sequence[str],
    samples: Mapping[str, UInt8],
    test: Mapping[str, UInt8],
) -> Iterator[Row]:
    """The share of images that the classifiers take for another class: of all samples, and of the test images."""
    synthetic, real = off_class(classifiers, classes, samples), off_class(classifiers, classes, test)
    both = [label for label in classes if label in synthetic and label in real]
    for label in ([POOLED] if both else []) + both:
        labels = both if label == POOLED else [label]
        # Classes count alike, since they hold unequally many test images.
        fake, control = (float(np.mean([side[name].mean() for name in labels])) for side in (synthetic, real))
        count, reference = (sum(len(side[name]) for name in labels) for side in (synthetic, real))
        yield _row(label, "classifier", "other_class", fake, control, count, reference, MIN_IMAGES)


def _row(
    label: str, space: str, metric: str, fake: float, real: float, samples: int, reference: int, enough: int
) -> Row:
    """samples, reference: numbers of images on the two sides, of which fewer than `enough` are few."""
    note = "few images: indicative" if min(samples, reference) < enough else ""
    return quality_row(label, space, metric, fake, real, samples, reference, note)


def quality_row(
    label: str, space: str, metric: str, fake: float | None, real: float | None, samples: int, reference: int, note: str
) -> Row:
    """A row of quality.csv; None was not measured, and `note` says why."""
    return dict(zip(QUALITY_COLUMNS, (label, space, metric, fake, real, samples, reference, note), strict=True))
