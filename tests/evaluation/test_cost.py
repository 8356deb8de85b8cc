"""The line before the expensive part: what it counts and how it measures."""

import math
from dataclasses import replace

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation import cost
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ArmRun
from augment.evaluation.cost import ExperimentCost, cost_line, measure_cost, seconds_per_step
from augment.evaluation.experiment.experiment import ExperimentSettings
from augment.gan.latent_transfer import inversion_passes
from augment.gan.per_class import Backend
from augment.gan.settings import class_training
from augment.measure.classifiers import MAX_AHEAD_STEPS, FitSettings
from augment.params import Train
from augment.params.arms import ARMS, DEFAULT_ARMS
from augment.synthesis.filter import FilterSettings

SERIAL = Engine("serial")
LABELS = np.array(["a", "b"] * 4)
TRAIN = ImageSet(np.arange(512, dtype=np.uint16).astype(np.uint8).reshape(8, 1, 8, 8), LABELS, LABELS, LABELS)


def settings(arms=DEFAULT_ARMS, steps=400):
    filtering = FilterSettings(3, 0.9, FitSettings(150, 1e-3), 16, "none")
    return ExperimentSettings(arms, 4, 2, filtering, FitSettings(steps, 1e-3), 16, "none")


def measured(repeats, comparing, engine=SERIAL, sets=0, train=None, stacked=False):
    training = class_training(
        train or Train(width=4, latent=4), {"a": 10, "b": 10}, flips="none", height=8, width=8, device="cpu"
    )
    return measure_cost(TRAIN, range(repeats), comparing, training, sets, Backend(engine, "cpu", None, 30.0, stacked))


def test_counts_and_minutes(monkeypatch):
    seconds = {"none": 0.1, "classical": 0.25, "randaugment": 0.5}
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: seconds[run.arm])
    monkeypatch.setattr(cost, "seconds_per_candidate", lambda gan, shape, folds: 0.01 * folds)
    arms = ("none", "randaugment", "gan_half", "gan_half_filtered", "copies_half")
    found = measured(3, settings(arms))
    assert (found.classifiers, found.filters, found.candidates) == (15, 9, 3 * 2 * 4 * 2)
    steps = 3 * 400 * (0.1 + 0.5 + 3 * 0.25)  # made images are added to `classical` here
    assert found.minutes == pytest.approx((steps + 9 * 150 * 0.25 + 48 * 0.03) / 60)


def test_the_search_for_what_can_be_borrowed_is_counted_in(monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: 0.1)
    monkeypatch.setattr(cost, "seconds_per_candidate", lambda gan, shape, folds: 0.1)
    monkeypatch.setattr(cost, "seconds_per_pass", lambda gan, shape: 0.25)
    plain, lending = (measured(3, replace(settings(), transfer_share=share)).minutes for share in (0.0, 0.75))
    assert lending - plain == pytest.approx(3 * inversion_passes(TRAIN.counts()) * 0.25 / 60)
    alone = Train(width=4, latent=4, transfer="none")
    assert measured(3, replace(settings(), transfer_share=0.75), train=alone).minutes == pytest.approx(plain), (
        "none is a donor"
    )


def test_a_pass_over_a_larger_image_takes_longer():
    training = class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu")
    small, large = (cost.seconds_per_pass(training.shared, (1, side, side)) for side in (8, 48))
    assert 0 < small < large, "36 times the pixels"


def test_processes_share_the_work(monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: 0.1)
    monkeypatch.setattr(cost, "seconds_per_candidate", lambda gan, shape, folds: 0.1)
    monkeypatch.setattr(Engine, "map", lambda self, function, units: ((i, function(u)) for i, u in enumerate(units)))
    one, four = (measured(2, settings(), Engine("local", jobs)).minutes for jobs in (1, 4))
    assert one == pytest.approx(4 * four)


@pytest.mark.parametrize("arm", ["none", "gan_pretrain", "randaugment"])
def test_a_step_is_measured_not_assumed(arm):
    def run(side, batch):
        images = np.zeros((4, 1, side, side), np.uint8)
        names = np.array(["a", "b", "a", "b"])
        return ArmRun(
            arm, 0, ImageSet(images, names, names, names), Samples(), images, images,
            FitSettings(10_000, 1e-3), batch, "none",
        )  # fmt: skip

    small, large = seconds_per_step(run(4, 4)), seconds_per_step(run(40, 64))
    assert 0 < small < large, "400 times the pixels, 16 times the images"


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
    run = ArmRun("none", 0, train, Samples(), images, images, FitSettings(400, 1e-3), 64, "none")
    assert seconds_per_step(run) == pytest.approx(64)
    assert fitted == [(cost.PROBE_BATCH, 1)] * 2


def test_the_whole_probe_covers_every_arm():
    found = measured(2, settings(ARMS, steps=1000))
    assert (found.classifiers, found.filters) == (2 * (len(ARMS) - 4), 6), "equal classes leave four nothing to fill"
    assert 0 < found.minutes < 60


def test_gans_are_counted_with_their_steps(monkeypatch):
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: 0.0)
    monkeypatch.setattr(cost.gan_cost, "seconds_per_step", lambda job: 0.5)
    train = Train(width=4, latent=4, shared_steps=40, steps=10, overrides={"a": {"steps": 20}})
    found = measured(4, settings(), sets=3, train=train)
    assert (found.gans, found.gan_minutes) == (9, pytest.approx(0.5 * 3 * (40 + 20 + 10) / 60))
    two = measured(4, settings(), Engine("local", 2), sets=4, train=train)
    assert two.gan_minutes == pytest.approx(0.5 * 4 * (40 + 20 + 10) / 2 / 60)
    alone = measured(4, settings(), sets=3, train=train.model_copy(update={"transfer": "none"}))
    assert (alone.gans, alone.gan_minutes) == (6, pytest.approx(0.5 * 3 * (20 + 10) / 60))
    assert (measured(1, settings()).gans, measured(1, settings()).gan_minutes) == (0, 0.0)
    stacked = measured(4, settings(), Engine("local", 2), sets=4, train=train, stacked=True)
    assert stacked.gan_minutes == pytest.approx(0.5 * (40 + 20) / 60), "each group takes as long as its longest"


def test_arms_that_augment_alike_are_timed_as_one(monkeypatch):
    timed = []
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: timed.append(run.arm) or 0.1)
    measured(2, settings())
    measured(2, settings(("none",)))
    assert timed == ["none", "classical", "randaugment", "mixup_cutmix", "none", "classical"]


def test_calls_of_the_augmentation_are_counted_in(monkeypatch):
    """A step costs one second, and augmenting the batches of some steps ahead sixteen."""
    clock = [0.0]

    def fit_arm(run):
        clock[0] += run.fit.steps + 16 * math.ceil(run.fit.steps / MAX_AHEAD_STEPS) if run.batch_size == 16 else 0.001

    monkeypatch.setattr(cost, "fit_arm", fit_arm)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: clock[0])
    run = ArmRun("none", 0, TRAIN, Samples(), TRAIN.images, TRAIN.images, FitSettings(400, 1e-3), 16, "none")
    assert seconds_per_step(run) == pytest.approx(1 + 16 / MAX_AHEAD_STEPS)


def test_larger_candidates_and_more_judges_take_longer():
    gan = next(
        iter(class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu").classes.values())
    )
    small, large = cost.seconds_per_candidate(gan, (1, 8, 8), 1), cost.seconds_per_candidate(gan, (1, 48, 48), 1)
    assert 0 < small < large, "36 times the pixels"


def test_every_judge_of_a_candidate_is_timed(monkeypatch):
    """Drawing takes no time here, and a judge two seconds for all that it is shown."""
    clock = [0.0]

    def probabilities(judge, images):
        assert images.shape == (cost.PROBE_CANDIDATES, 1, 8, 8)
        clock[0] += 2.0

    monkeypatch.setattr(cost, "probabilities", probabilities)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: clock[0])
    (gan, *_) = class_training(Train(width=4), {"a": 9}, flips="none", height=8, width=8, device="cpu").classes.values()
    assert cost.seconds_per_candidate(gan, (1, 8, 8), 3) == pytest.approx(3 * 2.0 / cost.PROBE_CANDIDATES)


def test_the_line():
    line = cost_line(ExperimentCost(35, 15, 6000, 2.6, 44, 9.9), settings(), Engine("local", 2))
    assert line.startswith("44 GANs, as far as .work does not hold them: about 10 min; 35 classifiers of 400 steps, ")
    assert "15 of the class filter (150 steps) and 6000 candidates that it judges: about 3 min; in all about" in line
    assert "about 12 min on 2 processes" in line
    alone = cost_line(ExperimentCost(35, 15, 6000, 0.4, 0, 0.0), settings(), Engine("serial"))
    assert alone.startswith("35 classifiers")
    assert "in all less than a minute on 1 process," in alone
