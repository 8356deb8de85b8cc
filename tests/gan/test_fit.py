"""A whole run: repeatable, resumable, guarded."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from augment.gan.fit import GanJob, GanResult, fit
from augment.gan.guards import collapsed, discriminator_won, not_finite
from augment.gan.networks import Architecture
from augment.gan.training import new_game


def same(first: GanResult, second: GanResult) -> bool:
    return first.curve == second.curve and all(
        torch.equal(first.generator[name], second.generator[name]) for name in first.generator
    )


def test_equal_jobs_give_equal_weights_and_other_seeds_do_not(job: GanJob) -> None:
    assert same(fit(job), fit(job))
    assert not same(fit(job), fit(dataclasses.replace(job, seed=8)))


@pytest.mark.parametrize("stop_at", [1, 5, 11])
def test_an_interrupted_run_ends_with_the_same_weights(job: GanJob, stop_at: int) -> None:
    saved: list[dict[str, Any]] = []
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        fit(job, save=saved.append, stop=lambda: next(asked) == stop_at)
    assert saved[-1]["now"]["step"] == stop_at
    assert same(fit(job, resume=saved[-1]), fit(job))


def test_it_trains(job: GanJob) -> None:
    """On one constant image per pixel level the samples approach the real mean."""
    level = np.full((6, 1, 8, 8), 230, dtype=np.uint8)
    level[:, :, :4] = 20
    easy = dataclasses.replace(
        job, images=level, settings=dataclasses.replace(job.settings, steps=300, augmentation=0.0, learning_rate=5e-3)
    )
    result = fit(easy)
    from augment.gan.bundle import ClassGenerator, network_from  # noqa: PLC0415

    plan = Architecture("dcgan", 1, 8, 8, 4, 4)
    sample = ClassGenerator("x", network_from(plan, result.generator)).sample(64).float()
    assert sample[:, :, :4].mean() < 80
    assert sample[:, :, 4:].mean() > 170


def test_a_run_that_cannot_be_saved_gives_up_with_a_reason(job: GanJob) -> None:
    wild = dataclasses.replace(job, settings=dataclasses.replace(job.settings, learning_rate=1e30))
    result = fit(wild)
    assert "not finite" in result.reason or "D won" in result.reason
    assert len(result.rollbacks) == 2
    assert result.generator == {}


def test_the_curve_says_what_the_game_did(job: GanJob) -> None:
    curve = fit(job).curve
    assert [row["step"] for row in curve] == list(range(1, 13))
    assert all(0 <= row["win_rate"] <= 1 for row in curve)


def test_guards_see_what_they_are_for() -> None:
    game = new_game(Architecture("dcgan", 1, 8, 8, 4, 4), 0, 1e-3, "cpu")
    assert not_finite(game, torch.zeros(3)) is None
    assert "loss" in (not_finite(game, torch.tensor([float("nan")])) or "")
    for network, name in ((game.generator, "G"), (game.discriminator, "D"), (game.average, "average")):
        with torch.no_grad():
            weight = next(network.parameters())
            kept = weight.flatten()[0].item()
            weight.view(-1)[0] = float("inf")
            assert name in (not_finite(game, torch.zeros(3)) or "")
            weight.view(-1)[0] = kept
    assert discriminator_won(1000.0)
    assert discriminator_won(3.0) is None


def test_collapse_is_seen_and_health_is_not_accused() -> None:
    draw = torch.Generator().manual_seed(0)
    real = torch.rand(30, 1, 8, 8, generator=draw) * 2 - 1
    assert collapsed(real[:1].repeat(64, 1, 1, 1), real)
    assert collapsed(torch.rand(64, 1, 8, 8, generator=draw) * 2 - 1, real) is None
    assert collapsed(real[:1].repeat(64, 1, 1, 1), real[:1].repeat(9, 1, 1, 1)) is None, "real images do not differ"
