"""Small changes, only the flips that are declared, and copies that come from the images."""

import numpy as np
import pytest
import torch

from augment.measure.augmentations import classical_augmentation, jittered
from tests.toy import toy_set

TOY = toy_set({"a": 9, "b": 9, "c": 9})


def halves(axis: int) -> torch.Tensor:
    """64 images, bright in the first half along an axis and dark in the second."""
    images = torch.zeros(64, 1, 16, 16)
    images.narrow(axis, 0, 8).fill_(1.0)
    return images


@pytest.mark.parametrize("flips", ["none", "horizontal", "vertical", "both"])
def test_only_declared_flips_are_made(flips: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for axis, allowed in ((3, ("horizontal", "both")), (2, ("vertical", "both"))):
            images = classical_augmentation(flips)(halves(axis))
            first, second = (images.narrow(axis, start, 8).mean(dim=(1, 2, 3)) for start in (0, 8))
            mirrored = (first < second).float().mean().item()
            assert mirrored == 0 if flips not in allowed else 0.25 < mirrored < 0.75


def test_classical_augmentation_moves_a_little() -> None:
    images = torch.zeros(200, 1, 33, 33)
    images[:, :, 16, 16] = 1.0  # a point at the centre, which rotation and scaling keep
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        moved = classical_augmentation("none")(images)
    assert moved.shape == images.shape
    assert moved.min() >= 0
    assert moved.max() <= 1
    peaks = moved.flatten(1).argmax(dim=1)
    offsets = torch.stack([peaks // 33 - 16, peaks % 33 - 16]).abs()
    assert offsets.max() <= 5  # an eighth of 33 pixels, and one for rounding
    assert offsets.max() >= 3
    assert (moved == images).flatten(1).all(dim=1).float().mean().item() == pytest.approx(0.2, abs=0.12)


def test_jittered_copies_come_from_the_images() -> None:
    levels = np.array([0, 40, 255], dtype=np.uint8)[:, None, None, None].repeat(8, 2).repeat(8, 3)
    copies = jittered(levels, 60, "both", seed=0)
    assert copies.shape == (60, 1, 8, 8)
    assert copies.dtype == np.uint8
    assert np.ptp(copies, axis=(1, 2, 3)).max() <= 1, "shifts fill up with the border: one level stays one"
    nearest = np.abs(copies[:, 0, 4, 4][:, None].astype(int) - [0, 40, 255])
    assert nearest.min(axis=1).max() <= 1
    assert set(nearest.argmin(axis=1)) == {0, 1, 2}, "each image is drawn"
    assert not np.array_equal(
        np.argsort(jittered(levels, 60, "both", seed=1)[:, 0, 4, 4]), np.argsort(copies[:, 0, 4, 4])
    )


def test_jitter_repeats_with_its_seed_and_changes_the_images() -> None:
    before = torch.get_rng_state()
    first, again, other = (jittered(TOY.images, 30, "none", seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    known = {image.tobytes() for image in TOY.images}
    assert sum(image.tobytes() in known for image in first) < 20
    assert torch.equal(torch.get_rng_state(), before)
