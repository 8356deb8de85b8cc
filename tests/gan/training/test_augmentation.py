"""Differentiable augmentation: what it may change, and what not."""

from collections.abc import Callable

import pytest
import torch

from augment.gan.training.augmentation import DiffAugment, brightness_and_contrast, cutout, mirror, translate, upend
from augment.params.types import Flips


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(count: int, side: int) -> torch.Tensor:
    return torch.rand(count, 2, side, side, generator=rng(99)) * 2 - 1


def test_probability_zero_leaves_the_flips_that_are_declared() -> None:
    images = noise(4, 16)
    assert DiffAugment(0.0, "none", True)(images, rng()) is images
    assert DiffAugment(0.0, "both", True).probabilities(16, 16) == {"mirror": 0.5, "upend": 0.5}


def test_translation_moves_whole_pixels_and_repeats_the_border() -> None:
    ramp = torch.arange(16.0).expand(64, 1, 16, 16)  # each column holds its own number
    moved = translate(ramp, 1.0, rng())
    shifts = moved[:, 0, 0, 8] - 8
    assert set(shifts.tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}
    for image, shift in zip(moved, shifts, strict=True):
        assert torch.equal(image[0, 3], (torch.arange(16.0) + shift).clamp(0, 15))


def test_about_the_wanted_share_is_changed() -> None:
    images = noise(2000, 8)
    same = (translate(images, 0.5, rng()) == images).flatten(1).all(dim=1).float().mean()
    assert abs(same - (0.5 + 0.5 / 9)) < 0.05  # one of the 3 x 3 shifts is no shift


def test_gradients_reach_every_pixel_that_is_seen() -> None:
    images = noise(8, 16).requires_grad_(True)
    DiffAugment(1.0, "both", True)(images, rng()).sum().backward()
    assert images.grad is not None
    assert torch.isfinite(images.grad).all()
    assert (images.grad != 0).float().mean() > 0.5


def test_cutout_greys_a_third_of_a_side_at_most() -> None:
    images = torch.ones(50, 1, 24, 24)
    holes = (cutout(images, 1.0, rng()) == 0).flatten(1).sum(dim=1)
    assert holes.max() <= 9 * 9
    assert holes.min() >= 5 * 5


@pytest.mark.parametrize(
    ("flips", "expected"),
    [
        ("none", {}),
        ("horizontal", {"mirror": 0.5}),
        ("vertical", {"upend": 0.5}),
        ("both", {"mirror": 0.5, "upend": 0.5}),
    ],
)
def test_what_is_declared_is_flipped(flips: Flips, expected: dict[str, float]) -> None:
    assert DiffAugment(0.0, flips, False).probabilities(16, 16) == expected


@pytest.mark.parametrize(("change", "axis"), [(mirror, 2), (upend, 1)])
def test_half_of_the_images_change_sides(change: Callable[..., torch.Tensor], axis: int) -> None:
    images = noise(200, 8)
    flipped = [torch.equal(new, old.flip(axis)) for new, old in zip(change(images, 0.5, rng()), images, strict=True)]
    kept = [torch.equal(new, old) for new, old in zip(change(images, 0.5, rng()), images, strict=True)]
    assert all(one != other for one, other in zip(flipped, kept, strict=True))
    assert 70 < sum(flipped) < 130


def test_contrast_varies_by_a_quarter_either_way() -> None:
    images = noise(200, 8)
    ratios = brightness_and_contrast(images, 1.0, rng()).flatten(1).std(dim=1) / images.flatten(1).std(dim=1)
    assert 0.749 < ratios.min() < 0.78
    assert 1.22 < ratios.max() < 1.251


def test_flips_only_where_declared() -> None:
    images = noise(100, 8)
    assert {bool(torch.equal(a, b)) for a, b in zip(mirror(images, 0.5, rng()), images, strict=True)} == {True, False}
    still = DiffAugment(1e-9, "none", False)(images, rng())
    assert torch.equal(still, images)


def test_colour_keeps_an_image_of_one_level_flat() -> None:
    changed = brightness_and_contrast(torch.full((20, 3, 8, 8), 0.5), 1.0, rng())
    assert changed.flatten(1).std(dim=1).max() < 1e-6
    assert (changed - 0.5).abs().max() <= 0.25


def test_equal_seeds_give_equal_images_at_2x2_too() -> None:
    augment = DiffAugment(1.0, "both", True)
    for side in (2, 3, 28):
        assert torch.equal(augment(noise(5, side), rng(3)), augment(noise(5, side), rng(3)))
