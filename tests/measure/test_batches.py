"""What is drawn follows the chances, and the generator alone."""

import numpy as np
import pytest
import torch

from augment.measure.classifiers import weighted_batches
from augment.measure.sampling import WeightedImages, uniform


def numbered(count: int) -> np.ndarray:
    """Images (count, 1, 2, 2) whose pixels hold their position."""
    return np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(2, 2).repeat(2, 3)


def test_batches_follow_the_sampling_weights() -> None:
    own = WeightedImages(numbered(4), np.array([3, 2, 1, 0]), np.array([0.5, 0.3, 0.2, 0.0]))
    images, targets = weighted_batches(own, 20_000)(torch.Generator().manual_seed(0))
    assert images.dtype == torch.uint8
    assert images.shape == (20_000, 1, 2, 2)
    assert targets.dtype == torch.int64
    assert (images[:, 0, 0, 0] == 3 - targets).all(), "an image keeps its target"
    drawn = np.bincount(images[:, 0, 0, 0].numpy(), minlength=4) / 20_000
    assert drawn[3] == 0
    assert drawn == pytest.approx([0.5, 0.3, 0.2, 0.0], abs=0.015)  # over four standard errors


def test_a_batch_may_be_larger_than_the_set_and_depends_on_its_generator() -> None:
    batch = weighted_batches(uniform(numbered(3), np.zeros(3, dtype=np.int64)), 50)
    draws = [batch(torch.Generator().manual_seed(seed))[0] for seed in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
