"""Stacks in use: with the work store, for all classes and repeats of a set, and only where there is a GPU."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.gan import checkpoint_store, cost, per_class, settings
from augment.gan.backend import Backend
from augment.gan.checkpoint_store import StoredJob, fingerprint, is_finished, train_stacked
from augment.gan.per_class import ClassTraining, train_classes
from augment.gan.training import stacked_trainer
from augment.gan.training.players import Players
from augment.gan.training.run import GanJob, GanSettings
from augment.gan.training.trainer import fit
from augment.params import Compute
from tests.gan.conftest import images
from tests.gan.stacks import jobs_of, spoiling


def test_what_the_store_has_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_of(6, 6, 6)
    stored = [StoredJob(job, tmp_path, 30.0) for job in jobs]
    (known,) = train_stacked([stored[1]])
    asked: list[str] = []
    fitted = checkpoint_store.fit_stacked

    def watched(jobs: list[GanJob], **arguments: Any) -> Any:
        asked.extend(job.name for job in jobs)
        return fitted(jobs, **arguments)

    monkeypatch.setattr(checkpoint_store, "fit_stacked", watched)
    results = train_stacked(stored)
    assert asked == ["class 0", "class 2"]
    assert results[1].result.history == known.result.history == fit(jobs[1]).history, "one by itself is a plain run"
    assert all(map(is_finished, stored))
    assert sorted(path.name for path in (tmp_path / fingerprint(jobs[2])).iterdir()) == ["finished.pt", "lock"]
    again = train_stacked(stored)
    assert asked == ["class 0", "class 2"]
    assert [gan.result.history for gan in again] == [gan.result.history for gan in results]


def test_the_store_keeps_what_was_finished_before_an_end(
    tmp_path: Path, steps: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model goes back and is alone at work when the run is ended: the others are finished and stay so."""
    spoiling(monkeypatch, lambda players: 0 if players.models == 3 and players.step == 12 else None)
    stored = [StoredJob(job, tmp_path, 30.0) for job in jobs_of(6, 6, 6)]
    fitted = checkpoint_store.fit_stacked

    def ended(jobs: list[GanJob], **arguments: Any) -> Any:
        return fitted(jobs, **{**arguments, "stop": lambda: steps[-1:] == [(1, 11)]})

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_store, "fit_stacked", ended)
        with pytest.raises(KeyboardInterrupt):
            train_stacked(stored)
    assert [is_finished(one) for one in stored] == [False, True, True]
    before = len(steps)
    results = train_stacked(stored)
    assert steps[before:] == [(1, 12)], "one step was left"
    assert all(gan.result.reason == "" for gan in results)
    assert len(results[0].result.rollbacks) == 1


@pytest.fixture
def three_classes() -> ImageSet:
    labels = np.array(["a"] * 5 + ["b"] * 3 + ["c"] * 9)
    names = np.array([str(index) for index in range(17)])
    return ImageSet(images(17), labels, names, names)


STACKED = Backend(Engine("serial", 1), "cpu", None, 30.0, stacked=True)


def test_classes_and_repeats_of_equal_settings_train_in_one_stack(
    three_classes: ImageSet, tiny: GanSettings, steps: list[tuple[int, int]]
) -> None:
    longer = dataclasses.replace(tiny, steps=14)
    training = ClassTraining(None, {"a": tiny, "b": longer, "c": tiny})
    first, second = train_classes(three_classes, training, [0, 1], STACKED)
    assert list(first.classes) == list(second.classes) == ["a", "b", "c"]
    assert [len(first.classes[label].result.history) for label in "abc"] == [12, 14, 12]
    assert steps == [*((4, step) for step in range(1, 13)), *((2, step) for step in range(1, 15))]
    weights = [
        gan.result.generator["to_image.bias"].item() for made in (first, second) for gan in made.classes.values()
    ]
    assert len(set(weights)) == 6


def test_with_transfer_a_stack_starts_from_the_shared_gan(
    three_classes: ImageSet, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Tensor] = []
    train_step = stacked_trainer.train_step

    def watched(players: Players, *others: Any) -> Tensor:
        seen.append(next(players.generator.parameters()).detach().clone())
        return train_step(players, *others)

    monkeypatch.setattr(stacked_trainer, "train_step", watched)
    train_classes(three_classes, ClassTraining(tiny, dict.fromkeys("abc", tiny)), [0], STACKED)
    first, *others = seen[0].chunk(3)
    assert all(torch.equal(first, other) for other in others), "equal at first"
    first, *others = seen[-1].chunk(3)
    assert not any(torch.equal(first, other) for other in others)


def test_a_class_that_fails_in_a_stack_has_its_reason(
    three_classes: ImageSet, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiling(monkeypatch, lambda players: {3: 1, 1: 0}.get(players.models))
    (trained,) = train_classes(three_classes, ClassTraining(None, dict.fromkeys("abc", tiny)), [0], STACKED)
    assert [bool(trained.classes[label].result.reason) for label in "abc"] == [False, True, False]


def test_the_cost_of_stacks_is_that_of_their_longest(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "seconds_per_step", lambda _: 0.5)
    line = cost.measured_cost_line(job, [[1200], [300, 600, 300]], 2, stacked=True)
    assert line == "4 GANs in stacks: about 15 min or more, from a few timed steps of one"


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_gpu_gets_stacks_and_all_other_work_every_process(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resolve_device", lambda _: device)
    backend = settings.start_backend(Compute(jobs=3))
    assert backend.stacked is (device == "cuda")
    assert backend.engine == Engine("local", 3)


def test_gpus_of_a_cluster_have_a_part_of_a_stack_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resolve_device", lambda wanted: wanted)
    backend = settings.start_backend(Compute(engine="ray", jobs=3, address="auto", gpus_per_task=0.5))
    assert (backend.device, backend.stacked) == ("cuda", True)
    assert backend.engine == Engine("ray", 3, "auto"), "classifiers have cores"
    assert backend.gan_engine == Engine("ray", 3, "auto", gpus=0.5)
    assert per_class._parts(list(range(10)), 3) == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert per_class._parts([4, 7], 3) == [[4], [7]]


def test_a_cluster_without_gpus_trains_on_cores_whatever_this_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resolve_device", lambda wanted: wanted)
    backend = settings.start_backend(Compute(engine="ray"))
    assert (backend.device, backend.stacked, backend.gan_engine) == ("cpu", False, backend.engine)


def test_stacks_train_in_this_process_whatever_the_engine(
    three_classes: ImageSet, tiny: GanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[int] = []

    def watched(jobs: Any) -> Any:
        here.append(len(jobs))
        return train_stacked(jobs)

    monkeypatch.setattr(per_class, "train_stacked", watched)
    training = ClassTraining(None, {"a": tiny, "b": tiny, "c": dataclasses.replace(tiny, batch_size=3)})
    train_classes(three_classes, training, [0], dataclasses.replace(STACKED, engine=Engine("local", 2)))
    assert sorted(here) == [1, 2]
