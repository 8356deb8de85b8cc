"""Run the comparison: every repeat with GANs, filter and samples of its own, every arm on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.progress import Ticker
from augment.core.shared import SharedArray
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import PLAIN_ARMS, Samples, alone
from augment.evaluation.experiment.baselines import mixes_of, smote_of
from augment.evaluation.experiment.classifier import ArmRun, ArmScores, run_arm
from augment.evaluation.experiment.controls import copies_of, noise_of, shuffled_of
from augment.evaluation.experiment.delivered import delivered
from augment.evaluation.experiment.identical_arms import twins
from augment.evaluation.experiment.protocol import Replicate
from augment.gan.generators import GeneratorSet
from augment.measure.classifiers import FitSettings
from augment.params import Arm, Base
from augment.synthesis.filter import FilterSettings, fit_filters
from augment.synthesis.selection import ClassCandidates, choose

Scores = dict[Arm, list[NDArray[np.float32]]]
Answers = dict[Arm, list[NDArray[np.int64]]]


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
    borrowed: float = 0.0  # share of the candidates
    base: Base = "classical"  # what arms with made images add to


@dataclass(frozen=True)
class Compared:
    """candidates and samples: one mapping and one set of made images per repeat; class probabilities of each side:
    arm -> float32 (N, classes) per repeat; external ones where there are external images.
    """

    candidates: list[dict[str, ClassCandidates]]
    samples: list[Samples]
    val_scores: Scores
    test_scores: Scores
    external_scores: Scores = field(default_factory=dict)

    @property
    def val(self) -> Answers:
        """Class indices int64 (N,) of each arm and repeat on val."""
        return _answers(self.val_scores)

    @property
    def test(self) -> Answers:
        """Class indices int64 (N,) of each arm and repeat on test."""
        return _answers(self.test_scores)


@dataclass(frozen=True)
class _Unit:
    """A classifier to train and score; many units share the images that they are tested on."""

    run: ArmRun
    test: SharedArray


def compare_plain(
    replicates: Sequence[Replicate], settings: Comparing, engine: Engine, external: ImageSet | None = None
) -> tuple[Scores, Scores, Scores]:
    """Probabilities on val, test and external images of the arms that draw real images and build on no other arm."""
    arms = [arm for arm in settings.arms if arm in PLAIN_ARMS]
    nothing = [Samples({}, {}, {})] * len(replicates)
    same = twins(arms, [one.splits.train for one in replicates], nothing, settings.base)
    found = _train(replicates, [arm for arm in arms if arm not in same], nothing, settings, engine, external)
    val, test, elsewhere = (_with_twins(scores, same) for scores in found)
    return val, test, elsewhere


def compare(
    replicates: Sequence[Replicate],
    generators: Sequence[GeneratorSet],
    settings: Comparing,
    engine: Engine,
    external: ImageSet | None = None,
    plain: tuple[Scores, Scores, Scores] = ({}, {}, {}),
) -> Compared:
    """Train and score every arm on every repeat; `generators` holds one set for each.

    external: images that all of them are scored on too; plain: what `compare_plain` found, whose arms are not
    trained again.
    """
    sets, seeds = [one.splits.train for one in replicates], [one.seed for one in replicates]
    filters = fit_filters(sets, settings.filter, seeds, engine)
    candidates = choose(
        sets,
        generators,
        filters,
        seeds,
        wanted=settings.wanted,
        oversample=settings.oversample,
        borrowed=settings.borrowed,
        engine=engine,
    )
    samples = [
        _samples(train, found, settings, seed) for train, found, seed in zip(sets, candidates, seeds, strict=True)
    ]
    missing = [arm for arm in settings.arms if arm not in plain[0] and arm != "as_delivered"]
    same = twins([*plain[0], *missing], sets, samples, settings.base)
    further = _train(replicates, [arm for arm in missing if arm not in same], samples, settings, engine, external)
    scores = (_with_twins(before | new, same) for before, new in zip(plain, further, strict=True))
    return Compared(candidates, samples, *(_ordered(own, settings.arms) for own in scores))


def with_delivered(
    compared: Compared,
    replicates: Sequence[Replicate],
    policy: Arm,
    settings: Comparing,
    engine: Engine,
    external: ImageSet | None = None,
) -> Compared:
    """Add the arm `as_delivered`: what the policy leaves in files of each training set, trained plainly.

    Of repeats that share a training set the first one's samples are those in files, so all are trained on them.
    """
    data = {}
    for replicate, candidates in zip(replicates, compared.candidates, strict=True):
        if id(replicate.splits) not in data:
            kept = {label: found.kept for label, found in candidates.items()}
            data[id(replicate.splits)] = delivered(policy, replicate.splits.train, kept).drawn_by_weight()
    samples = [Samples({}, {}, {}, delivered=data[id(one.splits)]) for one in replicates]
    val, test, elsewhere = _train(replicates, ["as_delivered"], samples, settings, engine, external)
    return replace(
        compared,
        val_scores=compared.val_scores | val,
        test_scores=compared.test_scores | test,
        external_scores=compared.external_scores | elsewhere,
    )


def on_real(replicates: Sequence[Replicate], arm: Arm, settings: Comparing, engine: Engine) -> Scores:
    """Class probabilities on test of one real-only arm, float32 (N, classes) for each repeat, keyed by its name."""
    only = replace(settings, arms=[arm])
    samples = [_samples(one.splits.train, {}, only, one.seed) for one in replicates]
    return _train(replicates, [arm], samples, settings, engine)[1]


def _train(
    replicates: Sequence[Replicate],
    arms: Sequence[Arm],
    samples: Sequence[Samples],
    settings: Comparing,
    engine: Engine,
    external: ImageSet | None = None,
) -> tuple[Scores, Scores, Scores]:
    """Probabilities on val, on test and on external images of every arm in every repeat; none where there are none."""
    tests = {id(one.splits.test): SharedArray(_with(one.splits.test, external)) for one in replicates}
    units = [
        _Unit(_run(replicate, arm, own, settings), tests[id(replicate.splits.test)])
        for replicate, own in zip(replicates, samples, strict=True)
        for arm in arms
    ]
    scores: dict[int, ArmScores] = {}
    ticker = Ticker("classifiers", len(units))
    try:
        for position, result in engine.map(_run_unit, units):
            scores[position] = result
            ticker.tick()
    finally:
        for shared in tests.values():
            shared.close()
    in_order = [scores[position] for position in range(len(units))]
    after = [len(one.splits.test) for one in replicates]  # where external images begin
    both = _by_arm(arms, in_order, "test")
    test = {arm: [own[:end] for own, end in zip(found, after, strict=True)] for arm, found in both.items()}
    elsewhere = {arm: [own[end:] for own, end in zip(found, after, strict=True)] for arm, found in both.items()}
    return _by_arm(arms, in_order, "val"), test, elsewhere if external is not None else {}


def _with(test: ImageSet, external: ImageSet | None) -> NDArray[np.uint8]:
    return test.images if external is None else np.concatenate([test.images, external.images])


def _run(replicate: Replicate, arm: Arm, samples: Samples, settings: Comparing) -> ArmRun:
    splits = replicate.splits
    return ArmRun(
        arm,
        replicate.seed,
        splits.train,
        alone(arm, samples),
        splits.val.images,
        splits.test.images[:0],
        settings.fit,
        settings.batch_size,
        settings.flips,
        settings.base,
    )


def _run_unit(unit: _Unit) -> ArmScores:
    return run_arm(replace(unit.run, test=unit.test.array))


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


def _with_twins(scores: Scores, same: Mapping[Arm, Arm]) -> Scores:
    """Those of arms that come to the same as another are the other's."""
    return scores | {arm: scores[other] for arm, other in same.items() if other in scores}


def _by_arm(arms: Sequence[Arm], scores: Sequence[ArmScores], side: str) -> Scores:
    return {
        arm: [getattr(one, side).astype(np.float32) for one in scores[position :: len(arms)]]
        for position, arm in enumerate(arms)
    }


def _ordered(scores: Scores, arms: Sequence[Arm]) -> Scores:
    return {arm: scores[arm] for arm in arms if arm in scores}


def _answers(scores: Scores) -> Answers:
    return {arm: [own.argmax(axis=1) for own in by_repeat] for arm, by_repeat in scores.items()}
