"""Train and score arms on repeats, each by the classifiers of its family, side by side."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine, SharedArray
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.backbone_arms import BackboneFit, backbone_fit, run_backbone_fit, strengths_of
from augment.evaluation.arms.draws import Samples, samples_of_arm
from augment.evaluation.arms.normal_distance import DistanceFit, distance_fit, run_distance_fit
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.arms.seen import SeenImages, see_images
from augment.evaluation.arms.taught import TaughtFit, fit_taught
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.scores import Float32, SideScores
from augment.measure.classifiers import probabilities
from augment.params.arms import DELIVERED_ARM, PROBE_ARM, ROW_OF, Arm, family_of

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
    small = replace(settings, look=replace(settings.look, judged=None))  # of a teacher, whose pool is small too
    found: ScoresOf = {}
    for run, some, how in ((_run_scratch, from_scratch, small), (_run_with_backbone, with_backbone, settings)):
        with _sight_of(replicates, some, how, engine, outside) as sight:
            found |= run(replicates, some, samples, how, engine, outside, sight)
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


@dataclass(frozen=True)
class _Sight:
    """What the backbone saw of all images, and how strongly a probe of each split is penalised."""

    seen: SeenImages
    strengths: Mapping[Splits, float]


@contextmanager
def _sight_of(
    replicates: Sequence[Replicate], arms: Sequence[Arm], settings: ExperimentSettings, engine: Engine, outside: UInt8
) -> Iterator[_Sight | None]:
    """Every image is looked at once, for all arms and repeats; None where no arm looks through a backbone."""
    families = {family_of(arm, settings.base) for arm in arms}
    needs_probe = "probe" in families or any(ROW_OF[arm].use == "taught" for arm in arms)
    if not needs_probe and "finetune" not in families:
        yield None
        return
    seeds = {one.splits: one.seed for one in reversed(replicates)}  # of the first repeat of a split
    trains = [splits.train for splits in seeds]
    asked = [side.images for splits in seeds for side in (splits.val, splits.test)]
    seen = see_images(trains, [*asked, outside], settings.look, engine)
    try:
        strengths = strengths_of(trains, seen, list(seeds.values()), engine) if needs_probe else []
        yield _Sight(seen, dict(zip(seeds, strengths, strict=True)) if needs_probe else {})
    finally:
        seen.close()


def _run_scratch(
    replicates: Sequence[Replicate], arms: Sequence[Arm], samples: Sequence[Samples], settings: ExperimentSettings,
    engine: Engine, outside: UInt8, sight: _Sight | None,
) -> ScoresOf:  # fmt: skip
    """Many repeats share the images that they are tested on, which are therefore mapped."""
    tests = {one.splits.test: SharedArray(np.concatenate([one.splits.test.images, outside])) for one in replicates}
    jobs = {
        (arm, number): _NetworkJob(
            _network_fit(arm, one, drawn, settings, sight), one.splits.val.images, tests[one.splits.test]
        )
        for number, (one, drawn) in enumerate(zip(replicates, samples, strict=True))
        for arm in arms
    }
    try:
        results = engine.gather(partial(_timed, _score_network), list(jobs.values()), "classifiers" if jobs else "")
    finally:
        for shared in tests.values():
            shared.close()
    return dict(zip(jobs, results, strict=True))


def _network_fit(
    arm: Arm, one: Replicate, drawn: Samples, settings: ExperimentSettings, sight: _Sight | None
) -> ScratchFit | TaughtFit:
    training = (settings.fit, settings.batch_size, settings.flips, settings.base)
    train = one.splits.train
    fit = ScratchFit(arm, one.seed, train, samples_of_arm(arm, drawn), *training)
    if ROW_OF[arm].use != "taught":
        return fit
    assert sight is not None
    return TaughtFit(fit, _probe_of(one, np.zeros(0, np.int64), settings, sight))


def _probe_of(one: Replicate, scored: NDArray[np.int64], settings: ExperimentSettings, sight: _Sight) -> BackboneFit:
    """A probe of a repeat's real images."""
    strength = sight.strengths[one.splits]
    return backbone_fit(
        PROBE_ARM, None, one.splits.train, Samples(), scored, sight.seen, settings.look, strength, one.seed
    )


@dataclass(frozen=True)
class _NetworkJob:
    fit: ScratchFit | TaughtFit
    val: UInt8
    test: SharedArray


def _score_network(job: _NetworkJob) -> NDArray[np.float64]:
    network = fit_taught(job.fit) if isinstance(job.fit, TaughtFit) else fit_scratch(job.fit)
    return np.concatenate([probabilities(network, job.val), probabilities(network, job.test.array)])


def _run_with_backbone(
    replicates: Sequence[Replicate], arms: Sequence[Arm], samples: Sequence[Samples], settings: ExperimentSettings,
    engine: Engine, outside: UInt8, sight: _Sight | None,
) -> ScoresOf:  # fmt: skip
    """Repeats that share a training set share what is not random."""
    units: dict[tuple[Arm, int | Splits], BackboneFit | DistanceFit] = {}
    unit_of: dict[tuple[Arm, int], tuple[Arm, int | Splits]] = {}
    for number, (one, drawn) in enumerate(zip(replicates, samples, strict=True)):
        for arm in arms:
            unit = (arm, one.splits if _is_fixed(arm, drawn, settings) else number)
            unit_of[arm, number] = unit
            if unit not in units:
                assert sight is not None
                units[unit] = _look_fit(arm, one, drawn, settings, outside, sight)
    name = "classifiers on the backbone" if units else ""
    results = dict(zip(units, engine.gather(partial(_timed, _score_look), list(units.values()), name), strict=True))
    return {key: results[unit] for key, unit in unit_of.items()}


def _look_fit(
    arm: Arm, one: Replicate, drawn: Samples, settings: ExperimentSettings, outside: UInt8, sight: _Sight
) -> BackboneFit | DistanceFit:
    splits, seen = one.splits, sight.seen
    scored = np.concatenate([seen.plain(side) for side in (splits.val.images, splits.test.images, outside)])
    if ROW_OF[arm].use == "distances":
        assert settings.normal is not None  # as params.yaml is checked for
        return distance_fit(_probe_of(one, scored, settings, sight), splits.train, seen, settings.normal)
    strength = sight.strengths.get(splits, 0.0)
    return backbone_fit(arm, settings.base, splits.train, drawn, scored, seen, settings.look, strength, one.seed)


def _score_look(fit: BackboneFit | DistanceFit) -> NDArray[np.float64]:
    return run_distance_fit(fit) if isinstance(fit, DistanceFit) else run_backbone_fit(fit)


def _is_fixed(arm: Arm, samples: Samples, settings: ExperimentSettings) -> bool:
    """Nothing is random in a probe of real images: repeats that share a training set share it."""
    return family_of(arm, settings.base) == "probe" and not samples.of_arm(arm) and arm != DELIVERED_ARM


def _timed(function: Callable[[Job], NDArray[np.float64]], job: Job) -> tuple[NDArray[np.float64], float]:
    began = time.process_time()
    return function(job), time.process_time() - began
