"""The line before the expensive part: what it counts and how it measures."""

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.engine import Engine
from augment.evaluation import cost
from augment.evaluation.arms import ArmRun, Samples
from augment.evaluation.compare import Comparing
from augment.evaluation.cost import Cost, cost_line, measured_cost, seconds_per_step
from augment.measure.classifiers import FitSettings
from augment.params import ARMS, DEFAULT_ARMS
from augment.synthesis.filter import FilterSettings

LABELS = np.array(["a", "b"] * 4)
TRAIN = ImageSet(np.arange(512, dtype=np.uint16).astype(np.uint8).reshape(8, 1, 8, 8), LABELS, LABELS, LABELS)


def settings(arms=DEFAULT_ARMS, steps=400):
    filtering = FilterSettings(3, 0.9, FitSettings(150, 1e-3), 16, "none")
    return Comparing(arms, 4, 2, filtering, FitSettings(steps, 1e-3), 16, "none")


def test_counts_and_minutes(monkeypatch):
    seconds = {"gan_half": 0.5, "classical": 0.25}
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: seconds.get(run.arm, 0.1))
    arms = ("none", "gan_half", "gan_half_filtered", "copies_half")
    found = measured_cost(TRAIN, [0, 1, 2], settings(arms), Engine("serial"))
    assert (found.classifiers, found.filters) == (12, 9)
    assert found.minutes == pytest.approx((3 * 400 * (0.1 + 0.5 + 0.1 + 0.1) + 9 * 150 * 0.25) / 60)


def test_processes_share_the_work(monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: 0.1)
    monkeypatch.setattr(Engine, "map", lambda self, function, units: ((i, function(u)) for i, u in enumerate(units)))
    one, four = (measured_cost(TRAIN, [0, 1], settings(), Engine("local", jobs)).minutes for jobs in (1, 4))
    assert one == pytest.approx(4 * four)


@pytest.mark.parametrize("arm", ["none", "gan_pretrain", "randaugment"])
def test_a_step_is_measured_not_assumed(arm):
    def run(side, batch):
        images = np.zeros((4, 1, side, side), np.uint8)
        names = np.array(["a", "b", "a", "b"])
        return ArmRun(
            arm, 0, ImageSet(images, names, names, names), Samples({}, {}, {}), images, images,
            FitSettings(10_000, 1e-3), batch, "none",
        )  # fmt: skip

    small, large = seconds_per_step(run(4, 4)), seconds_per_step(run(40, 64))
    assert 0 < large < 5
    assert large > 3 * small


def test_slow_steps_are_timed_with_a_small_batch_and_once_more(monkeypatch):
    """A step costs a second for every image of its batch."""
    clock, fitted = [0.0], []

    def fit_arm(run):
        clock[0] += run.batch_size * run.fit.steps
        fitted.append((run.batch_size, run.fit.steps))

    monkeypatch.setattr(cost, "fit_arm", fit_arm)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: clock[0])
    images = np.zeros((2, 1, 4, 4), np.uint8)
    names = np.array(["a", "b"])
    train = ImageSet(images, names, names, names)
    run = ArmRun("none", 0, train, Samples({}, {}, {}), images, images, FitSettings(400, 1e-3), 64, "none")
    assert seconds_per_step(run) == pytest.approx(64)
    assert fitted == [(cost.SMALL_BATCH, 1)] * 2


def test_the_whole_probe_covers_every_arm():
    found = measured_cost(TRAIN, [0, 1], settings(ARMS, steps=1000), Engine("serial"))
    assert (found.classifiers, found.filters) == (2 * len(ARMS), 6)
    assert 0 < found.minutes < 60


def test_the_line():
    line = cost_line(Cost(35, 15, 2.6), settings(), Engine("local", 2), gans=44)
    assert line.startswith("35 classifiers of 400 steps and 15 of the class filter (150 steps): about 3 min on 2 proc")
    assert "Before that 44 GANs" in line
    assert "less than a minute on 1 process," in cost_line(Cost(35, 15, 0.4), settings(), Engine("serial"), 0)
