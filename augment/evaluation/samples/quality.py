"""How good the samples are, before selection, each figure beside the same one for real images.

Two feature spaces: fixed random convolutions, and the penultimate features of classifiers of real training images
(`judges`), of which each is asked about real images that it has not seen. The space of the filter is neither.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.samples.judges import Judge, off_class
from augment.measure.classifiers import embeddings
from augment.measure.features import random_convolutions
from augment.measure.metrics import density_coverage, fid, kid, precision_recall

Features = NDArray[np.float32]
Row = dict[str, Any]

COLUMNS = ("label", "space", "metric", "synthetic", "real", "n_synthetic", "n_reference", "note")
POOLED = "pooled"
LEAST_IMAGES = 25  # on each side; below, a figure of one class says nothing, and only the pooled one is given
LEAST_FID = 2048  # on each side (Heusel et al. 2017)


@dataclass(frozen=True)
class View:
    """One embedding of the images, by label: real ones, the test images they are held against, and samples."""

    real: Mapping[str, Features]
    reference: Mapping[str, Features]
    fake: Mapping[str, Features]


def quality(train: ImageSet, test: ImageSet, samples: Mapping[str, UInt8], judges: Sequence[Judge]) -> list[Row]:
    """Rows of quality.csv: samples against test beside equally many training images against test.

    samples: label -> uint8 (N, C, H, W) before any filter. In the space `classifier` a figure is the mean over the
    judges, and the real images are those that the judge has not seen.
    """
    samples = {label: own for label, own in samples.items() if len(own)}
    seen = _by_label(test, train.classes)
    views = {
        "random_convolutions": [_view(random_convolutions, _by_label(train, train.classes), seen, samples)],
        "classifier": [
            _view(_embedding(judge), _by_label(judge.held_out, train.classes), seen, samples) for judge in judges
        ],
    }
    rows: list[Row] = []
    for space, own in views.items():
        rows += _space(space, own, train.classes, sorted(samples))
    return [*rows, *_other_class(judges, train.classes, samples, seen)]


def neighbours(count: int) -> int:
    """k of density and coverage: 5, or 3 in sets too small for it."""
    return 5 if count >= 50 else 3


def figures(real: Features, fake: Features) -> dict[str, float]:
    """Every metric of fake images against real ones; FID only where both sides have at least 2048."""
    precision, recall = precision_recall(real=real, fake=fake)
    density, coverage = density_coverage(real=real, fake=fake, k=neighbours(len(real)))
    found = {"kid": kid(real=real, fake=fake), "precision": precision, "recall": recall}
    found |= {"density": density, "coverage": coverage}
    return found | ({"fid": fid(real=real, fake=fake)} if min(len(real), len(fake)) >= LEAST_FID else {})


def _embedding(judge: Judge) -> Callable[[UInt8], Features]:
    """A judge's features in units of their usual size, since KID's kernel asks for numbers of about 1."""
    usual = np.sqrt((embeddings(judge.network, judge.held_out.images) ** 2).mean())
    return lambda images: embeddings(judge.network, images) / max(usual, np.float32(1e-12))


def _by_label(images: ImageSet, classes: Sequence[str]) -> dict[str, UInt8]:
    return {label: images.of_class(label).images for label in classes}


def _view(
    embed: Callable[[UInt8], Features],
    real: Mapping[str, UInt8],
    reference: Mapping[str, UInt8],
    samples: Mapping[str, UInt8],
) -> View:
    """No more samples are embedded than there are real images to compare them with."""
    return View(
        {label: embed(own) for label, own in real.items()},
        {label: embed(own) for label, own in reference.items()},
        {label: embed(own[: len(real[label])]) for label, own in samples.items()},
    )


def _space(space: str, views: Sequence[View], classes: Sequence[str], made: Sequence[str]) -> Iterator[Row]:
    """All classes that have samples, each with equally many images, so that class shares do not count; then each."""
    for label in (POOLED, *classes):
        own = list(made) if label == POOLED else [label]
        sides = [side.get(name, ()) for view in views for side in (view.real, view.fake) for name in own]
        counts = [min(map(len, sides), default=0)] * len(own)
        reference = [len(views[0].reference[name]) for name in own]
        if label == POOLED:
            counts = [min([*counts[:1], *reference], default=0)] * len(own)
            reference = counts
        if not own or min(sum(counts), sum(reference)) < LEAST_IMAGES:
            note = f"not measured: fewer than {LEAST_IMAGES} images on a side"
            yield {"label": label, "space": space, "metric": "kid", "note": note}
        else:
            yield from _rows(label, space, views, own, counts, reference)


def _rows(
    label: str, space: str, views: Sequence[View], own: Sequence[str], counts: Sequence[int], reference: Sequence[int]
) -> Iterator[Row]:
    """The mean over the views; counts, reference: images taken of each class in `own`."""

    def pool(side: Mapping[str, Features], most: Sequence[int]) -> Features:
        return np.concatenate([side[name][:count] for name, count in zip(own, most, strict=True)])

    measured = [
        (figures(pool(view.reference, reference), pool(view.fake, counts)),
         figures(pool(view.reference, reference), pool(view.real, counts)))
        for view in views
    ]  # fmt: skip
    few = min(sum(counts), sum(reference)) < 2 * LEAST_IMAGES
    for metric in measured[0][0]:
        yield {
            "label": label,
            "space": space,
            "metric": metric,
            "synthetic": float(np.mean([fake[metric] for fake, _ in measured])),
            "real": float(np.mean([real[metric] for _, real in measured])),
            "n_synthetic": sum(counts),
            "n_reference": sum(reference),
            "note": "few images: indicative" if few else "",
        }


def _other_class(
    judges: Sequence[Judge], classes: Sequence[str], samples: Mapping[str, UInt8], test: Mapping[str, UInt8]
) -> Iterator[Row]:
    """The share of images that the judges take for another class: of all samples, and of the test images."""
    made, real = off_class(judges, classes, samples), off_class(judges, classes, test)
    both = [label for label in classes if label in made and label in real]
    for label in ([POOLED] if both else []) + both:
        own = both if label == POOLED else [label]
        # Classes count alike, since they hold unequally many test images.
        fake, control = (float(np.mean([side[name].mean() for name in own])) for side in (made, real))
        count, reference = (sum(len(side[name]) for name in own) for side in (made, real))
        yield {
            "label": label,
            "space": "classifier",
            "metric": "other_class",
            "synthetic": fake,
            "real": control,
            "n_synthetic": count,
            "n_reference": reference,
            "note": "few images: indicative" if min(count, reference) < LEAST_IMAGES else "",
        }
