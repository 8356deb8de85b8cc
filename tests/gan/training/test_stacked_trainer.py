"""GANs that train in stacks: each with its own images, guards, checkpoints and end."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from augment.core.errors import TrainingError
from augment.gan.generators import ClassGenerator, network_from
from augment.gan.training import stacked_trainer, trainer
from augment.gan.training.run import GanJob, GanResult
from augment.gan.training.stacked_trainer import fit_stacked, stackable
from augment.gan.training.step import Players
from augment.gan.training.trainer import fit
from tests.gan.conftest import TINY, images
from tests.gan.stacks import jobs_of, spoiling


def results_of(jobs: list[GanJob], **arguments: Any) -> list[GanResult]:
    found = dict(fit_stacked(jobs, **arguments))
    assert sorted(found) == list(range(len(jobs)))
    return [found[position] for position in range(len(jobs))]


def test_one_step_serves_all(steps: list[tuple[int, int]]) -> None:
    results = results_of(jobs_of(6, 3, 40))
    assert steps == [(3, step) for step in range(1, 13)]
    for result in results:
        assert result.reason == ""
        assert [row["step"] for row in result.history] == list(range(1, 13))
    assert len({row["d_loss"] for result in results for row in result.history}) == 36, "figures of their own"


def test_equal_stacks_give_equal_weights() -> None:
    first, second = results_of(jobs_of(6, 3)), results_of(jobs_of(6, 3))
    for one, other in zip(first, second, strict=True):
        assert one.history == other.history
        assert all(torch.equal(one.generator[name], other.generator[name]) for name in one.generator)


def test_each_model_learns_its_own_images() -> None:
    """Of three classes of one image each: bright above, bright below, dark; their sizes differ."""
    above = np.full((8, 8), 20, np.uint8)
    above[:4] = 230
    wanted = [above, above[::-1], np.full((8, 8), 20, np.uint8)]
    jobs = [
        dataclasses.replace(job, images=np.broadcast_to(image, job.images.shape).copy())
        for job, image in zip(jobs_of(5, 9, 2, steps=300, augmentation=0.0, learning_rate=5e-3), wanted, strict=True)
    ]
    for job, image, result in zip(jobs, wanted, results_of(jobs), strict=True):
        sample = ClassGenerator("x", network_from(job.architecture, result.generator)).sample(64).float()
        bright = torch.from_numpy(image > 100).expand(64, 1, 8, 8)
        assert sample[~bright].mean() < 80
        if bright.any():
            assert sample[bright].mean() > 170


def test_metrics_go_into_the_history_of_their_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: model k reports the step and k; rows of two steps are their means."""

    def reported(players: Players, *_: Any) -> Tensor:
        players.step += 1
        return torch.tensor([[players.step, model, 0.5, 0.0] for model in range(players.models)], dtype=torch.float64)

    monkeypatch.setattr(stacked_trainer, "train_step", reported)
    monkeypatch.setattr(trainer, "find_fault", lambda *_: None)
    for model, result in enumerate(results_of(jobs_of(6, 6, steps=101))):
        assert [row["step"] for row in result.history] == [*range(2, 101, 2), 101]
        assert [row["d_loss"] for row in result.history] == [*(step - 0.5 for step in range(2, 101, 2)), 101]
        assert {row["g_loss"] for row in result.history} == {model}


def test_a_model_that_fails_is_given_up_with_its_reason_and_the_others_go_on(
    steps: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails in the whole stack, then twice alone; the others wait for it, and never go back."""
    spoiling(monkeypatch, lambda players: {3: 1, 1: 0}.get(players.models))
    results = results_of(jobs_of(6, 6, 6))
    assert "not finite" in results[1].reason
    assert len(results[1].rollbacks) == 2
    assert results[1].generator == {}
    assert steps == [
        *((3, step) for step in range(1, 6)), *((1, step) for step in [*range(1, 6)] * 2),
        *((2, step) for step in range(6, 13)),
    ]  # fmt: skip
    for result in (results[0], results[2]):
        assert (result.reason, result.rollbacks) == ("", [])
        assert all(torch.isfinite(value).all() for value in result.generator.values())
        assert [row["step"] for row in result.history] == list(range(1, 13))


def test_every_interval_and_every_attempt_has_noise_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    spoiling(monkeypatch, lambda players: {3: 1, 1: 0}.get(players.models))
    stacked, seeds = stacked_trainer.stack_players, []

    def watched(separate_players: list[Players], seed: int) -> Players:
        seeds.append(seed)
        return stacked(separate_players, seed)

    monkeypatch.setattr(stacked_trainer, "stack_players", watched)
    results_of(jobs_of(6, 6, 6))
    assert len(set(seeds)) == len(seeds) == 5
    before = seeds.copy()
    results_of(jobs_of(6, 6, 6))
    assert seeds[5:] == before, "named by what they are for"


def test_a_model_that_went_back_once_ends_as_the_others_do(
    steps: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At half the learning rate, so it stays by itself."""
    spoiling(monkeypatch, lambda players: 0 if players.models == 3 and players.step == 7 else None)
    results = results_of(jobs_of(6, 6, 6))
    assert [len(result.rollbacks) for result in results] == [1, 0, 0]
    assert results[0].rollbacks[0].startswith("step 10: ")
    assert all(result.reason == "" for result in results)
    assert all([row["step"] for row in result.history] == list(range(1, 13)) for result in results)
    assert steps[10:] == [*((1, s) for s in range(6, 11)), *((1, s) for s in (11, 12)), *((2, s) for s in (11, 12))]


def test_a_model_whose_augmentation_leaked_catches_up_and_rejoins(
    steps: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    accused = iter([{"translation": "translation leaked"}])
    monkeypatch.setattr(trainer, "leaks_in", lambda *_: next(accused, {}))
    monkeypatch.setattr(trainer, "find_fault", lambda *_: None)
    results = results_of(jobs_of(6, 6, 6))
    assert [result.rollbacks for result in results] == [["step 10: translation leaked"], [], []]
    assert steps == [
        *((3, step) for step in range(1, 11)), *((1, step) for step in range(6, 11)), *((3, step) for step in (11, 12)),
    ]  # fmt: skip


@pytest.mark.parametrize("augmentation", [0.5, "auto"])
@pytest.mark.parametrize("stop_at", [0, 3, 5, 8, 11])
def test_an_interrupted_stack_goes_on_where_each_model_was(
    stop_at: int, augmentation: Any, steps: list[tuple[int, int]]
) -> None:
    jobs = jobs_of(6, 12, augmentation=augmentation)
    saved: list[dict[str, Any]] = [{}, {}]
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        results_of(jobs, saves=[saved[0].update, saved[1].update], stop=lambda: next(asked) == stop_at)
    assert [state["now"]["step"] for state in saved] == [stop_at, stop_at]
    results = results_of(jobs, resume=saved)
    assert steps == [(2, step) for step in range(1, 13)], "no step is lost, none is made twice"
    for result in results:
        assert [row["step"] for row in result.history] == list(range(1, 13))
        assert result.reason == ""


def test_checkpoints_are_those_of_a_plain_run() -> None:
    jobs, saved = jobs_of(6, 6), [{}, {}]
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        results_of(jobs, saves=[state.update for state in saved], stop=lambda: next(asked) == 7)
    alone = fit(jobs[1], resume=saved[1])
    assert [row["step"] for row in alone.history] == list(range(1, 13))
    assert alone.history[:6] == saved[1]["now"]["progress"]["history"][:6]
    kept: dict[str, Any] = {}
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        fit(jobs[0], save=kept.update, stop=lambda: next(asked) == 9)
    first, second = results_of(jobs, resume=[kept, None])
    assert first.history[:9] == fit(jobs[0]).history[:9]
    assert len(second.history) == 12


def test_no_checkpoint_makes_a_model_whole_that_was_given_up_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = jobs_of(6, 6)
    end = jobs[0].settings.steps
    monkeypatch.setattr(trainer, "find_fault", lambda players, *_: "collapsed" if players.step == end else None)
    steps: list[int] = []
    results = results_of(jobs, saves=[lambda state: steps.append(state["now"]["step"])] * 2, save_seconds=-1.0)
    assert [result.reason for result in results] == [f"collapsed at step {end}"] * 2
    assert steps
    assert end not in steps


def test_a_checkpoint_follows_each_interval_when_it_is_time() -> None:
    kept: list[int] = []

    def save(state: dict[str, Any]) -> None:
        kept.append(state["now"]["step"])

    results_of(jobs_of(6, 6), saves=[save, save], save_seconds=0.0)
    assert kept == [5, 5, 10, 10], "whoever is over has a result instead"


def test_a_stack_that_the_device_cannot_hold_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    train_step, widths = stacked_trainer.train_step, []

    def short_of_memory(players: Players, *others: Any) -> Tensor:
        widths.append(players.models)
        if players.models > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return train_step(players, *others)

    monkeypatch.setattr(stacked_trainer, "train_step", short_of_memory)
    results = results_of(jobs_of(6, 6, 6, 6, 6))
    assert all([row["step"] for row in result.history] == list(range(1, 13)) for result in results)
    assert widths[:2] == [5, 2]
    assert max(widths[1:]) == 2


def test_a_device_that_cannot_hold_one_gan_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(stacked_trainer, "train_step", never)
    with pytest.raises(TrainingError, match=r"class 0: cpu has not enough free memory .* train\.batch_size"):
        results_of(jobs_of(6, 6))


def test_a_check_that_runs_out_of_memory_is_no_reason_to_step_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was played is in the models already: a second try would skip their checks."""
    end_turn, asked = stacked_trainer.end_interval, iter(range(10))

    def short_of_memory(*arguments: Any) -> None:
        if next(asked) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        end_turn(*arguments)

    monkeypatch.setattr(stacked_trainer, "end_interval", short_of_memory)
    with pytest.raises(torch.OutOfMemoryError):
        results_of(jobs_of(6, 6, 6))


def test_no_group_holds_more_files_open_than_a_system_allows() -> None:
    groups = stackable(jobs_of(6) * 600)
    assert [len(group) for group in groups] == [256, 256, 88]
    assert [position for group in groups for position in group] == list(range(600))


def test_only_what_is_equal_is_stacked() -> None:
    jobs = jobs_of(6, 3, 6)
    jobs[1] = dataclasses.replace(jobs[1], settings=dataclasses.replace(TINY, steps=13))
    jobs.append(dataclasses.replace(jobs[0], images=images(6, side=9)))
    jobs.append(dataclasses.replace(jobs[1], name="another"))
    assert stackable(jobs) == [[0, 2], [1, 4], [3]]
