"""A callback of `train_generators`: what it is told, how it ends a GAN, and that the store keeps none of those."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import augment
from augment.core.errors import ArgumentError
from augment.gan.api import train_generators
from augment.gan.backend import GanProgress
from augment.gan.generators import GeneratorSet
from augment.gan.training.run import GanJob
from augment.gan.training.stacked_trainer import fit_stacked
from augment.gan.training.trainer import fit
from tests.gan.conftest import images

QUICK = {"width": 4, "latent": 4, "shared_steps": 6, "steps": 12, "batch_size": 4, "device": "cpu"}
LABELS = ["b"] * 6 + ["a"] * 4


def trained(callback: Callable[[GanProgress], bool | None] | None = None, store: Path | None = None) -> GeneratorSet:
    return train_generators(images(10), LABELS, progress=False, callback=callback, store=store, **QUICK)


def equal(first: GeneratorSet, second: GeneratorSet, label: str) -> bool:
    return torch.equal(first[label].sample(3), second[label].sample(3))


def test_it_is_told_every_step_of_a_short_run_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[GanProgress] = []
    generators = trained(told.append)  # which returns None
    names = ["shared GAN"] * 6 + ["GAN of class a"] * 12 + ["GAN of class b"] * 12
    assert [row.name for row in told] == names
    assert [(row.step, row.steps) for row in told[:6]] == [(step, 6) for step in range(1, 7)]
    assert all(0 <= row.win_rate <= 1 for row in told)
    assert all(equal(generators, trained(), label) for label in "ab")
    assert capsys.readouterr().err == ""


def test_it_ends_one_gan_and_the_others_go_on() -> None:
    ended = trained(lambda gan: gan.name == "GAN of class b" and gan.step == 5)
    assert (ended["a"].training["steps"], ended["b"].training["steps"]) == (12, 5)
    assert equal(ended, trained(), "a")
    assert not equal(ended, trained(), "b")
    shorter = train_generators(images(10), LABELS, progress=False, overrides={"b": {"steps": 5}}, **QUICK)
    assert equal(ended, shorter, "b"), "what five steps make"


def test_the_store_keeps_whole_gans_alone(tmp_path: Path) -> None:
    trained(lambda gan: gan.step == 2, store=tmp_path)
    assert not list(tmp_path.rglob("finished.pt"))
    whole = trained(store=tmp_path)
    assert all(equal(whole, trained(), label) for label in "ab")
    assert len(list(tmp_path.rglob("finished.pt"))) == 3


def test_a_run_that_fails_its_checks_does_not_end_there(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """At step 5 it is told to end and rolled back; it goes on, and ends at 5 the second time."""
    faults = iter(["collapsed"])
    monkeypatch.setattr("augment.gan.training.trainer.find_fault", lambda *_: next(faults, None))
    result = fit(job, on_row=lambda row: row["step"] == 5)
    assert (result.steps, len(result.rollbacks), result.reason) == (5, 1, "")


def test_of_a_stack_each_model_ends_by_itself(job: GanJob) -> None:
    results = dict(fit_stacked([job, job], on_rows=[lambda row: row["step"] >= 5, lambda row: False]))
    assert [results[number].steps for number in range(2)] == [5, job.settings.steps]


def test_a_callback_may_train_and_sample() -> None:
    """What it calls comes to the same lock."""
    seen: list[int] = []

    def callback(gan: GanProgress) -> None:
        if gan.step == 1 and not seen:
            seen.append(1)
            seen.append(len(trained()))

    trained(callback)
    assert seen == [1, 2]


def test_an_error_of_its_own_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        trained(lambda gan: bool(1 / 0))


def test_processes_of_their_own_cannot_call_it() -> None:
    with pytest.raises(ArgumentError, match=r"callback is called in this process, and jobs=2"):
        augment.train_generators(images(10), LABELS, callback=lambda gan: True, jobs=2)


def test_progress_is_told_unless_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    train_generators(images(10), LABELS, **QUICK)
    said = capsys.readouterr().err
    assert "shared GANs: 1 of 1 in" in said
    assert "class GANs: 2 of 2 in" in said
