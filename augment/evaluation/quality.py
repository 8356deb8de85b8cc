"""How good the samples are, before selection, each figure beside the same one for real training images."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.measure.features import random_convolutions
from augment.measure.metrics import density_coverage, kid

Features = NDArray[np.float32]
COLUMNS = ("label", "metric", "synthetic", "real", "n_synthetic", "n_reference", "note")
LEAST_IMAGES = 25  # on each side; below, a figure of one class says nothing, and only the pooled one is given
METRICS: tuple[tuple[str, Callable[[Features, Features], float]], ...] = (
    ("kid", lambda real, fake: kid(real=real, fake=fake)),
    ("density", lambda real, fake: density_coverage(real=real, fake=fake, k=neighbours(len(real)))[0]),
    ("coverage", lambda real, fake: density_coverage(real=real, fake=fake, k=neighbours(len(real)))[1]),
)


def neighbours(count: int) -> int:
    """k of density and coverage: 5, or 3 in sets too small for it."""
    return 5 if count >= 50 else 3


def quality(train: ImageSet, test: ImageSet, samples: Mapping[str, NDArray[np.uint8]]) -> list[dict[str, Any]]:
    """Rows of quality.csv: samples against test beside equally many training images against test.

    samples: label -> uint8 (N, C, H, W) before any filter. Features are random convolutions, which
    neither the filter nor the GANs know.
    """
    real = {label: random_convolutions(train.of_class(label).images) for label in train.classes}
    reference = {label: random_convolutions(test.of_class(label).images) for label in train.classes}
    fake = {label: random_convolutions(images) for label, images in samples.items() if len(images)}
    rows = _pooled(real, reference, fake)
    for label in train.classes:
        count = min(len(real[label]), len(fake.get(label, ())))
        enough = min(count, len(reference[label])) >= LEAST_IMAGES
        rows += (
            _rows(label, real[label][:count], reference[label], fake[label][:count]) if enough else [_too_few(label)]
        )
    return rows


def _pooled(
    real: Mapping[str, Features], reference: Mapping[str, Features], fake: Mapping[str, Features]
) -> list[dict[str, Any]]:
    """All classes that have samples, each with equally many images, so that class shares do not count."""
    labels = sorted(fake)
    count = min((min(len(real[label]), len(reference[label]), len(fake[label])) for label in labels), default=0)
    if count * len(labels) < LEAST_IMAGES:
        return [_too_few("pooled")]
    pool = [np.concatenate([side[label][:count] for label in labels]) for side in (real, reference, fake)]
    return _rows("pooled", *pool)


def _rows(label: str, real: Features, reference: Features, fake: Features) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "metric": name,
            "synthetic": metric(reference, fake),
            "real": metric(reference, real),
            "n_synthetic": len(fake),
            "n_reference": len(reference),
            "note": "" if min(len(fake), len(reference)) >= 2 * LEAST_IMAGES else "few images: indicative",
        }
        for name, metric in METRICS
    ]


def _too_few(label: str) -> dict[str, Any]:
    return {
        "label": label,
        "metric": "kid",
        "note": f"not measured: fewer than {LEAST_IMAGES} images on a side",
    }
