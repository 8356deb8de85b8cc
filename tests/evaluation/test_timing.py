"""What the parts of a comparison take, measured by a few steps of each."""

import math

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit
from augment.evaluation.cost import timing
from augment.evaluation.cost.timing import seconds_per_step
from augment.gan.settings import class_training
from augment.measure.classifiers import MAX_AHEAD_STEPS, FitSettings
from augment.params import Train

LABELS = np.array(["a", "b"] * 4)
TRAIN = ImageSet(np.arange(512, dtype=np.uint16).astype(np.uint8).reshape(8, 1, 8, 8), LABELS, LABELS, LABELS)


def test_a_pass_over_a_larger_image_takes_longer():
    training = class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu")
    small, large = (timing.seconds_per_pass(training.shared, (1, side, side)) for side in (8, 48))
    assert 0 < small < large, "36 times the pixels"


@pytest.mark.parametrize("arm", ["none", "gan_pretrain", "randaugment"])
def test_a_step_is_measured_not_assumed(arm):
    def run(side, batch):
        images = np.zeros((4, 1, side, side), np.uint8)
        names = np.array(["a", "b", "a", "b"])
        return ScratchFit(
            arm, 0, ImageSet(images, names, names, names), Samples(), FitSettings(10_000, 1e-3), batch, "none"
        )

    small, large = seconds_per_step(run(4, 4)), seconds_per_step(run(40, 64))
    assert 0 < small < large, "400 times the pixels, 16 times the images"


def test_slow_steps_are_timed_with_a_small_batch_and_once_more(monkeypatch):
    """A step costs a second for every image of its batch."""
    clock, fitted = [0.0], []

    def fit_scratch(run):
        clock[0] += run.batch_size * run.fit.steps
        fitted.append((run.batch_size, run.fit.steps))

    monkeypatch.setattr(timing, "fit_scratch", fit_scratch)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    images = np.zeros((2, 1, 4, 4), np.uint8)
    names = np.array(["a", "b"])
    train = ImageSet(images, names, names, names)
    run = ScratchFit("none", 0, train, Samples(), FitSettings(400, 1e-3), 64, "none")
    assert seconds_per_step(run) == pytest.approx(64)
    assert fitted == [(timing.PROBE_BATCH, 1)] * 2


def test_calls_of_the_augmentation_are_counted_in(monkeypatch):
    """A step costs one second, and augmenting the batches of some steps ahead sixteen."""
    clock = [0.0]

    def fit_scratch(run):
        clock[0] += run.fit.steps + 16 * math.ceil(run.fit.steps / MAX_AHEAD_STEPS) if run.batch_size == 16 else 0.001

    monkeypatch.setattr(timing, "fit_scratch", fit_scratch)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    run = ScratchFit("none", 0, TRAIN, Samples(), FitSettings(400, 1e-3), 16, "none")
    assert seconds_per_step(run) == pytest.approx(1 + 16 / MAX_AHEAD_STEPS)


def test_larger_candidates_and_more_judges_take_longer():
    gan = next(
        iter(class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu").classes.values())
    )
    small, large = timing.seconds_per_candidate(gan, (1, 8, 8), 1), timing.seconds_per_candidate(gan, (1, 48, 48), 1)
    assert 0 < small < large, "36 times the pixels"


def test_every_judge_of_a_candidate_is_timed(monkeypatch):
    """Drawing takes no time here, and a judge two seconds for all that it is shown."""
    clock = [0.0]

    def probabilities(judge, images):
        assert images.shape == (timing.PROBE_CANDIDATES, 1, 8, 8)
        clock[0] += 2.0

    monkeypatch.setattr(timing, "probabilities", probabilities)
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])
    (gan, *_) = class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu").classes.values()
    assert timing.seconds_per_candidate(gan, (1, 8, 8), 3) == pytest.approx(3 * 2.0 / timing.PROBE_CANDIDATES)
