"""Which way of training the GANs is best from few images: the sweep behind params.yaml's defaults.

    python -m benchmarks.recipe screen  RESULTS.jsonl SET=WHERE ...    KID of held-out images
    python -m benchmarks.recipe confirm RESULTS.jsonl SET=WHERE ...    what a classifier gains
    python -m benchmarks.recipe table   RESULTS.jsonl                  both as tables

WHERE is `digits`, a folder of class folders, or a folder of IDX files. Every row is one variant on one training
subset; rows that RESULTS.jsonl holds already are not made again, so the sweep runs in pieces. A variant changes
the defaults of `train:`; all is about the GANs themselves, without `generate.borrowed`. `150/10` gives the first
class and every second after it, in sorted order, 10 images and the others 150. GAN images are added to each of the
three augmentations; what counts is the sum with the one that is best with real images alone, beside the best of
all real-only arms.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from augment.data.imageset import ImageSet, poor_classes
from augment.engine import Engine, cores
from augment.errors import TrainingError
from augment.evaluation.arms import ArmRun, Samples, copies_of, run_arm
from augment.evaluation.interpolated import mixes_of, smote_of
from augment.evaluation.settings import classifier_steps
from augment.evaluation.statistics import paired_t
from augment.files import write_text
from augment.gan.bundle import generators_from
from augment.gan.classes import ClassTraining, Workplace, train_classes
from augment.gan.settings import class_training
from augment.measure.classifiers import FitSettings
from augment.measure.features import random_convolutions
from augment.measure.metrics import kid
from augment.params import AUGMENTATIONS, Arm, Augmentation, Evaluate, Train
from augment.seeds import derive_seed
from benchmarks.pools import draw, images_of


@dataclass(frozen=True)
class Variant:
    """Changes of `train:`, and what the default's steps are multiplied by."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    shared: float = 1.0
    own: float = 1.0


SCRATCH = "from scratch, as many steps in all"
VARIANTS = {
    "default": Variant(),
    SCRATCH: Variant({"transfer": "none"}),
    "shared steps / 2": Variant(shared=0.5),
    "shared steps x 2": Variant(shared=2.0),
    "class steps / 4": Variant(own=0.25),
    "class steps x 2": Variant(own=2.0),
    "non_saturating": Variant({"loss": "non_saturating"}),
    "hinge": Variant({"loss": "hinge"}),
    "least_squares": Variant({"loss": "least_squares"}),
    "penalty every step": Variant({"penalty_every": 1}),
    "penalty every 16": Variant({"penalty_every": 16}),
    "gamma 0.1": Variant({"gamma": 0.1}),
    "gamma 2": Variant({"gamma": 2.0}),
    "augmentation 0": Variant({"augmentation": 0.0}),
    "augmentation 0.3": Variant({"augmentation": 0.3}),
    "augmentation 0.9": Variant({"augmentation": 0.9}),
    "augmentation auto": Variant({"augmentation": "auto"}),
    "average width 0.05": Variant({"ema_std": 0.05}),
    "average width 0.2": Variant({"ema_std": 0.2}),
    "learning rate 5e-4": Variant({"learning_rate": 5e-4}),
    "learning rate 2e-3": Variant({"learning_rate": 2e-3}),
    "width 16": Variant({"width": 16}),
    "width 48": Variant({"width": 48}),
    "batch 64, half the steps": Variant({"batch_size": 64}, shared=0.5, own=0.5),
    "residual, a quarter of the steps": Variant({"network": "residual"}, shared=0.25, own=0.25),
}
COUNTS = ("150/10", "10")  # of the screening
FINALISTS = ("default", SCRATCH, "penalty every 16")
CONFIRM_COUNTS = ("10", "20", "50", "200", "150/10")
SUBSETS, CONFIRM_SUBSETS = 2, 5
TESTS = 500  # test images a class
SAMPLES, SCREEN_SAMPLES = 200, 1000  # a class; KID of 200 is mostly chance
MADE: tuple[Arm, ...] = ("smote_half", "mixup_within_half")  # the real-only arms that make images
KEYS = ("what", "set", "counts", "subset", "variant")  # of a row
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
    made = Samples(samples, samples, copies_of(train, SAMPLES, "none", unit.subset))
    for base in AUGMENTATIONS:
        arms: tuple[Arm, ...] = ("gan_half", "copies_half") if unit.variant == "default" else ("gan_half",)
        for arm in arms:
            row |= arm_row(train, test, made, arm, base, unit.subset)
    return row


def subset_of(unit: Unit) -> tuple[ImageSet, ImageSet]:
    """Its training and test images."""
    every = images_of(unit.where)
    rich, _, poor = unit.counts.partition("/")
    wanted = {label: int(rich if number % 2 or not poor else poor) for number, label in enumerate(every.classes)}
    return draw(every, wanted, TESTS, unit.subset)


def training_of(variant: str, train: ImageSet) -> ClassTraining:
    """What a variant means for these images; steps are told in those of the default."""
    _, _, height, width = train.images.shape
    chosen = VARIANTS[variant]
    usual, own = (
        class_training(
            Train.model_validate(changes), train.classes, flips="none", height=height, width=width, device="cpu"
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
    (results,) = train_classes(train, training, [seed], Workplace(Engine(), "cpu", None, 30.0))
    made = generators_from(train, training.classes, results, "cpu")
    return {label: made[label].sample(number).numpy() for label in made}


def rivals_row(train: ImageSet, test: ImageSet, subset: int) -> dict[str, Any]:
    """Every real-only arm; those that make images on each augmentation."""
    made = Samples({}, {}, {}, smote_of(train, SAMPLES, subset), mixes_of(train, SAMPLES, subset))
    row = arm_row(train, test, made, "oversample", "classical", subset)
    for base in AUGMENTATIONS:
        for arm in (base, *MADE):
            row |= arm_row(train, test, made, arm, base, subset)
    return row


def mean_kids(samples: Mapping[str, np.ndarray[Any, Any]], train: ImageSet, test: ImageSet) -> dict[str, float]:
    """Against held-out images, the mean over classes and over the poor ones."""
    found = {
        label: kid(real=random_convolutions(test.of_class(label).images), fake=random_convolutions(images))
        for label, images in samples.items()
    }
    poor = [found[label] for label in poor_classes(train.counts()) if label in found]
    return {"kid": round(float(np.mean(list(found.values()))), 5), "kid poor": round(float(np.mean(poor)), 5)}


def arm_row(
    train: ImageSet, test: ImageSet, samples: Samples, arm: Arm, base: Augmentation, seed: int
) -> dict[str, Any]:
    """Balanced accuracy of an arm and the mean recall of the poor classes, in per cent."""
    none = test.images[:0]
    fit = FitSettings(classifier_steps(Evaluate(), *train.images.shape[2:]), RATE)
    run = ArmRun(arm, derive_seed(seed, "recipe"), train, samples, none, test.images, fit, BATCH, "none", base)
    predicted = np.array(train.classes)[run_arm(run).test.argmax(axis=1)]
    recall = {label: float((predicted[test.labels == label] == label).mean()) for label in train.classes}
    name = arm if arm in (base, "oversample") else f"{arm} on {base}"
    poor = [recall[label] for label in poor_classes(train.counts())]
    return {
        name: round(100 * float(np.mean(list(recall.values()))), 2),
        f"{name} poor": round(100 * float(np.mean(poor)), 2),
    }


def units(what: str, sets: Mapping[str, str]) -> Iterator[Unit]:
    """All rows of a sweep, subset by subset, so that a sweep broken off is still balanced."""
    screening = what == "screen"
    variants = list(VARIANTS) if screening else ["rivals", *FINALISTS]
    for subset in range(SUBSETS if screening else CONFIRM_SUBSETS):
        for counts in COUNTS if screening else CONFIRM_COUNTS:
            for name, where in sets.items():
                for variant in variants:
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


def tables(rows: list[dict[str, Any]]) -> None:
    """KID x 1000 and processor seconds of every variant, and mean gains over the strongest real-only arm."""
    screened = [row for row in rows if row["what"] == "screen"]
    columns = sorted({(row["set"], row["counts"]) for row in screened})
    print("| variant | " + " | ".join(f"{' '.join(column)} | s" for column in columns) + " |")
    print("|---|" + "---|---|" * len(columns))
    by_variant: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in screened:
        by_variant[row["variant"]].append(row)
    for variant in filter(by_variant.__contains__, VARIANTS):
        print(f"| {variant} | {' | '.join(screened_cells(by_variant[variant], column) for column in columns)} |")
    print_confirmed([row for row in rows if row["what"] == "confirm" and "failed" not in row])


def screened_cells(rows: list[dict[str, Any]], column: tuple[str, str]) -> str:
    """KID x 1000 of the poor classes (of all) for every subset of one set and count, and the mean seconds."""
    own = [row for row in rows if (row["set"], row["counts"]) == column]
    if not own:
        return "– | –"
    return f"{', '.join(map(screened_kid, own))} | {np.mean([row['cpu_seconds'] for row in own]):.0f}"


def screened_kid(row: dict[str, Any]) -> str:
    """The poor classes' alone where every class is poor."""
    if "failed" in row:
        return "failed"
    poor = f"{1000 * row['kid poor']:.1f}"
    return f"{poor} ({1000 * row['kid']:.1f})" if "/" in row["counts"] else poor


def print_confirmed(rows: list[dict[str, Any]]) -> None:
    """GAN images on the strongest augmentation, and what they gain over the strongest real-only arm."""
    print("\n| set | counts | subsets | best real-only arm | variant | GAN images on | accuracy | net | poor, net |")
    print("|---|---|---|---|---|---|---|---|---|")
    rivals = {(row["set"], row["counts"], row["subset"]): row for row in rows if row["variant"] == "rivals"}
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["variant"] != "rivals" and (row["set"], row["counts"], row["subset"]) in rivals:
            groups[row["set"], row["counts"], row["variant"]].append(row)
    for (name, counts, variant), own in sorted(groups.items()):
        against = [rivals[name, counts, row["subset"]] for row in own]
        real = [key for key in against[0] if key not in KEYS and not key.endswith(" poor")]
        best, base = strongest(against, real), strongest(against, AUGMENTATIONS)
        for what in ("gan_half", "copies_half"):
            arm = f"{what} on {base}"
            if arm not in own[0]:
                continue
            print(
                f"| {name} | {counts} | {len(own)} | {best} | {variant if what == 'gan_half' else 'jittered copies'} "
                f"| {base} | {np.mean([row[arm] for row in own]):.1f} | {gain(own, arm, against, best)} "
                f"| {gain(own, f'{arm} poor', against, f'{best} poor')} |"
            )


def strongest(rows: list[dict[str, Any]], arms: Iterable[str]) -> str:
    """The best on average over subsets."""
    return max(arms, key=lambda arm: float(np.mean([row[arm] for row in rows])))


def gain(own: list[dict[str, Any]], arm: str, against: list[dict[str, Any]], rival: str) -> str:
    """The mean gain over a rival, with the half width of its 95 % interval (paired t over subsets)."""
    gains = np.array([row[arm] - other[rival] for row, other in zip(own, against, strict=True)])
    half = f" ± {paired_t(gains).half_width():.1f}" if len(gains) > 1 else ""
    return f"{gains.mean():+.1f}{half}"


if __name__ == "__main__":
    command, file, *named = sys.argv[1:]
    if command == "table":
        tables(read(Path(file)))
    else:
        sweep(command, Path(file), dict(pair.split("=", 1) for pair in named))
