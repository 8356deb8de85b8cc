"""How much work an experiment is: classifiers of every family, samples to choose, GANs; and the minutes of it.

Which family the arms with made images belong to is known only once val has chosen the base, so minutes are counted
for each that may be chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import Samples, arm_data, identical_arms
from augment.evaluation.arms.finetune import BATCH_SIZE, STEPS
from augment.evaluation.arms.probe import FOLDS, STRENGTHS, VIEWS_OF_FOLDS
from augment.evaluation.arms.seen import views_of
from augment.evaluation.cost.timing import USUAL_WAY, BackboneSeconds, Timings, time_parts
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.settings import ExperimentSettings, with_base
from augment.gan import cost as gan_cost
from augment.gan.backend import Backend
from augment.gan.latent_transfer import inversion_passes
from augment.gan.per_class import ClassTraining
from augment.params.arm_row import Family
from augment.params.arms import (
    DEFAULT_GAN_ARM,
    DELIVERED_ARM,
    MADE_PER_CLASS,
    ROW_OF,
    SOURCES,
    Arm,
    augmentation_of,
    family_of,
)
from augment.synthesis.selection import expected_candidates

SCORED_SHARE = 1 / 3  # of a step's time: forwards alone


@dataclass(frozen=True)
class ExperimentCost:
    """Classifiers of the arms and of the class filter, candidates that it judges, and the minutes of all of these with
    the search of latent transfer, by the family of the base; GANs, and theirs."""

    classifiers: int
    filters: int
    candidates: int
    minutes: Mapping[Family, float]
    gans: int
    gan_minutes: float


def minutes_of_a_repeat(cost: ExperimentCost, base: Arm | None, protocol: Protocol) -> float:
    """Of one repeat more than `cost` is of, its GANs with it; base: the one that was chosen."""
    repeats = len(protocol.seeds)
    classifiers = cost.minutes[family_of(base, None) if base else "scratch"] / repeats
    return classifiers + cost.gan_minutes / max(1, repeats - protocol.first_is_delivered)


def measure_cost(
    protocol: Protocol, settings: ExperimentSettings, bases: Sequence[Arm], training: ClassTraining, backend: Backend
) -> ExperimentCost:
    """Time a few steps of everything on the very set, and count an experiment up; bases: as in `experiment_cost`."""
    train = protocol.first_splits.train
    ways = {augmentation_of(arm, base): None for arm in settings.arms for base in _bases_of(bases)}
    timings = time_parts(train, settings, training, [*ways], backend.device, backend.engine)
    return experiment_cost(protocol, settings, bases, training, timings, backend)


def experiment_cost(
    protocol: Protocol,
    settings: ExperimentSettings,
    bases: Sequence[Arm],
    training: ClassTraining,
    timings: Timings,
    backend: Backend,
    chosen_sets: int | None = None,
) -> ExperimentCost:
    """Count an experiment up; bases: arms that made images may be added to; chosen_sets: of samples that are drawn and
    filtered, those of the repeats where nothing is said."""
    train, repeats = protocol.first_splits.train, len(protocol.seeds)
    sets = repeats if chosen_sets is None else chosen_sets
    per_class = expected_candidates(settings.wanted, settings.oversample, settings.filter.accept)
    filters, candidates = sets * settings.filter.folds, sets * len(train.classes) * per_class
    work = filters * settings.filter.fit.steps * timings.step(USUAL_WAY) + candidates * timings.candidate
    if settings.transfer_share > 0 and training.shared:
        work += sets * inversion_passes(train.counts()) * timings.search_pass
    by_family = {family_of(base, None) if base else "scratch": base for base in reversed(_bases_of(bases))}
    minutes: dict[Family, float] = {}
    classifiers = 0
    for family, base in by_family.items():
        arms = arms_to_train(train, with_base(settings, base))
        seconds = work + arms_seconds(protocol, arms, with_base(settings, base), timings)
        minutes[family] = seconds / (60 * min(backend.engine.processes, repeats * len(arms)))
        classifiers = max(classifiers, repeats * len(arms))
    groups = gan_steps(training, repeats - protocol.first_is_delivered)
    gan_minutes = gan_cost.minutes(timings.gan_step, groups, backend.engine.processes, backend.stacked)
    return ExperimentCost(classifiers, filters, candidates, minutes, sum(map(len, groups)), gan_minutes)


def arms_to_train(train: ImageSet, settings: ExperimentSettings) -> list[Arm]:
    """The arms that come to the same as no other, once there are made images."""
    identical = identical_arms(settings.arms, [train], [_every_kind(train)], settings.base)
    return [arm for arm in settings.arms if arm not in identical]


def gan_steps(training: ClassTraining, sets: int) -> list[list[int]]:
    """Steps of the shared GANs of so many sets, and of their classes' GANs; each group is trained side by side."""
    shared = [training.shared.steps] if training.shared else []
    return [shared * sets, [settings.steps for settings in training.classes.values()] * sets]


def arms_seconds(protocol: Protocol, arms: Sequence[Arm], settings: ExperimentSettings, timings: Timings) -> float:
    """Seconds of one thread for the classifiers of these arms in all repeats, and for what the backbone sees."""
    families = {family_of(arm, settings.base) for arm in arms}
    seconds = scratch_seconds(protocol, arms, settings, timings)
    if timings.backbone is None or families <= {"scratch"}:
        return seconds
    seconds += rows_seen(protocol.unique_splits) * timings.backbone.look
    if "probe" in families:
        seconds += strength_seconds(protocol, timings.backbone)
    return seconds + backbone_arms_seconds(protocol, arms, settings, timings.backbone)


def scratch_seconds(protocol: Protocol, arms: Sequence[Arm], settings: ExperimentSettings, timings: Timings) -> float:
    """Of those arms whose classifier is a network from scratch."""
    networks = [arm for arm in arms if family_of(arm, settings.base) == "scratch"]
    steps = sum(timings.step(augmentation_of(arm, settings.base)) for arm in networks)
    return len(protocol.seeds) * settings.fit.steps * steps


def strength_seconds(protocol: Protocol, seconds: BackboneSeconds) -> float:
    """For finding how strongly a probe is penalised."""
    fold_rows = len(protocol.first_splits.train) * VIEWS_OF_FOLDS * (FOLDS - 1)  # of all folds together
    return len(protocol.unique_splits) * len(STRENGTHS) * fold_rows * seconds.probe_row


def backbone_arms_seconds(
    protocol: Protocol, arms: Sequence[Arm], settings: ExperimentSettings, seconds: BackboneSeconds
) -> float:
    """Of those arms whose classifier rests on a backbone, which has seen the real images."""
    count = {"probe": _probe_seconds, "finetune": _tuned_seconds}
    families = {arm: family_of(arm, settings.base) for arm in arms}
    return sum(count[family](protocol, arm, settings, seconds) for arm, family in families.items() if family in count)


def rows_seen(splits: Sequence[Splits]) -> int:
    """Looks at real images: each as it is, and the views of those that are trained on, once for all repeats."""
    views: dict[str, int] = {}
    for sides in splits:
        views |= {name: views.get(name, 0) for side in (sides.val, sides.test) for name in side.sources.tolist()}
        counts = sides.train.counts()
        for name, label in zip(sides.train.sources.tolist(), sides.train.labels.tolist(), strict=True):
            views[name] = max(views.get(name, 0), views_of(counts[label]))
    return len(views) + sum(views.values())


def made_images(arm: Arm, train: ImageSet, wanted: int) -> int:
    """Made images that an arm's classifier is shown through the backbone."""
    if arm == DELIVERED_ARM:
        return made_images(DEFAULT_GAN_ARM, train, wanted)
    of_each_class = len(arm_data(arm, train, _every_kind(train)).images) - len(train)
    classes = len(train.classes) if ROW_OF[arm].use in ("first", "only") else of_each_class
    return classes * min(wanted, MADE_PER_CLASS)


def _probe_seconds(protocol: Protocol, arm: Arm, settings: ExperimentSettings, seconds: BackboneSeconds) -> float:
    """Nothing is random in a probe of real images: it is fitted once for each training set."""
    train = protocol.first_splits.train
    made, augmented = made_images(arm, train, settings.wanted), augmentation_of(arm, settings.base) is not None
    fits = len(protocol.seeds if made else protocol.unique_splits)
    real = sum(count * views_of(count) for count in train.counts().values()) if augmented else len(train)
    return fits * ((real + made) * seconds.probe_row + made * seconds.look)


def _tuned_seconds(protocol: Protocol, arm: Arm, settings: ExperimentSettings, seconds: BackboneSeconds) -> float:
    sides = protocol.first_splits
    steps = STEPS + SCORED_SHARE * (len(sides.val) + len(sides.test)) / BATCH_SIZE
    made = made_images(arm, sides.train, settings.wanted)
    return len(protocol.seeds) * (steps * seconds.tuned_step + made * seconds.look)


def _bases_of(bases: Sequence[Arm]) -> list[Arm | None]:
    """None where no arm may be built on."""
    return [*bases] or [None]


def _every_kind(train: ImageSet) -> Samples:
    """One made image of every kind and class."""
    return Samples(dict.fromkeys(SOURCES, dict.fromkeys(train.classes, train.images[:1])))
