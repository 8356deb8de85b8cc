"""Run the comparison: every repeat with GANs, filter and samples of its own, every arm on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.engine import Engine
from augment.evaluation.arms import ArmRun, ArmScores, Samples, copies_of, run_arm
from augment.evaluation.controls import noise_of, shuffled_of
from augment.evaluation.delivered import delivered
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
    """candidates: one mapping per repeat; class probabilities of each split: arm -> float32 (S, N, classes)."""

    candidates: list[dict[str, ClassCandidates]]
    val_scores: dict[Arm, NDArray[np.float32]]
    test_scores: dict[Arm, NDArray[np.float32]]

    @property
    def val(self) -> dict[Arm, NDArray[np.int64]]:
        """Class indices int64 (S, N) of each arm on val."""
        return {arm: scores.argmax(axis=2) for arm, scores in self.val_scores.items()}

    @property
    def test(self) -> dict[Arm, NDArray[np.int64]]:
        """Class indices int64 (S, N) of each arm on test."""
        return {arm: scores.argmax(axis=2) for arm, scores in self.test_scores.items()}


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
    samples = [_samples(splits.train, found, settings, seed) for found, seed in zip(candidates, seeds, strict=True)]
    arms = [arm for arm in settings.arms if arm != "as_delivered"]
    return Compared(candidates, *_train(splits, arms, samples, seeds, settings, engine))


def with_delivered(
    compared: Compared,
    splits: Splits,
    policy: Arm,
    seeds: Sequence[int],
    settings: Comparing,
    engine: Engine,
) -> Compared:
    """Add the arm `as_delivered`: what the policy leaves in files, from the first repeat, trained with every seed."""
    kept = {label: found.kept for label, found in compared.candidates[0].items()}
    data = delivered(policy, splits.train, kept).drawn_by_weight()
    samples = [Samples({}, {}, {}, delivered=data)] * len(seeds)
    val, test = _train(splits, ["as_delivered"], samples, seeds, settings, engine)
    return Compared(compared.candidates, compared.val_scores | val, compared.test_scores | test)


def _train(
    splits: Splits,
    arms: Sequence[Arm],
    samples: Sequence[Samples],
    seeds: Sequence[int],
    settings: Comparing,
    engine: Engine,
) -> tuple[dict[Arm, NDArray[np.float32]], dict[Arm, NDArray[np.float32]]]:
    """Probabilities on val and on test of every arm with every seed."""
    runs = [
        ArmRun(
            arm,
            seed,
            splits.train,
            own,
            splits.val.images,
            splits.test.images,
            settings.fit,
            settings.batch_size,
            settings.flips,
        )
        for own, seed in zip(samples, seeds, strict=True)
        for arm in arms
    ]
    scores: dict[int, ArmScores] = {}
    ticker = Ticker("classifiers", len(runs))
    for position, result in engine.map(run_arm, runs):
        scores[position] = result
        ticker.tick()
    in_order = [scores[position] for position in range(len(runs))]
    return _by_arm(arms, in_order, "val"), _by_arm(arms, in_order, "test")


def _samples(train: ImageSet, candidates: Mapping[str, ClassCandidates], settings: Comparing, seed: int) -> Samples:
    """Equally many images of every kind, before the filter; rivals' images only where an arm wants them."""
    smote = any(arm.startswith("smote") for arm in settings.arms)
    mixes = any(arm.startswith("mixup_within") for arm in settings.arms)
    filtered = {label: found.kept for label, found in candidates.items()}
    return Samples(
        raw={label: found.images[: settings.wanted] for label, found in candidates.items()},
        filtered=filtered,
        copies=copies_of(train, settings.wanted, settings.flips, seed),
        smote=smote_of(train, settings.wanted, seed) if smote else {},
        mixes=mixes_of(train, settings.wanted, seed) if mixes else {},
        shuffled=shuffled_of(filtered, seed) if "shuffled" in settings.arms else {},
        noise=noise_of(train.classes, settings.wanted, train.images.shape[1:], seed)
        if "noise" in settings.arms
        else {},
    )


def _by_arm(arms: Sequence[Arm], scores: Sequence[ArmScores], split: str) -> dict[Arm, NDArray[np.float32]]:
    return {
        arm: np.stack([getattr(one, split) for one in scores[position :: len(arms)]]).astype(np.float32)
        for position, arm in enumerate(arms)
    }
