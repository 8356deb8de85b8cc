"""Which way of training the GANs is best from few images: the sweep behind params.yaml's defaults.

    python -m benchmarks.recipe screen  RESULTS.jsonl SET=WHERE ...    KID of held-out images
    python -m benchmarks.recipe confirm RESULTS.jsonl SET=WHERE ...    what a classifier gains
    python -m benchmarks.recipe table   RESULTS.jsonl                  both as tables

WHERE is `digits`, a folder of class folders, or a folder of IDX files. Every row is one variant on one training
subset; rows that RESULTS.jsonl holds already are not made again, so the sweep runs in pieces. `recipe.jsonl` beside
this file holds the rows of benchmarks/LOG.md, to be continued. A variant changes the defaults of `train:`; all is
about the GANs themselves, without `generate.borrowed`. `150/10` gives the first class and every second after it, in
sorted order, 10 images and the others 150. GAN images are added to each of the three augmentations; what counts is
the sum with the one that is best with real images alone, beside the best of all real-only arms.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from augment.core.engine import Engine
from augment.core.errors import TrainingError
from augment.core.files import write_text
from augment.core.processes import cores
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.evaluation.arms.baselines import blended_images, jittered_copies, smote_images
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.experiment.settings import classifier_steps
from augment.gan.backend import Backend
from augment.gan.per_class import ClassTraining, generators_from, train_classes
from augment.gan.settings import class_training
from augment.measure.classifiers import FitSettings, probabilities
from augment.measure.features import random_convolutions
from augment.measure.metrics import kid
from augment.params import Evaluate, Train
from augment.params.arms import BASE_AUGMENTATIONS, Arm
from benchmarks.pools import draw, images_of
from benchmarks.recipe_tables import print_tables
from benchmarks.variants import FINALISTS, KEYS, SCRATCH, VARIANTS

COUNTS = ("150/10", "10")  # of the screening
CONFIRM_COUNTS = ("150/10", "20", "10", "50", "200")
SUBSETS, CONFIRM_SUBSETS = 2, 5
TESTS = 500  # test images a class
SAMPLES, SCREEN_SAMPLES = 200, 1000  # a class; KID of 200 is mostly chance
MADE: tuple[Arm, ...] = ("smote_half", "mixup_within_half")  # the real-only arms that make images
RATE, BATCH = 2e-3, 64


@dataclass(frozen=True)
class Unit:
    """One row to make."""

    what: str  # screen or confirm
    name: str  # of the set
    where: str
    counts: str
    subset: int
    variant: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other rows."""
        return (self.what, self.name, self.counts, str(self.subset), self.variant)


def make(unit: Unit) -> dict[str, Any]:
    """Train the variant on its subset and measure it."""
    train, test = subset_of(unit)
    row: dict[str, Any] = dict(zip(KEYS, unit.key, strict=True))
    if unit.what == "confirm" and unit.variant == "rivals":
        return row | rivals_row(train, test, unit.subset)
    began = time.process_time()
    number = SCREEN_SAMPLES if unit.what == "screen" else SAMPLES
    try:
        samples = gan_samples(train, training_of(unit.variant, train), unit.subset, number)
    except TrainingError as error:  # the shared GAN was given up, which is a result too
        return row | {"cpu_seconds": round(time.process_time() - began, 1), "failed": str(error)}
    row["cpu_seconds"] = round(time.process_time() - began, 1)
    if unit.what == "screen":
        return row | mean_kids(samples, train, test)
    made = Samples(
        {"raw": samples, "filtered": samples, "copies": jittered_copies(train, SAMPLES, "none", unit.subset)}
    )
    for base in BASE_AUGMENTATIONS:
        arms: tuple[Arm, ...] = ("gan_half", "copies_half") if unit.variant == "default" else ("gan_half",)
        for arm in arms:
            row |= arm_row(train, test, made, arm, base, unit.subset)
    return row


def subset_of(unit: Unit) -> tuple[ImageSet, ImageSet]:
    """Its training and test images."""
    every = images_of(unit.where)
    return draw(every, wanted(every.classes, unit.counts), TESTS, unit.subset)


def wanted(classes: Sequence[str], counts: str) -> dict[str, int]:
    """Training images of each class."""
    majority, _, minority = counts.partition("/")
    return {label: int(majority if number % 2 or not minority else minority) for number, label in enumerate(classes)}


def suffices(every: ImageSet, counts: str) -> bool:
    """Whether each class has so many training images, and others to test on."""
    there = every.counts()
    return all(there[label] > count for label, count in wanted(every.classes, counts).items())


def training_of(variant: str, train: ImageSet) -> ClassTraining:
    """What a variant means for these images; steps are told in those of the default."""
    _, _, height, width = train.images.shape
    chosen = VARIANTS[variant]
    usual, own = (
        class_training(
            Train.model_validate(changes), train.counts(), flips="none", height=height, width=width, device="cpu"
        )
        for changes in ({}, chosen.changes)
    )
    assert usual.shared is not None
    saved = usual.shared.steps / len(train.classes) if variant == SCRATCH else 0.0
    return ClassTraining(
        shared=None if own.shared is None else replace(own.shared, steps=round(chosen.shared * own.shared.steps)),
        classes={
            label: replace(settings, steps=round(chosen.own * settings.steps + saved))
            for label, settings in own.classes.items()
        },
    )


def gan_samples(train: ImageSet, training: ClassTraining, seed: int, number: int) -> dict[str, np.ndarray[Any, Any]]:
    """So many images of each class whose GAN did not fail: its own, without borrowed variation."""
    (trained,) = train_classes(train, training, [seed], Backend(Engine(), "cpu", None, 30.0))
    made = generators_from(train, training, trained, "cpu")
    return {label: made[label].sample(number).numpy() for label in made}


def rivals_row(train: ImageSet, test: ImageSet, subset: int) -> dict[str, Any]:
    """Every real-only arm; those that make images on each augmentation."""
    made = Samples({"smote": smote_images(train, SAMPLES, subset), "mixes": blended_images(train, SAMPLES, subset)})
    row = arm_row(train, test, made, "oversample", "classical", subset)
    for base in BASE_AUGMENTATIONS:
        for arm in (base, *MADE):
            row |= arm_row(train, test, made, arm, base, subset)
    return row


def mean_kids(samples: Mapping[str, np.ndarray[Any, Any]], train: ImageSet, test: ImageSet) -> dict[str, float]:
    """Against held-out images, the mean over classes and over the minority ones."""
    found = {
        label: kid(real=random_convolutions(test.of_class(label).images), fake=random_convolutions(images))
        for label, images in samples.items()
    }
    minority = [found[label] for label in minority_classes(train.counts()) if label in found]
    return {"kid": round(float(np.mean(list(found.values()))), 5), "kid poor": round(float(np.mean(minority)), 5)}


def arm_row(train: ImageSet, test: ImageSet, samples: Samples, arm: Arm, base: Arm, seed: int) -> dict[str, Any]:
    """Balanced accuracy of an arm and the mean recall of the minority classes, in per cent."""
    fit = FitSettings(classifier_steps(Evaluate(), *train.images.shape[2:]), RATE)
    network = fit_scratch(ScratchFit(arm, derive_seed(seed, "recipe"), train, samples, fit, BATCH, "none", base))
    predicted = np.array(train.classes)[probabilities(network, test.images).argmax(axis=1)]
    recall = {label: float((predicted[test.labels == label] == label).mean()) for label in train.classes}
    name = arm if arm in (base, "oversample") else f"{arm} on {base}"
    minority = [recall[label] for label in minority_classes(train.counts())]
    return {
        name: round(100 * float(np.mean(list(recall.values()))), 2),
        f"{name} poor": round(100 * float(np.mean(minority)), 2),
    }


def units(what: str, sets: Mapping[str, str]) -> Iterator[Unit]:
    """All rows of a sweep that the sets have images for, subset by subset: broken off, it is still balanced."""
    screening = what == "screen"
    variants = list(VARIANTS) if screening else ["rivals", *FINALISTS]
    for subset in range(SUBSETS if screening else CONFIRM_SUBSETS):
        for counts in COUNTS if screening else CONFIRM_COUNTS:
            for name, where in sets.items():
                for variant in variants if suffices(images_of(where), counts) else ():
                    yield Unit(what, name, where, counts, subset, variant)


def sweep(what: str, results: Path, sets: Mapping[str, str]) -> None:
    """Make the rows that are missing, in one process per core."""
    rows = read(results)
    write_text(results, "".join(json.dumps(row) + "\n" for row in rows))  # without half a line at its end
    done = {tuple(str(row[key]) for key in KEYS) for row in rows}
    missing = [unit for unit in units(what, sets) if unit.key not in done]
    for _, row in Engine("local", cores()).map(make, missing):
        with results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def read(results: Path) -> list[dict[str, Any]]:
    """The rows made so far; a line that a kill left half written is made again."""
    lines = results.read_text().splitlines(keepends=True) if results.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}\n")]


if __name__ == "__main__":
    command, file, *named = sys.argv[1:]
    if command == "table":
        print_tables(read(Path(file)))
    else:
        sweep(command, Path(file), dict(pair.split("=", 1) for pair in named))
