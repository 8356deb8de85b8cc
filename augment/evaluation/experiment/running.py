"""Train and score arms on repeats, each by the classifiers of its family, side by side."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine, SharedArray
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.backbone_arms import BackboneFit, backbone_fit, run_backbone_fit, strengths_of
from augment.evaluation.arms.draws import Samples, samples_of_arm
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.arms.seen import see_images
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.scores import Float32, SideScores
from augment.measure.classifiers import probabilities
from augment.params.arms import DELIVERED_ARM, Arm, family_of

Job = TypeVar("Job")
ScoresOf = dict[tuple[Arm, int], tuple[NDArray[np.float64], float]]  # by arm and repeat: of all its images, and seconds


def run_arms(
    replicates: Sequence[Replicate],
    arms: Sequence[Arm],
    samples: Sequence[Samples],
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
) -> SideScores:
    """Class probabilities of every arm in every repeat, on val, test and external images; samples: one for each."""
    outside = external.images if external is not None else replicates[0].splits.test.images[:0]
    from_scratch = [arm for arm in arms if family_of(arm, settings.base) == "scratch"]
    with_backbone = [arm for arm in arms if arm not in from_scratch]
    found = _run_scratch(replicates, from_scratch, samples, settings, engine, outside)
    found |= _run_with_backbone(replicates, with_backbone, samples, settings, engine, outside)
    sides: list[dict[str, list[Float32]]] = [{}, {}, {}]
    for arm in arms:
        by_repeat = [_sides(found[arm, number][0], one.splits) for number, one in enumerate(replicates)]
        for side, parts in zip(sides, zip(*by_repeat, strict=True), strict=True):
            side[arm] = list(parts)
    seconds = {arm: sum(found[arm, number][1] for number in range(len(replicates))) for arm in arms}
    val, test, elsewhere = sides
    return SideScores(val, test, elsewhere if external is not None else {}, seconds)


def _sides(scores: NDArray[np.float64], splits: Splits) -> tuple[Float32, ...]:
    """The scores of val, of test and of external images."""
    val, test, external = np.split(scores.astype(np.float32), np.cumsum([len(splits.val), len(splits.test)]))
    return val, test, external


def _run_scratch(
    replicates: Sequence[Replicate], arms: Sequence[Arm], samples: Sequence[Samples], settings: ExperimentSettings,
    engine: Engine, outside: UInt8,
) -> ScoresOf:  # fmt: skip
    """Many repeats share the images that they are tested on, which are therefore mapped."""
    tests = {one.splits.test: SharedArray(np.concatenate([one.splits.test.images, outside])) for one in replicates}
    training = (settings.fit, settings.batch_size, settings.flips, settings.base)
    jobs = {
        (arm, number): _ScratchJob(
            ScratchFit(arm, one.seed, one.splits.train, samples_of_arm(arm, drawn), *training),
            one.splits.val.images, tests[one.splits.test],
        )
        for number, (one, drawn) in enumerate(zip(replicates, samples, strict=True))
        for arm in arms
    }  # fmt: skip
    try:
        results = engine.gather(partial(_timed, _score_scratch), list(jobs.values()), "classifiers" if jobs else "")
    finally:
        for shared in tests.values():
            shared.close()
    return dict(zip(jobs, results, strict=True))


@dataclass(frozen=True)
class _ScratchJob:
    fit: ScratchFit
    val: UInt8
    test: SharedArray


def _score_scratch(job: _ScratchJob) -> NDArray[np.float64]:
    network = fit_scratch(job.fit)
    return np.concatenate([probabilities(network, job.val), probabilities(network, job.test.array)])


def _run_with_backbone(
    replicates: Sequence[Replicate], arms: Sequence[Arm], samples: Sequence[Samples], settings: ExperimentSettings,
    engine: Engine, outside: UInt8,
) -> ScoresOf:  # fmt: skip
    """Every image is looked at once, for all arms and repeats."""
    if not arms:
        return {}
    seeds = {one.splits: one.seed for one in reversed(replicates)}  # of the first repeat of a split
    trains = [splits.train for splits in seeds]
    asked = [side.images for splits in seeds for side in (splits.val, splits.test)]
    seen = see_images(trains, [*asked, outside], settings.look, engine)
    try:
        strengths: dict[Splits, float] = {}
        if any(family_of(arm, settings.base) == "probe" for arm in arms):
            found = strengths_of(trains, seen, list(seeds.values()), engine)
            strengths = dict(zip(seeds, found, strict=True))
        units: dict[tuple[Arm, int | Splits], BackboneFit] = {}
        unit_of: dict[tuple[Arm, int], tuple[Arm, int | Splits]] = {}
        for number, (one, drawn) in enumerate(zip(replicates, samples, strict=True)):
            splits, strength = one.splits, strengths.get(one.splits, 0.0)
            scored = np.concatenate([seen.plain(side) for side in (splits.val.images, splits.test.images, outside)])
            for arm in arms:
                unit = (arm, splits if _is_fixed(arm, drawn, settings) else number)
                unit_of[arm, number] = unit
                if unit not in units:
                    draws = (arm, settings.base, splits.train, drawn)
                    units[unit] = backbone_fit(*draws, scored, seen, settings.look, strength, one.seed)
        results = engine.gather(partial(_timed, run_backbone_fit), list(units.values()), "classifiers on the backbone")
    finally:
        seen.close()
    by_unit = dict(zip(units, results, strict=True))
    return {key: by_unit[unit] for key, unit in unit_of.items()}


def _is_fixed(arm: Arm, samples: Samples, settings: ExperimentSettings) -> bool:
    """Nothing is random in a probe of real images: repeats that share a training set share it."""
    return family_of(arm, settings.base) == "probe" and not samples.of_arm(arm) and arm != DELIVERED_ARM


def _timed(function: Callable[[Job], NDArray[np.float64]], job: Job) -> tuple[NDArray[np.float64], float]:
    began = time.process_time()
    return function(job), time.process_time() - began
