"""Run the comparison: every repeat with GANs, filter and samples of its own, every arm on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.engine import Engine
from augment.evaluation.arms import ArmRun, ArmScores, Samples, copies_of, run_arm
from augment.evaluation.interpolated import mixes_of, smote_of
from augment.gan.bundle import GeneratorSet
from augment.measure.classifiers import FitSettings
from augment.params import Arm
from augment.progress import Ticker
from augment.seeds import derive_seed
from augment.synthesis.filter import FilterSettings, fit_filters
from augment.synthesis.selection import ClassCandidates, choose


@dataclass(frozen=True)
class Splits:
    """The three sides; nothing learned ever sees val or test."""

    train: ImageSet
    val: ImageSet
    test: ImageSet


@dataclass(frozen=True)
class Comparing:
    """What is equal for all arms and repeats."""

    arms: Sequence[Arm]
    wanted: int  # synthetic images per class
    oversample: int
    filter: FilterSettings
    fit: FitSettings
    batch_size: int
    flips: str


@dataclass(frozen=True)
class Compared:
    """candidates: one mapping per repeat; predictions: arm -> int64 (S, N) class indices per split."""

    candidates: list[dict[str, ClassCandidates]]
    val: dict[Arm, NDArray[np.int64]]
    test: dict[Arm, NDArray[np.int64]]


def repeat_seeds(seed: int, repeats: int) -> list[int]:
    """The first repeat is the delivered one; the others have seeds of their own."""
    return [seed, *(derive_seed(seed, "repeat", number) for number in range(1, repeats))]


def compare(
    splits: Splits,
    generators: Sequence[GeneratorSet],
    seeds: Sequence[int],
    settings: Comparing,
    engine: Engine,
) -> Compared:
    """Train and score every arm on every repeat; `generators` holds one set for each seed."""
    filters = fit_filters(splits.train, settings.filter, seeds, engine)
    candidates = choose(
        splits.train,
        generators,
        filters,
        seeds,
        wanted=settings.wanted,
        oversample=settings.oversample,
        engine=engine,
    )
    runs = [
        ArmRun(
            arm,
            seed,
            splits.train,
            _samples(splits.train, found, settings, seed),
            splits.val.images,
            splits.test.images,
            settings.fit,
            settings.batch_size,
            settings.flips,
        )
        for found, seed in zip(candidates, seeds, strict=True)
        for arm in settings.arms
    ]
    scores: dict[int, ArmScores] = {}
    ticker = Ticker("classifiers", len(runs))
    for position, result in engine.map(run_arm, runs):
        scores[position] = result
        ticker.tick()
    in_order = [scores[position] for position in range(len(runs))]
    return Compared(candidates, _by_arm(settings.arms, in_order, "val"), _by_arm(settings.arms, in_order, "test"))


def _samples(train: ImageSet, candidates: Mapping[str, ClassCandidates], settings: Comparing, seed: int) -> Samples:
    """Equally many images of every kind, before the filter; rivals' images only where an arm wants them."""
    smote = any(arm.startswith("smote") for arm in settings.arms)
    mixes = any(arm.startswith("mixup_within") for arm in settings.arms)
    return Samples(
        raw={label: found.images[: settings.wanted] for label, found in candidates.items()},
        filtered={label: found.kept for label, found in candidates.items()},
        copies=copies_of(train, settings.wanted, settings.flips, seed),
        smote=smote_of(train, settings.wanted, seed) if smote else {},
        mixes=mixes_of(train, settings.wanted, seed) if mixes else {},
    )


def _by_arm(arms: Sequence[Arm], scores: Sequence[ArmScores], split: str) -> dict[Arm, NDArray[np.int64]]:
    return {
        arm: np.stack([getattr(one, split).argmax(axis=1) for one in scores[position :: len(arms)]])
        for position, arm in enumerate(arms)
    }
