"""The adaptive probability: what it begins with, what moves it, who is hidden from D, and that it survives a stop."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import ParamsError
from augment.gan.networks.architecture import Architecture
from augment.gan.settings import class_training
from augment.gan.training import trainer
from augment.gan.training import trainer as looks
from augment.gan.training.adaptive_augmentation import (
    MAX_PROBABILITY,
    MIN_IMAGES_TO_HIDE,
    PROBABILITY_SPEED,
    TARGET_OVERFITTING,
    initial_probability,
    next_probability,
    overfitting,
    visible_images,
)
from augment.gan.training.players import RunProgress
from augment.gan.training.run import GanJob, augmentation, sampling_weights_of
from augment.gan.training.step import train_step
from augment.gan.training.trainer import fit
from augment.params import Override, Train, check
from tests.gan.conftest import images
from tests.gan.pictures import blobs

SHARES = st.floats(0, 1, allow_nan=False)


def test_the_fewer_images_the_more_augmentation_at_first() -> None:
    assert [initial_probability("auto", count) for count in (2, 10, 60, 600)] == pytest.approx(
        [MAX_PROBABILITY, 0.6, 0.1, 0.01]
    )
    assert initial_probability(0.25, 10) == 0.25, "a number stays as it is"


def test_at_the_target_it_rests_and_elsewhere_it_moves_in_proportion() -> None:
    assert next_probability(0.4, TARGET_OVERFITTING) == pytest.approx(0.4)
    assert next_probability(0.4, TARGET_OVERFITTING + 0.2) == pytest.approx(0.4 + 0.2 * PROBABILITY_SPEED)
    assert next_probability(0.4, TARGET_OVERFITTING - 0.2) == pytest.approx(0.4 - 0.2 * PROBABILITY_SPEED)


@given(SHARES, SHARES, SHARES)
def test_it_stays_where_augmentation_does_not_leak_and_more_overfitting_never_lowers_it(
    probability: float, first: float, second: float
) -> None:
    low, high = (next_probability(probability, overfit) for overfit in sorted((first, second)))
    assert 0 <= low <= high <= MAX_PROBABILITY


class Brightness(torch.nn.Module):
    """D(x) = a mean(x) + b: a score one can read off."""

    def __init__(self, a: float = 1.0, b: float = 0.0) -> None:
        super().__init__()
        self.a, self.b = a, b

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.a * batch.mean(dim=(1, 2, 3)) + self.b


def flat(level: float) -> torch.Tensor:
    return torch.full((3, 1, 4, 4), level)


@pytest.mark.parametrize(
    ("unseen", "expected"), [(0.8, 0.0), (0.5, 0.3 / 0.8), (0.0, 1.0), (-0.5, 1.0), (0.9, 0.0)],
    ids=["like seen ones", "between", "like fakes", "below fakes", "above seen ones"],
)  # fmt: skip
def test_overfitting_is_the_fall_to_unseen_images_as_a_share_of_that_to_fakes(unseen: float, expected: float) -> None:
    found = overfitting(Brightness(), flat(0.8), flat(unseen), flat(0.0))
    assert found == pytest.approx(expected, abs=1e-6)


@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_only_differences_of_scores_enter_and_their_scale_does_not(a: float, b: float) -> None:
    found = overfitting(Brightness(a, b), flat(0.8), flat(0.5), flat(0.0))
    assert found == pytest.approx(0.375, abs=2e-2 if abs(b) / a > 10 else 1e-3)


def test_a_d_that_knows_nothing_does_not_overfit() -> None:
    assert overfitting(Brightness(), flat(0.1), flat(-1.0), flat(0.3)) == 0.0


@given(st.integers(MIN_IMAGES_TO_HIDE, 300), st.integers(0, 8), st.integers(0, 10**6))
def test_a_tenth_is_hidden_in_each_interval(count: int, interval: int, seed: int) -> None:
    unseen = ~visible_images(count, interval, 10, seed)
    assert int(unseen.sum()) == max(1, round(count / 10))
    after = ~visible_images(count, interval + 1, 10, seed)
    assert not (unseen & after).any(), "another one in the next interval"


@given(st.integers(MIN_IMAGES_TO_HIDE, 300), st.integers(0, 10**6))
def test_all_images_take_turns(count: int, seed: int) -> None:
    size = max(1, round(count / 10))
    intervals = -(-count // size)
    times = sum((~visible_images(count, interval, intervals + 1, seed)).long() for interval in range(intervals))
    assert set(times.tolist()) <= {1, 2}
    assert int((times == 2).sum()) == intervals * size - count


def test_nobody_is_hidden_in_the_last_interval_nor_among_too_few() -> None:
    assert visible_images(50, 9, 10, 0).all()
    assert not visible_images(50, 8, 10, 0).all()
    for interval in range(10):
        assert visible_images(MIN_IMAGES_TO_HIDE - 1, interval, 10, 0).all()


def adaptive(job: GanJob, count: int = 12, **changes: Any) -> GanJob:
    settings = dataclasses.replace(job.settings, augmentation="auto", **changes)
    return dataclasses.replace(job, images=images(count), sampling_weights=np.full(count, 1 / count), settings=settings)


def test_what_is_hidden_is_not_drawn(job: GanJob) -> None:
    job = adaptive(job, count=30)
    seen, unseen = sampling_weights_of(job, RunProgress(0.3))
    assert (seen > 0).sum() == 27
    assert torch.equal(seen + unseen, torch.from_numpy(job.sampling_weights))
    fixed = dataclasses.replace(job, settings=dataclasses.replace(job.settings, augmentation=0.5))
    assert not sampling_weights_of(fixed, RunProgress(0.5))[1].any()


def test_the_hidden_ones_change_with_the_turns_of_a_run(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def watched(players: Any, settings: Any, data: Any, sampling_weights: Any, augment: Any) -> torch.Tensor:
        drawn.append(tuple((sampling_weights == 0).nonzero().flatten().tolist()))
        return train_step(players, settings, data, sampling_weights, augment)

    monkeypatch.setattr(trainer, "train_step", watched)
    fit(adaptive(job, steps=100))
    intervals = [set(drawn[start : start + 10]) for start in range(0, 100, 10)]
    assert all(len(interval) == 1 for interval in intervals), "one choice for a whole interval"
    assert len(set().union(*intervals)) == 10
    assert intervals[-1] == {()}


def test_overfitting_moves_the_probability_of_the_next_interval(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([0.0, 1.0, TARGET_OVERFITTING] + [0.0] * 10)
    monkeypatch.setattr(looks, "overfitting", lambda *_: next(found))
    shown = [row["augmentation"] for row in fit(adaptive(job, count=60, steps=50)).history][::5]
    assert shown[:4] == pytest.approx(
        [0.1, 0.0, PROBABILITY_SPEED * (1 - TARGET_OVERFITTING), PROBABILITY_SPEED * (1 - TARGET_OVERFITTING)]
    )


def test_the_probability_of_the_run_reaches_d(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(players: Any, settings: Any, data: Any, sampling_weights: Any, augment: Any) -> torch.Tensor:
        seen.append(augment.probability)
        return train_step(players, settings, data, sampling_weights, augment)

    monkeypatch.setattr(trainer, "train_step", watched)
    curve = fit(adaptive(job, steps=40)).history
    assert seen == [row["augmentation"] for row in curve]
    assert len(set(seen)) > 1


@pytest.mark.parametrize("stop_at", [3, 5, 7, 20])
def test_an_interrupted_adaptive_run_ends_with_the_same_weights(job: GanJob, stop_at: int) -> None:
    job = adaptive(job, steps=30)
    saved: list[dict[str, Any]] = []
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        fit(job, save=saved.append, stop=lambda: next(asked) == stop_at)
    whole, resumed = fit(job), fit(job, resume=saved[-1])
    assert whole.history == resumed.history
    assert all(torch.equal(whole.generator[name], resumed.generator[name]) for name in whole.generator)


def test_d_that_learns_two_images_by_heart_overfits_more_than_one_that_learns_a_hundred() -> None:
    """The figure itself, on a real D: few images against many, the same steps."""
    from augment.gan.training.players import new_players  # noqa: PLC0415
    from tests.gan.conftest import TINY  # noqa: PLC0415

    found = []
    for count in (4, 200):
        settings = dataclasses.replace(TINY, features=16, gamma=0.0, batch_size=16, augmentation=0.0)
        players = new_players(Architecture("dcgan", 1, 16, 16, 4, 16), 0, 2e-3, "cpu")
        data, other = blobs(count, 1, 16, 16), blobs(100, 2, 16, 16)
        plain = augmentation(settings, RunProgress(0.0))
        for _ in range(60):
            train_step(players, settings, data, torch.ones(count), plain)
        fake = players.generator(torch.randn(64, 4, generator=torch.Generator().manual_seed(0))).detach()
        found.append(overfitting(players.discriminator, data, other, fake))
    assert found[0] > found[1]


def test_params_take_a_number_or_auto() -> None:
    values = {"train": {"augmentation": "auto", "overrides": {"b": {"augmentation": 0.2}}}}
    training = class_training(check(values).train, {"a": 10, "b": 10}, flips="none", height=8, width=8, device="cpu")
    assert [training.classes[label].augmentation for label in "ab"] == ["auto", 0.2]
    other = class_training(
        Train(overrides={"b": Override(augmentation="auto")}, augmentation=0.3),
        {"a": 10, "b": 10}, flips="none", height=8, width=8, device="cpu",
    )  # fmt: skip
    assert [other.classes[label].augmentation for label in "ab"] == [0.3, "auto"]


@pytest.mark.parametrize("wrong", [1.5, -0.1, "always"])
def test_params_refuse_other_values(wrong: Any) -> None:
    with pytest.raises(ParamsError, match=r"train\.augmentation"):
        check({"train": {"augmentation": wrong}})
