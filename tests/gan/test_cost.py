"""What training will take: counted in closed form, measured on the job, bounded, and told before it begins."""

import dataclasses
from pathlib import Path

import pytest

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.gan import cost, per_class
from augment.gan.backend import Backend
from augment.gan.checkpoint_store import StoredJob, train_stacked
from augment.gan.per_class import ClassTraining, shared_job, train_classes
from augment.gan.training.run import GanJob, GanSettings
from tests.gan.conftest import images


def test_minutes_in_closed_form() -> None:
    assert cost.minutes(0.5, [[120], [60, 60, 60]], 2, False) == pytest.approx((60 + 45) / 60)
    assert cost.minutes(0.5, [[120], [60, 60, 60]], 1, False) == pytest.approx((60 + 90) / 60)
    assert cost.minutes(0.5, [[], [60]], 8, False) == pytest.approx(0.5)
    assert cost.minutes(0.5, [[120], [60, 90, 60], []], 1, True) == pytest.approx((60 + 45) / 60)


@pytest.mark.parametrize(("every", "seconds"), [(1, 0.3), (4, 0.15)])
def test_the_penalty_counts_as_often_as_it_comes(
    job: GanJob, monkeypatch: pytest.MonkeyPatch, every: int, seconds: float
) -> None:
    """Steps that cost 0.1 s, or 0.3 s with the penalty, on a clock of our own."""
    clock = [0.0]
    stepped = []

    def train_step(players, settings, data, sampling_weights, augment):
        penalised = players.step % settings.penalty_every == 0
        clock[0] += 0.3 if penalised else 0.1
        stepped.append(penalised)
        return data.sum()

    monkeypatch.setattr(cost, "train_step", train_step)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: clock[0])
    own = dataclasses.replace(job.settings, penalty_every=every)
    assert cost.seconds_per_step(dataclasses.replace(job, settings=own)) == pytest.approx(seconds)
    assert stepped == ([True, True] if every == 1 else [False, False, True, True])


def test_slow_steps_are_not_repeated(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    steps = []

    def train_step(players, settings, data, sampling_weights, augment):
        clock[0] += 60.0
        steps.append(players.step)
        return data.sum()

    monkeypatch.setattr(cost, "train_step", train_step)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: clock[0])
    assert cost.seconds_per_step(job) == pytest.approx(60.0)
    assert steps == [1, 0]


def test_a_step_is_measured_not_assumed(job: GanJob) -> None:
    large = dataclasses.replace(job, images=images(6, side=48))
    assert 0 < cost.seconds_per_step(job) < cost.seconds_per_step(large) < 5


def test_the_line_and_the_remedy() -> None:
    assert (
        cost.training_cost_line(0.2, [[12]], 1)
        == "1 GAN, 12 steps: less than a minute on 1 process, from a few timed steps"
    )
    line = cost.training_cost_line(600, [[2000], [400] * 10], 2)
    assert line.startswith("11 GANs, 6000 steps: about 10.0 h on 2 processes, from a few timed steps. Smaller images")
    assert "ingest.size" in line
    assert "ingest.size" not in cost.training_cost_line(29, [[2000]], 2)


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip().split(":")[0] for line in capsys.readouterr().err.splitlines() if "timed steps" in line]


def test_the_cost_is_told_first_and_only_of_what_is_left(
    two_classes: ImageSet, tiny: GanSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Backend(Engine("serial", 1), "cpu", tmp_path, 30.0)
    own = dict.fromkeys(two_classes.classes, tiny)
    train_classes(two_classes, ClassTraining(tiny, own), [0], here)
    first = capsys.readouterr().err.splitlines()
    assert first[0].startswith("  3 GANs, 36 steps: less than a minute on 1 process")
    train_classes(two_classes, ClassTraining(tiny, own), [0], here)
    assert told(capsys) == []
    train_classes(two_classes, ClassTraining(tiny, {**own, "a": dataclasses.replace(tiny, steps=13)}), [0], here)
    assert told(capsys) == ["1 GAN, 13 steps"]
    train_classes(two_classes, ClassTraining(tiny, own), [0, 1, 2], here)
    assert told(capsys) == ["6 GANs, 72 steps"]


def test_after_an_interruption_class_gans_that_are_left_count_too(
    two_classes: ImageSet, tiny: GanSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Backend(Engine("serial", 1), "cpu", tmp_path, 30.0)
    training = ClassTraining(tiny, dict.fromkeys(two_classes.classes, tiny))
    for seed in (0, 1):
        train_stacked([StoredJob(shared_job(two_classes, tiny, seed, "cpu", "shared"), tmp_path, 30.0)])
    train_classes(two_classes, training, [0], here)
    assert told(capsys) == ["2 GANs, 24 steps"], "all but the shared one"
    train_classes(two_classes, training, [0, 1, 2], here)
    assert told(capsys) == ["5 GANs, 60 steps"], "two of the second seed, three of the third"


def test_telling_changes_no_weights(two_classes: ImageSet, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Backend(Engine("serial", 1), "cpu", None, 30.0)
    training = ClassTraining(None, dict.fromkeys(two_classes.classes, tiny))
    (told_first,) = train_classes(two_classes, training, [0], here)
    monkeypatch.setattr(per_class, "_print_cost", lambda *_: None)
    (untold,) = train_classes(two_classes, training, [0], here)
    for label, gan in told_first.classes.items():
        weights, others = gan.whole().generator, untold.classes[label].whole().generator
        assert all(weights[name].equal(others[name]) for name in weights)
