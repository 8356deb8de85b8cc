"""Leaked augmentation: planted marks are found, real images and their like are not accused."""

import dataclasses
from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.gan.networks.build import to_uint8
from augment.gan.training.augmentation import CHANGES, DiffAugment, Operation, operations
from augment.gan.training.augmentation_leaks import MARKS, find_leaks, wilson_bounds
from augment.gan.training.run import GanJob
from augment.gan.training.trainer import fit
from benchmarks.faults import FAULTS, TrainStep, leaking, planted
from tests.gan.pictures import blobs, clouds

OPERATIONS: tuple[Operation, ...] = ("cutout", "translation", "color")
WHERE = [
    ("cutout", blobs, (16, 16)), ("cutout", blobs, (28, 28)), ("cutout", blobs, (24, 40)), ("cutout", clouds, (64, 64)),
    ("translation", clouds, (8, 8)), ("translation", clouds, (28, 28)), ("translation", clouds, (24, 40)),
    ("color", blobs, (8, 8)), ("color", blobs, (28, 28)),
]  # fmt: skip


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def plant(images: Tensor, operation: Operation, probability: float) -> Tensor:
    return CHANGES[operation](images, probability, rng()).clamp(-1, 1)


@pytest.mark.parametrize(("operation", "make", "size"), WHERE)
def test_a_planted_leak_is_found_and_named(
    operation: Operation, make: Callable[..., Tensor], size: tuple[int, int]
) -> None:
    samples = plant(make(64, 1, *size), operation, 0.8)
    found = find_leaks(samples, make(60, 2, *size), OPERATIONS)
    assert list(found) == [operation]
    assert found[operation].startswith(f"{operation} leaked (")


@pytest.mark.parametrize(("operation", "make", "size"), WHERE)
def test_only_what_may_have_leaked_is_accused(
    operation: Operation, make: Callable[..., Tensor], size: tuple[int, int]
) -> None:
    others = set(OPERATIONS) - {operation, "translation"}  # a hole at the border repeats the border line
    assert find_leaks(plant(make(64, 1, *size), operation, 0.8), make(60, 2, *size), others) == {}


@pytest.mark.parametrize(("operation", "make", "size"), WHERE)
def test_marks_that_real_images_bear_too_are_no_leak(
    operation: Operation, make: Callable[..., Tensor], size: tuple[int, int]
) -> None:
    marked = plant(make(164, 1, *size), operation, 0.8)
    assert find_leaks(marked[:64], marked[64:], OPERATIONS) == {}


@settings(max_examples=40, deadline=None)
@given(
    make=st.sampled_from([blobs, clouds]),
    size=st.sampled_from([(2, 2), (3, 5), (8, 8), (16, 16), (24, 40), (28, 28)]),
    count=st.integers(2, 200),
    seed=st.integers(0, 10**6),
)
def test_images_like_the_real_ones_are_not_accused(
    make: Callable[..., Tensor], size: tuple[int, int], count: int, seed: int
) -> None:
    possible = operations(*size, color=True)
    found = find_leaks(make(64, 2 * seed, *size), make(count, 2 * seed + 1, *size), possible)
    assert found == {}


def test_a_hole_that_is_not_sharp_or_not_grey_is_no_rectangle() -> None:
    real = blobs(5, 0, 28, 28)
    image = torch.full((1, 1, 28, 28), -1.0)
    image[..., 8:17, 10:19] = 0.0
    assert MARKS["cutout"].on(image, real).tolist() == [True]
    assert MARKS["cutout"].on(image + 0.5, real).tolist() == [False]
    assert MARKS["cutout"].on(torch.nn.functional.avg_pool2d(image, 7, 1, 3), real).tolist() == [False]
    assert MARKS["cutout"].on(torch.zeros(1, 1, 28, 28), real).tolist() == [False], "all grey"


def test_a_plain_border_repeats_without_being_a_leak() -> None:
    real = blobs(5, 0)
    assert not MARKS["translation"].on(torch.nn.functional.pad(clouds(9, 1), (4, 4, 4, 4), value=-1.0), real).any()


@given(st.integers(1, 500), st.data())
def test_bounds_hold_the_share_and_close_in_on_it(count: int, data: st.DataObject) -> None:
    marked = data.draw(st.integers(0, count))
    least, most = wilson_bounds(marked, count)
    assert 0 <= least <= marked / count + 1e-12
    assert marked / count - 1e-12 <= most <= 1
    wide_least, wide_most = wilson_bounds(marked * 10, count * 10)
    assert least - 1e-12 <= wide_least <= wide_most <= most + 1e-12


def test_bounds_against_figures_by_hand() -> None:
    """Wilson 1927 at z = 1.64: nothing seen among ten leaves z^2 / (10 + z^2) open."""
    assert wilson_bounds(0, 10) == pytest.approx((0.0, 1.64**2 / (10 + 1.64**2)))
    assert wilson_bounds(5, 10)[0] == pytest.approx(
        0.5 - 1.64 * (0.25 / 10 + 1.64**2 / 400) ** 0.5 / (1 + 1.64**2 / 10)
    )


@pytest.fixture
def large(job: GanJob) -> GanJob:
    images = to_uint8(blobs(40, 5, 16, 16)).numpy()
    return dataclasses.replace(job, images=images, sampling_weights=torch.full((40,), 1 / 40).double().numpy())


@pytest.mark.parametrize("operation", get_args(Operation))
def test_what_leaks_is_switched_off_and_what_stays_is_told(large: GanJob, operation: Operation) -> None:
    allowed = dataclasses.replace(large.settings, color_augmentation=operation == "color")
    images = to_uint8((clouds if operation == "translation" else blobs)(40, 5, 16, 16)).numpy()
    with planted(leaking(operation)):
        result = fit(dataclasses.replace(large, images=images, settings=allowed))
    assert len(result.rollbacks) == 1, "one return, then nothing is left to switch off"
    assert f"step 10: {operation} leaked" in result.rollbacks[0]
    assert result.reason == ""
    assert len(result.leaks) == 1
    assert result.leaks[0].startswith(f"{operation} leaked")
    assert result.generator


def test_d_sees_no_more_of_what_leaked(large: GanJob) -> None:
    seen = []

    def watched(train_step: TrainStep) -> TrainStep:
        def stepped(players: Any, settings: Any, data: Any, sampling_weights: Any, augment: DiffAugment) -> Tensor:
            seen.append(set(augment.probabilities(16, 16)))
            return leak(players, settings, data, sampling_weights, augment)

        leak = leaking("cutout")(train_step)
        return stepped

    with planted(watched):
        fit(large)
    assert seen[:10] == [{"cutout", "translation"}] * 10
    assert seen[10:] == [{"translation"}] * 7, "from step 5, the last good state"


def test_a_leak_costs_no_attempt(large: GanJob) -> None:
    """A fault after it is still undone twice."""

    def both(train_step: TrainStep) -> TrainStep:
        return FAULTS["NaN in the loss"](leaking("cutout")(train_step))

    later = dataclasses.replace(large, settings=dataclasses.replace(large.settings, steps=30))
    with planted(both):
        result = fit(later)
    reasons = [line.split(": ")[1] for line in result.rollbacks]
    assert "loss" in result.reason
    assert sum("loss" in reason for reason in reasons) == 2


def test_without_augmentation_nothing_is_suspected(large: GanJob) -> None:
    still = dataclasses.replace(large, settings=dataclasses.replace(large.settings, augmentation=0.0))
    with planted(leaking("cutout")):
        result = fit(still)
    assert (result.rollbacks, result.leaks) == ([], [])


def test_a_run_without_leaks_says_nothing(large: GanJob) -> None:
    result = fit(large)
    assert (result.rollbacks, result.leaks) == ([], [])
