"""Run the experiment: every repeat with GANs, filter and samples of its own, every arm on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine, SharedArray
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, delivered_images, identical_arms, samples_of_arm
from augment.evaluation.experiment.baselines import baseline_images
from augment.evaluation.experiment.classifier import ArmRun, ArmScores, run_arm
from augment.evaluation.experiment.protocol import Replicate
from augment.gan.generators import GeneratorSet
from augment.measure.classifiers import FitSettings
from augment.params.arms import DELIVERED_ARM, ROW_OF, STANDALONE_ARMS, Arm, BaseAugmentation
from augment.synthesis.filter import FilterSettings, fit_filters
from augment.synthesis.selection import ClassCandidates, choose_samples

ScoresByArm = dict[Arm, list[NDArray[np.float32]]]
PredictionsByArm = dict[Arm, list[NDArray[np.int64]]]


@dataclass(frozen=True)
class ExperimentSettings:
    """What is equal for all arms and repeats."""

    arms: Sequence[Arm]
    wanted: int  # synthetic images per class
    oversample: int
    filter: FilterSettings
    fit: FitSettings
    batch_size: int
    flips: str
    transfer_share: float = 0.0  # share of the candidates
    base_augmentation: BaseAugmentation = "classical"  # what arms with made images add to


@dataclass(frozen=True)
class ExperimentResult:
    """candidates and samples: one mapping and one set of made images per repeat; class probabilities of each side:
    arm -> float32 (N, classes) per repeat; external ones where there are external images.
    """

    candidates: list[dict[str, ClassCandidates]]
    samples: list[Samples]
    val_scores: ScoresByArm
    test_scores: ScoresByArm
    external_scores: ScoresByArm = field(default_factory=dict)

    @property
    def val_predictions(self) -> PredictionsByArm:
        """Class indices int64 (N,) of each arm and repeat on val."""
        return _predictions(self.val_scores)

    @property
    def test_predictions(self) -> PredictionsByArm:
        """Class indices int64 (N,) of each arm and repeat on test."""
        return _predictions(self.test_scores)


@dataclass(frozen=True)
class _ClassifierJob:
    """A classifier to train and score; many units share the images that they are tested on."""

    run: ArmRun
    test: SharedArray


def run_standalone_arms(
    replicates: Sequence[Replicate], settings: ExperimentSettings, engine: Engine, external: ImageSet | None = None
) -> tuple[ScoresByArm, ScoresByArm, ScoresByArm]:
    """Probabilities on val, test and external images of the arms that draw real images and build on no other arm."""
    arms = [arm for arm in settings.arms if arm in STANDALONE_ARMS]
    no_samples = [Samples()] * len(replicates)
    identical = identical_arms(arms, [one.splits.train for one in replicates], no_samples, settings.base_augmentation)
    by_side = _run_arms(
        replicates, [arm for arm in arms if arm not in identical], no_samples, settings, engine, external
    )
    val, test, external_scores = (_with_identical(scores, identical) for scores in by_side)
    return val, test, external_scores


def run_experiment(
    replicates: Sequence[Replicate],
    generators: Sequence[GeneratorSet],
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
    standalone: tuple[ScoresByArm, ScoresByArm, ScoresByArm] = ({}, {}, {}),
) -> ExperimentResult:
    """Train and score every arm on every repeat; `generators` holds one set for each.

    external: images that all of them are scored on too; standalone: what `run_standalone_arms` found, whose arms are
    not trained again.
    """
    sets, seeds = [one.splits.train for one in replicates], [one.seed for one in replicates]
    class_filters = fit_filters(sets, settings.filter, seeds, engine)
    candidates = choose_samples(
        sets,
        generators,
        class_filters,
        seeds,
        wanted=settings.wanted,
        oversample=settings.oversample,
        transfer_share=settings.transfer_share,
        engine=engine,
    )
    samples = [
        _draw_samples(train, found, settings, seed) for train, found, seed in zip(sets, candidates, seeds, strict=True)
    ]
    missing_arms = [arm for arm in settings.arms if arm not in standalone[0] and arm != DELIVERED_ARM]
    identical = identical_arms([*standalone[0], *missing_arms], sets, samples, settings.base_augmentation)
    further_scores = _run_arms(
        replicates, [arm for arm in missing_arms if arm not in identical], samples, settings, engine, external
    )
    scores = (_with_identical(known | new, identical) for known, new in zip(standalone, further_scores, strict=True))
    return ExperimentResult(candidates, samples, *(_ordered(own, settings.arms) for own in scores))


def add_delivered_arm(
    result: ExperimentResult,
    replicates: Sequence[Replicate],
    used_arm: Arm,
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
) -> ExperimentResult:
    """Add the arm `as_delivered`: what the selection leaves in files of each training set, trained plainly.

    Of repeats that share a training set the first one's samples are those in files, so all are trained on them.
    """
    images_of = {}
    for replicate, candidates in zip(replicates, result.candidates, strict=True):
        if id(replicate.splits) not in images_of:
            kept = {label: found.kept for label, found in candidates.items()}
            images_of[id(replicate.splits)] = delivered_images(used_arm, replicate.splits.train, kept).drawn_by_weight()
    samples = [Samples(delivered=images_of[id(one.splits)]) for one in replicates]
    val, test, elsewhere = _run_arms(replicates, [DELIVERED_ARM], samples, settings, engine, external)
    return replace(
        result,
        val_scores=result.val_scores | val,
        test_scores=result.test_scores | test,
        external_scores=result.external_scores | elsewhere,
    )


def score_real_arm(
    replicates: Sequence[Replicate], arm: Arm, settings: ExperimentSettings, engine: Engine
) -> ScoresByArm:
    """Class probabilities on test of one real-only arm, float32 (N, classes) for each repeat, keyed by its name."""
    only = replace(settings, arms=[arm])
    samples = [_draw_samples(one.splits.train, {}, only, one.seed) for one in replicates]
    return _run_arms(replicates, [arm], samples, settings, engine)[1]


def _run_arms(
    replicates: Sequence[Replicate],
    arms: Sequence[Arm],
    samples: Sequence[Samples],
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
) -> tuple[ScoresByArm, ScoresByArm, ScoresByArm]:
    """Probabilities on val, on test and on external images of every arm in every repeat; none where there are none."""
    tests = {id(one.splits.test): SharedArray(_tested_images(one.splits.test, external)) for one in replicates}
    jobs = [
        _ClassifierJob(_arm_run(replicate, arm, own, settings), tests[id(replicate.splits.test)])
        for replicate, own in zip(replicates, samples, strict=True)
        for arm in arms
    ]
    try:
        in_order = engine.gather(_run_job, jobs, "classifiers")
    finally:
        for shared in tests.values():
            shared.close()
    test_sizes = [len(one.splits.test) for one in replicates]  # where external images begin
    tested = _scores_of_side(arms, in_order, "test")
    test = {arm: [own[:end] for own, end in zip(found, test_sizes, strict=True)] for arm, found in tested.items()}
    external_scores = {
        arm: [own[end:] for own, end in zip(found, test_sizes, strict=True)] for arm, found in tested.items()
    }
    return _scores_of_side(arms, in_order, "val"), test, external_scores if external is not None else {}


def _tested_images(test: ImageSet, external: ImageSet | None) -> NDArray[np.uint8]:
    return test.images if external is None else np.concatenate([test.images, external.images])


def _arm_run(replicate: Replicate, arm: Arm, samples: Samples, settings: ExperimentSettings) -> ArmRun:
    splits = replicate.splits
    return ArmRun(
        arm,
        replicate.seed,
        splits.train,
        samples_of_arm(arm, samples),
        splits.val.images,
        splits.test.images[:0],
        settings.fit,
        settings.batch_size,
        settings.flips,
        settings.base_augmentation,
    )


def _run_job(job: _ClassifierJob) -> ArmScores:
    return run_arm(replace(job.run, test=job.test.array))


def _draw_samples(
    train: ImageSet, candidates: Mapping[str, ClassCandidates], settings: ExperimentSettings, seed: int
) -> Samples:
    """Equally many images of every source, before the filter; those of baselines only where an arm draws them."""
    raw = {label: drawn.images[: settings.wanted] for label, drawn in candidates.items()}
    filtered = {label: drawn.kept for label, drawn in candidates.items()}
    sources = {source for arm in settings.arms if (source := ROW_OF[arm].source)}
    baselines = baseline_images(sources, train, filtered, settings.wanted, settings.flips, seed)
    return Samples({"raw": raw, "filtered": filtered, **baselines})


def _with_identical(scores: ScoresByArm, identical: Mapping[Arm, Arm]) -> ScoresByArm:
    """Those of arms that come to the same as another are the other's."""
    return scores | {arm: scores[other] for arm, other in identical.items() if other in scores}


def _scores_of_side(arms: Sequence[Arm], scores: Sequence[ArmScores], side: str) -> ScoresByArm:
    return {
        arm: [getattr(arm_scores, side).astype(np.float32) for arm_scores in scores[position :: len(arms)]]
        for position, arm in enumerate(arms)
    }


def _ordered(scores: ScoresByArm, arms: Sequence[Arm]) -> ScoresByArm:
    return {arm: scores[arm] for arm in arms if arm in scores}


def _predictions(scores: ScoresByArm) -> PredictionsByArm:
    return {arm: [probabilities.argmax(axis=1) for probabilities in by_repeat] for arm, by_repeat in scores.items()}
