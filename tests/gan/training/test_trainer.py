"""A whole run: repeatable, resumable, guarded."""

import dataclasses
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from augment.core.engine import standalone
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import to_float
from augment.gan.training import step as training_step
from augment.gan.training.checks import collapsed, discriminator_won, find_fault, max_logit_margin, not_finite
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.players import Players, deep_copy, new_players
from augment.gan.training.run import GanJob, GanResult, players_of
from augment.gan.training.step import Outcome, adversarial_step, effective_gamma
from augment.gan.training.trainer import average_samples, fit
from tests.gan.conftest import images


def same(first: GanResult, second: GanResult) -> bool:
    players = ((first.generator, second.generator), (first.discriminator, second.discriminator))
    return first.history == second.history and all(
        one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
        for one, other in players
    )


def test_equal_jobs_give_equal_weights_and_other_seeds_do_not(job: GanJob) -> None:
    assert same(fit(job), fit(job))
    assert not same(fit(job), fit(dataclasses.replace(job, seed=8)))


def interrupted(job: GanJob, stop_at: int) -> dict[str, Any]:
    """What a run leaves that is stopped before this step (from 0) is played."""
    saved: list[dict[str, Any]] = []
    asked = iter(range(100))
    with pytest.raises(KeyboardInterrupt):
        fit(job, save=saved.append, stop=lambda: next(asked) == stop_at)
    assert saved[-1]["now"]["step"] == stop_at
    return saved[-1]


@pytest.mark.parametrize(("every", "weights"), [(4, [4, 0, 0, 0, 4]), (1, [1] * 5)])
def test_every_kth_step_has_the_penalty_k_times(
    job: GanJob, monkeypatch: pytest.MonkeyPatch, every: int, weights: list[int]
) -> None:
    """Lazy regularisation (Karras et al. 2020, arXiv:1912.04958, appendix B): the mean weight stays gamma's."""
    used: list[float] = []

    def watched(*arguments: Any, gamma: float, **others: Any) -> Outcome:
        used.append(gamma)
        return adversarial_step(*arguments, gamma=gamma, **others)

    monkeypatch.setattr(training_step, "adversarial_step", watched)
    settings = dataclasses.replace(job.settings, gamma=0.8, penalty_every=every, steps=5)
    fit(dataclasses.replace(job, settings=settings))
    alone = effective_gamma(0.8, job.architecture, adversarial_loss(settings.loss))
    assert alone > 0
    assert used == pytest.approx([alone * weight for weight in weights])


def test_a_run_interrupted_at_any_step_ends_with_the_same_weights(job: GanJob) -> None:
    whole = fit(job)
    for stop_at in range(job.settings.steps):
        assert same(fit(job, resume=interrupted(job, stop_at)), whole), f"stopped at {stop_at}"


def test_a_run_interrupted_again_and_again_ends_with_the_same_weights(job: GanJob) -> None:
    state = None
    for _ in range(job.settings.steps - 1):
        saved: list[dict[str, Any]] = []
        asked = iter(range(100))
        with pytest.raises(KeyboardInterrupt):
            fit(job, resume=state, save=saved.append, stop=lambda: next(asked) == 1)  # noqa: B023
        state = saved[-1]
    assert same(fit(job, resume=state), fit(job))


@pytest.mark.parametrize(
    ("network", "loss", "precision", "side"),
    [("linear", "mse", "fp32", 8), ("residual", "wasserstein_gp", "fp32", 8), ("dcgan", "hinge", "bf16", 16)],
)
def test_every_network_resumes(job: GanJob, network: str, loss: str, precision: str, side: int) -> None:
    """Also with weights laid out for convolutions and half precision, as from 16 px up."""
    settings = dataclasses.replace(job.settings, network=network, loss=loss, precision=precision)
    job = dataclasses.replace(job, images=images(6, side=side) // 2, settings=settings)
    whole = fit(job)
    assert whole.generator
    assert same(fit(job, resume=interrupted(job, 5)), whole)


@pytest.mark.parametrize("around", [standalone, partial(torch.autocast, "cpu", enabled=False)])
def test_half_precision_learns_inside_of_other_contexts(job: GanJob, around: Any) -> None:
    """torch casts a weight once for all that happens in the outermost autocast."""
    job = dataclasses.replace(
        job, images=images(6, side=16) // 2, settings=dataclasses.replace(job.settings, precision="bf16")
    )
    whole = fit(job)
    with around():
        assert same(fit(job), whole)


def test_a_run_resumes_before_and_after_a_roll_back(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard speaks once, at step 10: noise, learning rate and the reason of the second attempt are kept."""

    def accuses_once(players: Players, rows: list[dict[str, float]], *_: object) -> str | None:
        first = players.generator_optimizer.param_groups[0]["lr"] == job.settings.learning_rate
        return "collapsed" if first and rows[-1]["step"] == 10 else None

    monkeypatch.setattr("augment.gan.training.trainer.find_fault", accuses_once)
    whole = fit(job)
    assert whole.rollbacks == ["step 10: collapsed"]
    # asked before every step: 0 to 9, then 5 to 11 of the second attempt, which begins at the good state of step 5
    for asked_before, step in ((7, 7), (10, 5), (14, 9)):
        saved: list[dict[str, Any]] = []
        asked = iter(range(100))
        with pytest.raises(KeyboardInterrupt):
            fit(job, save=saved.append, stop=lambda: next(asked) == asked_before)  # noqa: B023
        assert saved[-1]["now"]["step"] == step
        resumed = fit(job, resume=saved[-1])
        assert resumed.rollbacks == whole.rollbacks
        assert same(resumed, whole)


def test_no_checkpoint_makes_a_run_whole_that_was_given_up_at_its_last_step(
    job: GanJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = job.settings.steps
    monkeypatch.setattr(
        "augment.gan.training.trainer.find_fault", lambda players, *_: "collapsed" if players.step == end else None
    )
    saved: list[dict[str, Any]] = []
    whole = fit(job, save=lambda state: saved.append(deep_copy(state)), save_seconds=-1.0)
    assert whole.reason == f"collapsed at step {end}"
    assert [state["now"]["step"] for state in saved].count(end - 1) == 3, "each attempt but its end"
    assert fit(job, resume=saved[-1]).reason == whole.reason


def test_it_trains(job: GanJob) -> None:
    """On one constant image per pixel level the samples approach the real mean."""
    level = np.full((6, 1, 8, 8), 230, dtype=np.uint8)
    level[:, :, :4] = 20
    easy = dataclasses.replace(
        job, images=level, settings=dataclasses.replace(job.settings, steps=300, augmentation=0.0, learning_rate=5e-3)
    )
    result = fit(easy)
    from augment.gan.generators import ClassGenerator, network_from  # noqa: PLC0415

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


def test_the_history_says_what_the_players_did(job: GanJob) -> None:
    curve = fit(job).history
    assert [row["step"] for row in curve] == list(range(1, 13))
    assert all(0 <= row["win_rate"] <= 1 for row in curve)


def test_guards_see_what_they_are_for() -> None:
    players = new_players(Architecture("dcgan", 1, 8, 8, 4, 4), 0, 1e-3, "cpu")
    assert not_finite(players, torch.zeros(3)) is None
    assert "loss" in (not_finite(players, torch.tensor([float("nan")])) or "")
    for network, name in ((players.generator, "G"), (players.discriminator, "D"), (players.average, "average")):
        with torch.no_grad():
            weight = next(network.parameters())
            kept = weight.flatten()[0].item()
            weight.view(-1)[0] = float("inf")
            assert name in (not_finite(players, torch.zeros(3)) or "")
            weight.view(-1)[0] = kept


@pytest.mark.parametrize(
    ("loss", "pixels", "healthy", "lost"),
    [
        ("relativistic", 64, 20.0, 1000.0),
        ("non_saturating", 64, 20.0, 1000.0),
        ("least_squares", 64, 1.0, 1000.0),
        ("hinge", 64, 2.0, 1000.0),
        ("minimax", 64, 10.0, 40.0),
        ("mse", 64, 10.0, 40.0),
        ("wasserstein_gp", 64, 16.0, 200.0),
        ("wasserstein_gp", 3 * 64 * 64, 222.0, 3000.0),
    ],
)
def test_each_loss_has_its_own_large_logit_margin(loss: str, pixels: int, healthy: float, lost: float) -> None:
    limit = max_logit_margin(loss, pixels)
    assert discriminator_won(healthy, limit) is None
    assert "D won" in (discriminator_won(lost, limit) or "")


def test_a_saturated_generator_hardly_moves_where_the_guard_speaks() -> None:
    """Half the logit margin on either side of 0: what is left of the slope of the losses that saturate."""
    for loss in ("minimax", "mse"):
        fake = torch.tensor([-max_logit_margin(loss, 64) / 2], dtype=torch.float64, requires_grad=True)
        adversarial_loss(loss).generator(torch.zeros(1), fake).sum().backward()
        assert fake.grad is not None
        assert fake.grad.abs() < 1e-6


def test_the_logit_margin_of_two_opposite_images_under_a_slope_of_one_is_healthy() -> None:
    white, black = torch.ones(3, 8, 8), -torch.ones(3, 8, 8)
    assert discriminator_won((white - black).norm().item(), max_logit_margin("wasserstein_gp", white.numel())) is None


def test_a_linear_pair_is_not_asked_for_variety(job: GanJob) -> None:
    """Its D sees means alone; a convolutional pair on the same images and seed is held to it."""
    linear = dataclasses.replace(job.settings, network="linear", learning_rate=1e-2)
    players = players_of(dataclasses.replace(job, settings=linear))
    rows = [{"d_loss": 0.0, "g_loss": 0.0, "gap": 0.0}]
    data = to_float(torch.from_numpy(job.images))
    with torch.no_grad():
        players.average.to_pixels.weight.zero_()
    assert find_fault(players, rows, "relativistic", average_samples(players), data) is None
    other = players_of(job)
    with torch.no_grad():
        other.average.to_image.weight.zero_()
    assert "collapsed" in (find_fault(other, rows, "relativistic", average_samples(other), data) or "")


def test_collapse_is_seen_and_health_is_not_accused() -> None:
    draw = torch.Generator().manual_seed(0)
    real = torch.rand(30, 1, 8, 8, generator=draw) * 2 - 1
    assert collapsed(real[:1].repeat(64, 1, 1, 1), real)
    assert collapsed(torch.rand(64, 1, 8, 8, generator=draw) * 2 - 1, real) is None
    assert collapsed(real[:1].repeat(64, 1, 1, 1), real[:1].repeat(9, 1, 1, 1)) is None, "real images do not differ"
