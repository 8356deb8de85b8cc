"""The adaptive probability: what it begins with, what moves it, who is hidden from D, and that it survives a stop."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import ParamsError
from augment.gan.networks.build import Architecture
from augment.gan.settings import class_training
from augment.gan.training import looks
from augment.gan.training import trainer as fitting
from augment.gan.training.adaptive_augmentation import (
    LEAST_IMAGES,
    MOST,
    SPEED,
    TARGET,
    first_probability,
    next_probability,
    overfitting,
    visible,
)
from augment.gan.training.run import GanJob, augmentation, chances_of, play
from augment.gan.training.state import Progress
from augment.gan.training.trainer import fit
from augment.params import Override, Train, check
from tests.gan.conftest import images
from tests.gan.pictures import blobs

SHARES = st.floats(0, 1, allow_nan=False)


def test_the_fewer_images_the_more_augmentation_at_first() -> None:
    assert [first_probability("auto", count) for count in (2, 10, 60, 600)] == pytest.approx([MOST, 0.6, 0.1, 0.01])
    assert first_probability(0.25, 10) == 0.25, "a number stays as it is"


def test_at_the_target_it_rests_and_elsewhere_it_moves_in_proportion() -> None:
    assert next_probability(0.4, TARGET) == pytest.approx(0.4)
    assert next_probability(0.4, TARGET + 0.2) == pytest.approx(0.4 + 0.2 * SPEED)
    assert next_probability(0.4, TARGET - 0.2) == pytest.approx(0.4 - 0.2 * SPEED)


@given(SHARES, SHARES, SHARES)
def test_it_stays_where_augmentation_does_not_leak_and_more_overfitting_never_lowers_it(
    probability: float, first: float, second: float
) -> None:
    low, high = (next_probability(probability, overfit) for overfit in sorted((first, second)))
    assert 0 <= low <= high <= MOST


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


@given(st.integers(LEAST_IMAGES, 300), st.integers(0, 8), st.integers(0, 10**6))
def test_a_tenth_is_hidden_in_each_turn(count: int, turn: int, seed: int) -> None:
    unseen = ~visible(count, turn, 10, seed)
    assert int(unseen.sum()) == max(1, round(count / 10))
    after = ~visible(count, turn + 1, 10, seed)
    assert not (unseen & after).any(), "another one in the next turn"


@given(st.integers(LEAST_IMAGES, 300), st.integers(0, 10**6))
def test_all_images_take_turns(count: int, seed: int) -> None:
    size = max(1, round(count / 10))
    turns = -(-count // size)
    times = sum((~visible(count, turn, turns + 1, seed)).long() for turn in range(turns))
    assert set(times.tolist()) <= {1, 2}
    assert int((times == 2).sum()) == turns * size - count


def test_nobody_is_hidden_in_the_last_turn_nor_among_too_few() -> None:
    assert visible(50, 9, 10, 0).all()
    assert not visible(50, 8, 10, 0).all()
    for turn in range(10):
        assert visible(LEAST_IMAGES - 1, turn, 10, 0).all()


def adaptive(job: GanJob, count: int = 12, **changes: Any) -> GanJob:
    settings = dataclasses.replace(job.settings, augmentation="auto", **changes)
    return dataclasses.replace(job, images=images(count), weights=np.full(count, 1 / count), settings=settings)


def test_what_is_hidden_is_not_drawn(job: GanJob) -> None:
    job = adaptive(job, count=30)
    seen, unseen = chances_of(job, Progress(0.3))
    assert (seen > 0).sum() == 27
    assert torch.equal(seen + unseen, torch.from_numpy(job.weights))
    fixed = dataclasses.replace(job, settings=dataclasses.replace(job.settings, augmentation=0.5))
    assert not chances_of(fixed, Progress(0.5))[1].any()


def test_the_hidden_ones_change_with_the_turns_of_a_run(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def watched(game: Any, settings: Any, data: Any, chances: Any, augment: Any) -> torch.Tensor:
        drawn.append(tuple((chances == 0).nonzero().flatten().tolist()))
        return play(game, settings, data, chances, augment)

    monkeypatch.setattr(fitting, "play", watched)
    fit(adaptive(job, steps=100))
    turns = [set(drawn[start : start + 10]) for start in range(0, 100, 10)]
    assert all(len(turn) == 1 for turn in turns), "one choice for a whole turn"
    assert len(set().union(*turns)) == 10
    assert turns[-1] == {()}


def test_overfitting_moves_the_probability_of_the_next_turn(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([0.0, 1.0, TARGET] + [0.0] * 10)
    monkeypatch.setattr(looks, "overfitting", lambda *_: next(found))
    shown = [row["augmentation"] for row in fit(adaptive(job, count=60, steps=50)).curve][::5]
    assert shown[:4] == pytest.approx([0.1, 0.0, SPEED * (1 - TARGET), SPEED * (1 - TARGET)])


def test_the_probability_of_the_run_reaches_d(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def watched(game: Any, settings: Any, data: Any, chances: Any, augment: Any) -> torch.Tensor:
        seen.append(augment.probability)
        return play(game, settings, data, chances, augment)

    monkeypatch.setattr(fitting, "play", watched)
    curve = fit(adaptive(job, steps=40)).curve
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
    assert whole.curve == resumed.curve
    assert all(torch.equal(whole.generator[name], resumed.generator[name]) for name in whole.generator)


def test_d_that_learns_two_images_by_heart_overfits_more_than_one_that_learns_a_hundred() -> None:
    """The figure itself, on a real D: few images against many, the same steps."""
    from augment.gan.training.step import new_game  # noqa: PLC0415
    from tests.gan.conftest import TINY  # noqa: PLC0415

    found = []
    for count in (4, 200):
        settings = dataclasses.replace(TINY, features=16, gamma=0.0, batch_size=16, augmentation=0.0)
        game = new_game(Architecture("dcgan", 1, 16, 16, 4, 16), 0, 2e-3, "cpu")
        data, other = blobs(count, 1, 16, 16), blobs(100, 2, 16, 16)
        plain = augmentation(settings, Progress(0.0))
        for _ in range(60):
            play(game, settings, data, torch.ones(count), plain)
        fake = game.generator(torch.randn(64, 4, generator=torch.Generator().manual_seed(0))).detach()
        found.append(overfitting(game.discriminator, data, other, fake))
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
