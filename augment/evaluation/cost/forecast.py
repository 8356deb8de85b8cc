"""What a whole run will take and can show, for `augment init` and `augment check`, before anything is trained."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from augment.core.engine import Engine
from augment.core.progress import duration, say
from augment.data.entries import SPLITS, Blocker, Entry
from augment.data.imageset import ImageSet
from augment.data.prepare import POOL, image_set
from augment.data.sizes import native_size
from augment.data.split.pool import SetType
from augment.evaluation.cost.counting import ExperimentCost, experiment_cost, gan_steps
from augment.evaluation.cost.gains import NOTED_GAIN, repeated_gain, what_would_show
from augment.evaluation.cost.timing import time_parts
from augment.evaluation.cost.whole_run import whole_run
from augment.evaluation.cost.wording import advice_text, minutes_text, repeats_text, smallest_gain_text
from augment.evaluation.experiment.preflight import GainModel, gain_model
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.settings import (
    ExperimentSettings,
    arms_for,
    experiment_settings,
    seen_size_of,
)
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.gan import cost as gan_cost
from augment.gan.per_class import ClassTraining
from augment.gan.settings import class_training, has_pinned_start, load_pinned_start, start_backend
from augment.params import Params
from augment.project.disk_space import missing_space

CLEARLY_SMALLER = 0.9  # times the gain shown now


def forecast(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[str]:
    """A few lines: GANs, evaluation, the smallest gain, and what to change where that is large.

    shape: (C, H, W). images: usable entries with pixels, split as `ingest` would. Raises `ParamsError`, `BundleError`
    and `DataError` for settings that do not fit such images.
    """
    splits, pool = prepared(shape, images)
    protocol = prepared_protocol(splits, pool, params, has_pinned_start(params.train))
    size = seen_size_of(images, shape[1:], params)
    settings = experiment_settings(params, arms_for(params.evaluate, *size), protocol.first_splits.train, size)
    say("timing a few steps ...")
    costs = cost_lines(run_cost(protocol, settings, params))
    return [*costs, *gain_lines(protocol, lambda: gain_model(protocol, settings, params), splits, pool, params)]


def gain_lines(
    protocol: Protocol[SetType], model_of: Callable[[], GainModel], splits: Splits[SetType], pool: SetType,
    params: Params,
) -> list[str]:  # fmt: skip
    """The smallest gain, and what to change where that is large."""
    with threadpool_limits(1):  # small products: threads would mostly wait for each other
        model = model_of()
        gain = model.smallest()
    line = smallest_gain_text(gain, model.groups.tolist(), repeats_text(protocol))
    if gain is not None and gain <= NOTED_GAIN:
        return [line]
    return [line, advice(model, gain, splits, pool, params)]


def disk_blockers(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Blocker]:
    """Disks that could not hold what a run writes."""
    sides = Counter[str](one.split for one in images)
    counts = Counter[str](one.label for one in images if one.split == "train")
    native = native_size(Counter(one.size for one in images if one.size), shape[1:])
    missing = missing_space(whole_run(shape, native, sides, counts, params))
    return [Blocker("params.yaml", "disk_too_small", line) for line in missing]


def prepared(shape: tuple[int, int, int], images: Sequence[Entry]) -> tuple[Splits, ImageSet]:
    """The sides, and what the split left over, as `ingest` would write them."""
    of_side = {side: image_set([one for one in images if one.split == side], shape) for side in (*SPLITS, POOL)}
    return Splits(*(of_side[side] for side in SPLITS)), of_side[POOL]


@dataclass(frozen=True)
class RunCost:
    """experiment: evaluation and the GANs of its repeats; delivered: GANs of `train`; gan_minutes: of both kinds;
    stacked: they train at once, which takes as long as the longest, or more."""

    experiment: ExperimentCost
    delivered: int
    gan_minutes: float
    stacked: bool


def run_cost(protocol: Protocol, settings: ExperimentSettings, params: Params) -> RunCost:
    """Time a few steps of everything, and count a whole run up."""
    backend, train = start_backend(params.compute), protocol.first_splits.train
    training = planned_training(train, params, backend.device)
    timings = time_parts(train, settings, training, [], backend.device, Engine("serial"))
    bases, sets = params.evaluate.base_arms(settings.arms), 1 + len(protocol.seeds)
    cost = experiment_cost(protocol, settings, bases, training, timings, backend, sets)
    groups = gan_steps(training, 1)
    minutes = gan_cost.minutes(timings.gan_step, groups, backend.engine.processes, backend.stacked)
    return RunCost(cost, sum(map(len, groups)), minutes + cost.gan_minutes, backend.stacked)


def cost_lines(cost: RunCost) -> list[str]:
    """Of the GANs, those of `train`, which are delivered, and those of the further repeats, which prove what they are
    worth; and of the evaluation."""
    told = f"{duration(cost.gan_minutes)}{' or more' if cost.stacked else ''}"
    proof = f"{cost.experiment.gans} more for the proof"
    line = f"GANs: {cost.delivered} to deliver, {proof}: {told}, from a few timed steps"
    longer = gan_cost.SHORTER if cost.gan_minutes > gan_cost.LONG_RUN_MINUTES else ""
    return [
        line + longer,
        f"evaluation: {cost.experiment.classifiers} classifiers: {minutes_text(cost.experiment.minutes)}",
    ]


def advice(model: GainModel, gain: float | None, splits: Splits[SetType], pool: SetType, params: Params) -> str:
    """What would let this set show a smaller gain."""
    repeated = None if params.evaluate.protocol == "repeated" else repeated_gain(model, splits, pool, params)
    better = repeated is not None and (gain is None or repeated <= CLEARLY_SMALLER * gain)
    several = len(model.groups) > 2
    found = what_would_show(model)
    return advice_text(model.groups.tolist(), model.seeds, found, repeated if better else None, several)


def planned_training(train: ImageSet, params: Params, device: str) -> ClassTraining:
    """As the train stage resolves it; overrides of other classes, and a start that is not there, count for nothing."""
    _, channels, height, width = train.images.shape
    counts: Mapping[str, int] = train.counts()
    overrides = {label: own for label, own in params.train.overrides.items() if label in counts}
    chosen, flips = params.train.model_copy(update={"overrides": overrides}), params.ingest.flips
    start = load_pinned_start(chosen, channels, height, width) if Path(chosen.base).exists() else None
    return class_training(chosen, counts, flips=flips, height=height, width=width, device=device, pinned_start=start)
