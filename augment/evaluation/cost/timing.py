"""How long the parts of a comparison take on this machine: a few steps of each are timed, in one thread."""

import copy
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from augment.core.engine import Engine
from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.finetune import BATCH_SIZE
from augment.evaluation.arms.probe import STRENGTHS
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.arms.seen import Look, see_made
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.gan import cost as gan_cost
from augment.gan.latent_transfer import descend
from augment.gan.networks.build import new_generator, to_uint8
from augment.gan.per_class import ClassTraining, shared_job
from augment.gan.training.run import GanSettings
from augment.measure.backbone.backbone import load_backbone, pool
from augment.measure.classifiers import MAX_AHEAD_STEPS, MAX_AHEAD_VALUES, FitSettings, SmallCnn, probabilities
from augment.measure.logistic import fit_logistic
from augment.params.arm_row import Augmentation
from augment.params.arms import BACKBONE_ARMS, BASELINE_ARM
from augment.synthesis.native import upscaled

FEW_STEPS = 4  # but whole turns of augmentation, where it costs by the call
PROBE_BATCH = 8
SLOW_STEP_SECONDS = 0.5
PROBE_CANDIDATES = 64  # candidates
SEARCH_STEPS = 2
LOOKS, PROBE_ROWS = 16, 1000  # images that the backbone is shown, rows of a logistic regression
USUAL_WAY: Augmentation = "classical"  # of the class filter's classifiers


@dataclass(frozen=True)
class BackboneSeconds:
    """look: one image, augmented and seen; probe_row: one row of one logistic regression; tuned_step: a step of the
    last layers, 0 where a network does not come apart."""

    look: float
    probe_row: float
    tuned_step: float


@dataclass(frozen=True)
class Timings:
    """Seconds in one thread.

    steps: of a network from scratch, by how it augments; those that are not there cost as `USUAL_WAY` does
    candidate: drawn, and judged by the class filter; search_pass: one image in a step of the search for its latent
    gan_step: of a GAN; backbone: None where nothing looks through one
    """

    steps: Mapping[Augmentation | None, float]
    candidate: float
    search_pass: float
    gan_step: float
    backbone: BackboneSeconds | None

    def step(self, way: Augmentation | None) -> float:
        return self.steps.get(way, self.steps[USUAL_WAY])


def time_parts(
    train: ImageSet,
    settings: ExperimentSettings,
    training: ClassTraining,
    ways: Collection[Augmentation | None],
    device: str,
    engine: Engine,
) -> Timings:
    """Time what a comparison on this training set consists of; ways: to augment that are timed beside the usual one.

    Classifiers are timed side by side, as the comparison will run. Raises `ParamsError` without the backbone.
    """
    timed = list(dict.fromkeys([*ways, USUAL_WAY]))
    runs = [_probe_run(way or BASELINE_ARM, train, settings.fit, settings.batch_size, settings.flips) for way in timed]
    steps = dict(zip(timed, engine.gather(seconds_per_step, runs), strict=True))
    gan, shape = training.shared or training.classes[train.classes[0]], train.images.shape[1:]
    candidate = seconds_per_candidate(gan, shape, settings.filter.folds)
    searched = settings.transfer_share > 0 and training.shared is not None
    search_pass = seconds_per_pass(gan, shape) if searched else 0.0
    job = shared_job(train, gan, 0, device, "cost")
    (gan_step,) = Engine("serial").gather(gan_cost.seconds_per_step, [job])
    asks = not {*BACKBONE_ARMS}.isdisjoint(settings.arms)
    look, size = replace(settings.look, judged=None), settings.seen_size or shape[1:]
    backbone = backbone_seconds(upscaled(train.images[:LOOKS], size), look, len(train.classes)) if asks else None
    return Timings(steps, candidate, search_pass, gan_step, backbone)


def seconds_per_step(run: ScratchFit) -> float:
    """Seconds that a step of this arm's classifier takes; at least 0. One step runs before, to warm up.

    Where a step of a small batch is slow already, the image decides, and time goes with the batch: that is enough.
    """
    small = min(PROBE_BATCH, run.batch_size)
    times = [_fit_seconds(replace(run, batch_size=small), 1) for _ in range(2)]
    if times[1] > SLOW_STEP_SECONDS:
        return times[1] * run.batch_size / small
    turn = min(MAX_AHEAD_STEPS, MAX_AHEAD_VALUES // math.prod(run.train.images.shape[1:]))
    steps = max(FEW_STEPS, turn)
    times = [_fit_seconds(run, number) for number in (1, 1 + steps)]
    return max(0.0, (times[1] - times[0]) / steps)


def seconds_per_candidate(settings: GanSettings, shape: tuple[int, ...], folds: int) -> float:
    """Seconds to draw a sample of this shape (C, H, W) and to show it to the filter's classifiers, by new networks."""
    channels, height, width = shape
    generator = new_generator(settings.architecture(*shape)).eval()
    judge = SmallCnn(channels, height, width, classes=2).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def draw_and_judge() -> None:
        with torch.no_grad():
            images = to_uint8(generator(torch.zeros(PROBE_CANDIDATES, settings.latent))).numpy()
        for _ in range(folds):
            probabilities(judge, images)

    return _warm_seconds(draw_and_judge) / PROBE_CANDIDATES


def seconds_per_pass(settings: GanSettings, shape: tuple[int, ...]) -> float:
    """Seconds that one image of this shape (C, H, W) takes in a step of the search for its latent, by a new network."""
    generator = new_generator(settings.architecture(*shape)).eval().requires_grad_(False)
    images, latents = torch.zeros(PROBE_BATCH, *shape), torch.zeros(PROBE_BATCH, settings.latent)
    search = partial(descend, generator, images, latents, SEARCH_STEPS)
    return _warm_seconds(search) / (PROBE_BATCH * SEARCH_STEPS)


def backbone_seconds(images: UInt8, look: Look, classes: int) -> BackboneSeconds:
    """What looking at such images costs, and learning from what is seen. Raises `ParamsError` without the backbone."""
    shown = images[np.arange(LOOKS) % len(images)]
    features, activations = see_made(shown, look, 0, augmented=True)
    rng = numpy_rng("cost of a probe")
    rows = features[rng.integers(0, LOOKS, PROBE_ROWS)]
    rows = rows + rng.normal(size=rows.shape).astype(np.float32) * features.std(axis=0)
    targets, strength = np.arange(PROBE_ROWS) % classes, STRENGTHS[len(STRENGTHS) // 2]
    probe = partial(fit_logistic, rows, targets, np.ones(PROBE_ROWS), strength)
    network = load_backbone(look.backbone)
    batch = torch.from_numpy(activations[np.arange(BATCH_SIZE) % LOOKS].astype(np.float32))
    tuned_step = 0.0
    if network.last is not None:
        tuned_step = _warm_seconds(partial(_train_once, copy.deepcopy(network.last), batch, network.trains_in_bf16))
    see = _warm_seconds(partial(see_made, shown, look, 0, augmented=True), times=1)
    return BackboneSeconds(see / LOOKS, _warm_seconds(probe, times=1) / PROBE_ROWS, tuned_step)


def _train_once(last: nn.Module, batch: torch.Tensor, bf16: bool) -> None:
    """Forwards and backwards, beside which the rest of a step is nothing."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        seen = pool(last(batch.contiguous(memory_format=torch.channels_last)))
    seen.sum().backward()  # type: ignore[no-untyped-call]


def _warm_seconds(work: Callable[[], object], times: int = 3) -> float:
    """The fastest of so many calls in one thread: the first one warms up."""
    return min(Engine("serial").gather(_seconds, [work] * times))


def _fit_seconds(run: ScratchFit, steps: int) -> float:
    return _seconds(partial(fit_scratch, replace(run, fit=FitSettings(steps, run.fit.learning_rate))))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _probe_run(arm: str, train: ImageSet, fit: FitSettings, batch_size: int, flips: str) -> ScratchFit:
    """Without made images every arm draws real ones, at the same price."""
    return ScratchFit(arm, 0, train, Samples(), fit, batch_size, flips)
