"""Edits of originals: what moves, what is left to add, and that the detail stays."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from augment.synthesis import edits
from augment.synthesis.displacement import displacement, moved
from augment.synthesis.edits import edited

WAVES = [(0.9, 0.4, 0.3), (-0.5, 1.1, 1.2), (1.3, -0.8, 2.0), (0.2, 1.6, 0.7), (1.7, 0.3, 2.9)]


def texture(across: Tensor, down: Tensor) -> Tensor:
    """Waves of four pixels and more, values in [0, 1], at places given in pixels."""
    return 0.5 + 0.1 * sum((torch.sin(a * across + b * down + c) for a, b, c in WAVES), torch.zeros_like(across))


def places(height: int, width: int) -> tuple[Tensor, Tensor]:
    down, across = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return across, down


def pictures(count: int, channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """uint8: clouds, and a grain of two pixels over them, from 30 to 220."""
    rng = np.random.default_rng(seed)
    clouds, grain = (
        rng.uniform(-reach, reach, (count, channels, max(2, height // px), max(2, width // px)))
        for px, reach in ((12, 55), (2, 35))
    )
    both = [[[enlarged(plane, height, width) for plane in image] for image in some] for some in (clouds, grain)]
    return np.asarray(125 + np.array(both[0]) + np.array(both[1])).round().clip(30, 220).astype(np.uint8)


def enlarged(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))


shrunk = enlarged  # Pillow's bicubic antialiases where it shrinks


def working(images: np.ndarray, height: int, width: int) -> np.ndarray:
    planes = [[shrunk(plane, height, width) for plane in image] for image in images]
    return np.stack(planes).round().clip(0, 255).astype(np.uint8)


def detail(images: np.ndarray) -> float:
    """Energy of what a mean over 3x3 pixels takes away."""
    plain = torch.from_numpy(images).float()
    smooth = torch.nn.functional.avg_pool2d(plain, 3, stride=1)
    return float((plain[..., 1:-1, 1:-1] - smooth).square().mean())


@given(st.sampled_from([1, 3]), st.integers(2, 20), st.integers(2, 40), st.integers(1, 5), st.integers(0, 3))
def test_without_a_change_the_original_comes_back(channels: int, height: int, width: int, times: int, n: int) -> None:
    originals = pictures(n, channels, times * height, times * width) if n else np.zeros((0, 1, 4, 4), np.uint8)
    small = np.random.default_rng(0).integers(0, 256, (n, originals.shape[1], height, width), dtype=np.uint8)
    assert np.array_equal(edited(originals, small, small), originals)


@pytest.mark.parametrize(("right", "below"), [(1.0, 0.0), (0.0, -2.0), (1.5, 0.5)])
def test_an_even_shift_is_found_with_its_sign(right: float, below: float) -> None:
    """after(x) = before(x + shift): each value comes from `right` pixels to the right."""
    across, down = places(24, 40)
    before, after = texture(across, down), texture(across + right, down + below)
    found = displacement(before[None, None], after[None, None])[0, :, 4:-4, 4:-4]
    assert float((found[0] * 20 - right).abs().mean()) < 0.05
    assert float((found[1] * 12 - below).abs().mean()) < 0.05


def test_a_smooth_displacement_is_found() -> None:
    across, down = places(32, 32)
    right = 1.5 * torch.sin(2 * math.pi * down / 32)
    below = 1.2 * torch.cos(2 * math.pi * across / 32)
    before = torch.stack([texture(across, down), texture(down, across)])[None]
    after = torch.stack([texture(across + right, down + below), texture(down + below, across + right)])[None]
    found = 16 * displacement(before, after)[0]
    errors = (found - torch.stack([right, below]))[:, 3:-3, 3:-3].square().sum(dim=0).sqrt()
    assert float(errors.mean()) < 0.2
    left = (moved(before, found[None] / 16) - after)[..., 3:-3, 3:-3].square().mean().sqrt()
    assert float(left) < 0.2 * float((before - after).square().mean().sqrt())


def test_an_original_moves_as_its_small_picture() -> None:
    """What the edit makes is nearer to the original moved in full size than the sample enlarged."""
    across, down = places(120, 120)
    fine = 0.08 * torch.sin(1.9 * across) * torch.sin(2.1 * down)
    original, truth = texture(across / 6, down / 6) + fine, texture(across / 6 + 1.2, down / 6)
    truth = truth + 0.08 * torch.sin(1.9 * (across + 7.2)) * torch.sin(2.1 * down)
    original_pixels, true_pixels = ((255 * some).round().byte()[None, None].numpy() for some in (original, truth))
    before, after = (working(some, 20, 20) for some in (original_pixels, true_pixels))
    made = edited(original_pixels, before, after)
    inner = np.s_[..., 15:-15, 15:-15]

    def error(image: np.ndarray) -> float:
        return float(np.sqrt(np.square(image[inner].astype(float) - true_pixels[inner]).mean()))

    assert error(made) < 0.6 * error(working(after, 120, 120))
    assert error(made) < 0.3 * error(original_pixels)


def relit(images: np.ndarray) -> np.ndarray:
    """Brighter and flatter to the right, a tint, and moved by a sixteenth: as smooth a change as edits are for."""
    channels, width = images.shape[1], images.shape[3]
    tint, light = np.array([12.0, -6.0, 0.0])[:channels, None, None], np.linspace(-0.2, 0.2, width)
    changed = np.roll(images, width // 16, axis=3) * (1 - light) + 60 * light + tint
    return changed.round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("channels", "size"), [(1, (24, 32)), (3, (32, 32)), (3, (64, 48))])
def test_shrunk_an_edit_is_nearly_a_sample_that_changes_smoothly(channels: int, size: tuple[int, int]) -> None:
    """Within a third of the change, at most."""
    originals = pictures(4, channels, 4 * size[0], 4 * size[1])
    before, after = working(originals, *size), working(relit(originals), *size)
    made = working(edited(originals, before, after), *size)
    inner = np.s_[..., 3:-3, 3:-3]  # what the roll brings in at a border is no smooth change
    left, change = (float(np.sqrt(np.square(some.astype(float) - after)[inner].mean())) for some in (made, before))
    assert left < change / 3


def test_even_light_is_taken_over_exactly_but_for_the_ridge() -> None:
    originals = pictures(2, 3, 96, 96)
    before = working(originals, 24, 24)
    after = (0.8 * before + 25).round().astype(np.uint8)
    rest = edited(originals, before, after).astype(float) - (0.8 * originals + 25)
    assert float(np.sqrt(np.square(rest).mean())) < 5
    assert abs(float(rest.mean())) < 1


def test_noise_of_a_sample_is_left_out() -> None:
    originals = pictures(4, 3, 128, 128)
    before = working(originals, 32, 32)
    noise = np.random.default_rng(0).normal(0, 20, before.shape)
    after = (before + noise).round().clip(0, 255).astype(np.uint8)
    made = edited(originals, before, after).astype(float)
    assert float(np.sqrt(np.square(working(made, 32, 32) - before).mean())) < 10
    assert 0.8 * detail(originals) < detail(made) < 1.2 * detail(originals)


def test_detail_stays_where_enlarging_has_none() -> None:
    originals = pictures(4, 3, 120, 120)
    after = working(relit(originals), 24, 24)
    made = edited(originals, working(originals, 24, 24), after)
    assert 0.6 * detail(originals) < detail(made) < 1.2 * detail(originals)
    assert detail(working(after, 120, 120)) < 0.1 * detail(originals)


def test_a_flat_picture_takes_the_level_of_its_sample() -> None:
    flat, small = np.full((1, 1, 30, 20), 100, np.uint8), np.full((1, 1, 6, 4), 100, np.uint8)
    assert (edited(flat, small, small + 10) == 110).all()
    assert (edited(flat, small, small + 155) == 255).all()


def test_an_image_depends_on_its_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    originals = pictures(5, 3, 48, 64)
    before = working(originals, 12, 16)
    after = np.roll(before, 1, axis=0)
    whole = edited(originals, before, after)
    assert np.array_equal(edited(originals, before, after), whole)
    for size in (1, 2):
        monkeypatch.setattr(edits, "MAX_PASS_VALUES", size * originals[0].size)
        parts = edited(originals, before, after)
        assert np.abs(parts.astype(int) - whole).max() <= 1, "float rounding"
