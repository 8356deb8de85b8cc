"""What a whole run consists of, one part after the other, and the seconds of each: for the time that is left."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.core.engine import Engine
from augment.core.progress.run_clock import Part
from augment.data.entries import Entry
from augment.data.imageset import ImageSet
from augment.evaluation.cost.counting import (
    arms_to_train,
    backbone_arms_seconds,
    rows_seen,
    scratch_seconds,
    strength_seconds,
)
from augment.evaluation.cost.forecast import planned_training, prepared
from augment.evaluation.cost.timing import USUAL_WAY, Timings, time_parts
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.settings import (
    ExperimentSettings,
    arms_for,
    experiment_settings,
    seen_size_of,
    with_base,
)
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.gan.backend import Backend
from augment.gan.latent_transfer import inversion_passes
from augment.gan.per_class import ClassTraining
from augment.gan.settings import has_pinned_start, start_backend
from augment.params import Params
from augment.params.arms import DELIVERED_ARM, STANDALONE_ARMS, Arm, augmentation_of, family_of
from augment.synthesis.selection import expected_candidates

STAGES = ("ingest", "train", "generate", "experiment", "evaluate", "assemble", "report")
BEGIN_SECONDS = 4.0  # of a stage: Python, its libraries, DVC's hashes
TRANSLATOR_STEP = 1.5  # of what a step of the class's GAN takes, on average
AFTERWARDS_SECONDS = 10.0  # judging samples, the second classifier


@dataclass(frozen=True)
class Work:
    """What there is to schedule; splits, pool: as `ingest` would write them; bases: arms that made images may be added
    to; free: share of its time that this process had a processor to itself."""

    splits: Splits
    pool: ImageSet
    protocol: Protocol
    settings: ExperimentSettings
    bases: Sequence[Arm]
    training: ClassTraining
    timings: Timings
    backend: Backend
    free: float

    def side_by_side(self, seconds: float, units: int) -> float:
        """Of so many units of work together."""
        return seconds / max(1, min(self.backend.engine.processes, units))


def work_of(shape: tuple[int, int, int], images: Sequence[Entry], params: Params, before: Work | None = None) -> Work:
    """Time a few steps of everything, unless `before` knows that of images of this shape; what a run consists of.

    shape: (C, H, W). images: usable entries with pixels, split as `ingest` would. Raises as `forecast` does.
    """
    splits, pool = prepared(shape, images)
    protocol = prepared_protocol(splits, pool, params, has_pinned_start(params.train))
    seen, train, backend = (
        seen_size_of(images, shape[1:], params),
        protocol.first_splits.train,
        start_backend(params.compute),
    )
    settings = experiment_settings(params, arms_for(params.evaluate, *seen), train, seen)
    training = planned_training(train, params, backend.device)
    bases = params.evaluate.base_arms(settings.arms)
    ways = list(dict.fromkeys(augmentation_of(arm, base) for arm in settings.arms for base in bases or [None]))
    wall, processor = time.perf_counter(), time.process_time()
    timings = (
        before.timings if before else time_parts(train, settings, training, ways, backend.device, Engine("serial"))
    )
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    free = before.free if before else 1.0 if backend.stacked else min(1.0, processor / wall)  # a GPU is waited for
    return Work(splits, pool, protocol, settings, bases, training, timings, backend, free)


def planned_seconds(work: Work) -> float:
    """Of a whole run, at the most that the family which val chooses may make of it."""
    parts = run_parts(work)
    families = {family for part in parts for family in part.seconds}
    return max(sum(part.planned(family) for part in parts) for family in families)


def run_parts(work: Work) -> list[Part]:
    """In the order of the stages; `what` is the name that a part's progress is shown under."""
    repeats = len(work.protocol.seeds)
    begin = {stage: _part(stage, "", BEGIN_SECONDS) for stage in STAGES}
    return [
        begin["ingest"],
        begin["train"],
        *_gans("train", work, 1),
        *_translators("train", work, 1),
        begin["generate"],
        *_samples("generate", work, 1),
        begin["experiment"],
        *_real_arms(work),
        *_gans("experiment", work, repeats - work.protocol.first_is_delivered),
        *_translators("experiment", work, repeats - work.protocol.first_is_delivered),
        *_samples("experiment", work, repeats),
        *_other_arms(work, [arm for arm in work.settings.arms if arm not in (*STANDALONE_ARMS, DELIVERED_ARM)]),
        *_other_arms(work, [arm for arm in work.settings.arms if arm == DELIVERED_ARM]),
        _part("experiment", "independent classifiers", AFTERWARDS_SECONDS),
        begin["evaluate"],
        begin["assemble"],
        begin["report"],
    ]


def _part(stage: str, what: str, seconds: float) -> Part:
    return Part(stage, what, {"": seconds})


def _gans(stage: str, work: Work, sets: int) -> list[Part]:
    """The shared GANs of so many sets, and those of their classes."""
    shared = [work.training.shared.steps] * sets if work.training.shared else []
    classes = [settings.steps for settings in work.training.classes.values()] * sets
    of_step = work.timings.gan_step
    seconds = [work.side_by_side(sum(steps) * of_step, len(steps)) for steps in (shared, classes)]
    if work.backend.stacked:  # they train at once
        seconds = [max(steps, default=0) * of_step for steps in (shared, classes)]
    return [_part(stage, what, taken) for what, taken in zip(("shared GANs", "class GANs"), seconds, strict=True)]


def _translators(stage: str, work: Work, sets: int) -> list[Part]:
    """Of the classes that may have one: as many steps as their GANs take, and as many of their start."""
    counts, asked = work.protocol.first_splits.train.counts(), work.settings.transplant
    steps = [work.training.classes[label].steps for label in asked.tried(counts) if asked.source_of(label) == "learned"]
    seconds = TRANSLATOR_STEP * work.timings.gan_step * sets
    parts = [("starts of translators", steps[:1]), ("translators", steps)] if steps else []
    return [_part(stage, what, work.side_by_side(seconds * sum(of), sets * len(of))) for what, of in parts]


def _samples(stage: str, work: Work, sets: int) -> list[Part]:
    settings, train = work.settings, work.protocol.first_splits.train
    folds = sets * settings.filter.folds
    filters = folds * settings.filter.fit.steps * work.timings.step(USUAL_WAY)
    per_class = expected_candidates(settings.wanted, settings.oversample, settings.filter.accept)
    drawn = sets * len(train.classes) * per_class * work.timings.candidate
    searched = settings.transfer_share > 0 and work.training.shared is not None
    search = sets * inversion_passes(train.counts()) * work.timings.search_pass if searched else 0.0
    return [
        _part(stage, "class filter", work.side_by_side(filters, folds)),
        _part(stage, "latents", work.side_by_side(search, sets)),
        _part(stage, "samples of classes", work.side_by_side(drawn, sets * len(train.classes))),
    ]


def _real_arms(work: Work) -> list[Part]:
    """Of real images that build on no other arm: the networks, what the backbone sees, what rests on it."""
    arms = [arm for arm in work.settings.arms if arm in STANDALONE_ARMS]
    parts = _classifiers(work, arms, [None])
    backbone = work.timings.backbone
    families = {family_of(arm, None) for arm in arms}
    if backbone is None or families <= {"scratch"}:
        return parts
    looks = rows_seen(work.protocol.unique_splits)
    splits = len(work.protocol.unique_splits)
    choices = strength_seconds(work.protocol, backbone) if "probe" in families else 0.0
    seen = [
        _part("experiment", "backbone", work.side_by_side(looks * backbone.look, looks)),
        _part("experiment", "probe", work.side_by_side(choices, splits)),
    ]
    return [parts[0], *seen, parts[1]]


def _other_arms(work: Work, arms: Sequence[Arm]) -> list[Part]:
    """Of arms whose family is known once val has chosen the base."""
    train = work.protocol.first_splits.train
    bases: list[Arm | None] = [*work.bases] or [None]
    kept = {base: {*arms_to_train(train, with_base(work.settings, base))} for base in bases}
    return _classifiers(work, arms, bases, kept)


def _classifiers(
    work: Work, arms: Sequence[Arm], bases: Sequence[Arm | None], kept: Mapping[Arm | None, set[Arm]] | None = None
) -> list[Part]:
    """Two parts: networks from scratch, and what rests on a backbone; seconds by the family of the base."""
    networks: dict[str, float] = {}
    rested: dict[str, float] = {}
    for base in reversed(bases):
        settings, trained = with_base(work.settings, base), [arm for arm in arms if kept is None or arm in kept[base]]
        family, units = family_of(base, None) if base else "scratch", len(trained) * len(work.protocol.seeds)
        seconds = scratch_seconds(work.protocol, trained, settings, work.timings)
        networks[family] = work.side_by_side(seconds, units)
        backbone = work.timings.backbone
        on_it = backbone_arms_seconds(work.protocol, trained, settings, backbone) if backbone else 0.0
        rested[family] = work.side_by_side(on_it, units)
    return [
        Part("experiment", "classifiers", networks),
        Part("experiment", "classifiers on the backbone", rested),
    ]
