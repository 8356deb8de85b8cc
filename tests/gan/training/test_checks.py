"""Every fault planted in a run is found, undone twice, then given up with its reason; health is not accused."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import to_uint8
from augment.gan.per_class import ClassTraining, generators_from, train_classes
from augment.gan.training import run, step, trainer
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.checks import collapsed, evenly_spaced, find_fault, not_finite, repeating, replaying
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.players import Players, new_players
from augment.gan.training.run import GanJob, Start
from augment.gan.training.step import adversarial_step
from augment.gan.training.trainer import fit
from benchmarks.faults import FAULTS, NAN, TrainStep, planted, spoil
from tests.gan.pictures import blobs, clouds

WORDS = {
    "NaN in the data": "loss is not finite",
    "NaN in the loss": "loss is not finite",
    "NaN in a gradient": "not finite",
    "a gradient too large to be squared": "moment of D's gradient is not finite",
    "NaN in a weight of G": "not finite",
    "an infinite weight of D": "not finite",
    "NaN in the average of G": "average of G is not finite",
    "a weight of the average too large to compute with": "a sample is not finite",
    "G stuck at one image": "collapsed",
    "G stuck at three images": "repeats itself",
    "G replays the training set": "replays its training images",
    "G replays it with faint noise": "replays its training images",
}


YOUNG = ("G stuck at one image", "G stuck at three images")  # as samples of a young G may be: told from half on


def weight_of(network: torch.nn.Module) -> Tensor:
    return next(network.parameters()).data


@pytest.fixture
def spots(job: GanJob) -> GanJob:
    return dataclasses.replace(job, images=to_uint8(blobs(10, 5, 8, 8)).numpy(), sampling_weights=np.full(10, 0.1))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_undone_twice_and_given_up(spots: GanJob, name: str) -> None:
    with planted(FAULTS[name]):
        result = fit(spots)
    assert WORDS[name] in result.reason
    told = "step 10" if name in YOUNG else "step 5"  # of twelve
    assert [line.split(":")[0] for line in result.rollbacks] == [told, told]
    assert all(WORDS[name] in line for line in result.rollbacks)
    assert result.generator == {}
    assert fit(spots).reason == "", "without the fault"


def test_a_fault_that_passes_costs_one_attempt(job: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    train_step, once = step.train_step, iter([True])

    def stepped(players: Players, *others: Any) -> Tensor:
        seen = train_step(players, *others)
        if players.step == 7 and next(once, False):
            spoil(weight_of(players.generator), NAN)
        return seen

    monkeypatch.setattr(trainer, "train_step", stepped)
    result = fit(job)
    assert len(result.rollbacks) == 1
    assert result.reason == ""
    assert all(torch.isfinite(value).all() for value in result.generator.values())
    assert [row["step"] for row in result.history] == list(range(1, 13))


def test_a_run_goes_back_with_other_noise_and_half_the_learning_rate(job: GanJob) -> None:
    tried: list[tuple[int, float, bytes]] = []

    def watched(train_step: TrainStep) -> TrainStep:
        def stepped(players: Players, *others: Any) -> Tensor:
            rates = {group["lr"] for one in (players.generator_optimizer, players.discriminator_optimizer)
                     for group in one.param_groups}  # fmt: skip
            tried.append((players.step, *rates, players.rng.get_state().numpy().tobytes()))
            return faulty(players, *others)

        faulty = FAULTS["NaN in the loss"](train_step)
        return stepped

    with planted(watched):
        fit(job)
    returned = [after for before, after in itertools.pairwise(tried) if after[0] <= before[0]]
    assert [rate for _, rate, _ in returned] == [5e-4, 2.5e-4]
    start = returned[0][0]
    assert len({noise for step, _, noise in tried if step == start}) == 3, "the first time, and two returns"


def test_a_discriminator_that_has_won_ends_a_run(job: GanJob) -> None:
    """Its scores are far apart, and finite."""

    def won(train_step: TrainStep) -> TrainStep:
        def stepped(players: Players, settings: Any, *others: Any) -> Tensor:
            seen = train_step(players, settings, *others)
            return seen + torch.tensor([0.0, 0.0, 0.0, 1e3]) if players.step > 5 else seen  # the gap

        return stepped

    with planted(won):
        result = fit(job)
    assert "D won (its scores of real and generated images are" in result.reason
    assert len(result.rollbacks) == 2


def test_a_young_generator_may_draw_alike_and_one_that_has_a_start_may_not(
    spots: GanJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alike at step 5 of twelve, and as real images from then on. What drew them is not kept as good."""
    varied, last = blobs(64, 7, 8, 8), []

    def drawn(players: Players) -> Tensor:
        last.append(players.step)
        return varied[:1].expand(64, -1, -1, -1) if players.step == 5 else varied

    monkeypatch.setattr(trainer, "average_samples", drawn)
    young = fit(spots)
    assert (young.reason, young.rollbacks, last) == ("", [], [5, 10, 12])
    started = fit(dataclasses.replace(spots, start=Start(young.generator, young.discriminator)))
    assert [line.split(":")[0] for line in started.rollbacks] == ["step 5", "step 5"]
    assert "collapsed" in started.reason
    last.clear()
    monkeypatch.setattr(
        trainer, "find_fault", lambda players, *of: "made up" if players.step == 10 else find_fault(players, *of)
    )
    fit(spots)
    assert last == [5, 10] * 3, "back to the start, since step 5 was not good"


def test_the_other_classes_go_on(spots: GanJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """One class's generator is stuck, and its name and reason reach the index."""
    game_of = run.players_of

    def stuck(job: GanJob) -> Players:
        players = game_of(job)
        if "dent" in job.name:
            for network in (players.generator, players.average):
                torch.nn.init.zeros_(network.to_image.weight).requires_grad_(False)
        return players

    monkeypatch.setattr(run, "players_of", stuck)
    labels = np.array(["dent"] * 10 + ["scratch"] * 10)
    names = np.array([str(number) for number in range(20)])
    images = ImageSet(np.concatenate([spots.images, spots.images[::-1]]), labels, names, names)
    plain = ClassTraining(None, dict.fromkeys(("dent", "scratch"), spots.settings))
    (trained,) = train_classes(images, plain, [0], Backend(Engine("serial", 1), "cpu", None, 30))
    results = {label: one.whole() for label, one in trained.classes.items()}
    assert "collapsed" in results["dent"].reason
    assert results["scratch"].reason == ""
    assert generators_from(images, plain, trained, "cpu").failed == {"dent": results["dent"].reason}


@settings(max_examples=60, deadline=None)
@given(
    make=st.sampled_from([blobs, clouds]),
    size=st.sampled_from([(2, 2), (8, 8), (16, 16), (24, 40)]),
    count=st.integers(4, 300),
    seed=st.integers(0, 10**6),
)
def test_independent_images_of_the_same_kind_are_not_accused(
    make: Callable[..., Tensor], size: tuple[int, int], count: int, seed: int
) -> None:
    fake, real = make(64, 2 * seed, *size), make(count, 2 * seed + 1, *size)
    assert repeating(fake, real) is None
    assert replaying(fake, real) is None
    assert collapsed(fake, evenly_spaced(real, 64)) is None


@settings(max_examples=30, deadline=None)
@given(side=st.integers(2, 8), levels=st.integers(2, 4), seed=st.integers(0, 10**6))
def test_tiny_images_of_few_levels_may_equal_each_other(side: int, levels: int, seed: int) -> None:
    """At 2x2 in black and white only sixteen images exist, so samples equal training images and each other."""
    draw = torch.Generator().manual_seed(seed)
    real, fake = torch.randint(0, levels, (2, 64, 1, side, side), generator=draw) / (levels - 1) * 2 - 1
    assert repeating(fake, real) is None
    assert replaying(fake, real) is None


@pytest.mark.parametrize("count", [5, 10, 50])
def test_a_mixture_of_two_training_images_is_no_replay(count: int) -> None:
    """What a GAN of few images does: it stays near them, but goes between."""
    real = blobs(count, 0)
    draw = torch.Generator().manual_seed(1)
    first, second = torch.randint(0, count, (2, 64), generator=draw)
    share = 0.2 + 0.6 * torch.rand((64, 1, 1, 1), generator=draw)
    mixed = torch.lerp(real[first], real[(second + (first == second)) % count], share)
    assert replaying(mixed, real) is None
    assert repeating(mixed, real) is None


def test_distances_are_measured_in_those_of_the_set() -> None:
    """Ten times the contrast or noise on the real images changes no verdict."""
    real, copies = clouds(20, 0), clouds(20, 0)[:16].repeat(4, 1, 1, 1)
    copies = copies + 0.01 * torch.randn(copies.shape, generator=torch.Generator().manual_seed(3))
    for scale in (0.1, 1.0):
        assert replaying(scale * copies, scale * real)
        assert replaying(scale * clouds(64, 1), scale * real) is None


def test_the_evenly_chosen_images_span_a_set() -> None:
    images = torch.arange(200.0).view(200, 1, 1, 1)
    chosen = evenly_spaced(images, 64).flatten()
    assert (len(chosen), chosen[0], chosen[-1]) == (64, 0, 199)
    assert len(set(chosen.tolist())) == 64
    assert torch.equal(evenly_spaced(images[:5], 64), images[:5])


def test_every_part_of_the_players_is_checked() -> None:
    players = new_players(Architecture("dcgan", 1, 8, 8, 4, 4), 0, 1e-3, "cpu")
    real, z = blobs(4, 0, 8, 8), torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    plain = DiffAugment(0.0, "none", False)
    adversarial_step(players, real, z, loss=adversarial_loss("relativistic"), augment=plain, gamma=0.5)
    assert not_finite(players, [0.0, 1.0]) is None
    assert "loss" in (not_finite(players, [0.0, NAN]) or "")
    moments = next(iter(players.generator_optimizer.state.values()))["exp_avg_sq"]
    parts = {
        "weight of G": weight_of(players.generator), "weight of D": weight_of(players.discriminator),
        "average of G": weight_of(players.average), "moment of G's gradient": moments,
        "a weight of G": players.generator.normalise.running_var,
    }  # fmt: skip
    for words, tensor in parts.items():
        kept = tensor.flatten()[0].item()
        spoil(tensor, float("inf"))
        assert words in (not_finite(players, [0.0]) or "")
        spoil(tensor, kept)
    assert not_finite(players, [0.0]) is None
