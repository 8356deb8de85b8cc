"""RandAugment keeps what an image is: shape, dtype, range, and no foreign border."""

import pytest
import torch

from augment.measure import augmentations
from augment.measure.augmentations import OPERATIONS_PER_IMAGE, _operations, randaugment

SHAPES = [(1, 8, 8), (3, 8, 8), (1, 24, 40), (3, 24, 40), (1, 2, 2), (3, 2, 2), (1, 5, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_shape_dtype_and_range_stay(shape):
    torch.manual_seed(0)
    augment = randaugment("both", *shape)
    images = torch.rand(16, *shape)
    for _ in range(25):
        changed = augment(images)
        assert changed.shape == images.shape
        assert changed.dtype == torch.float32
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert (changed != images).any()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_an_even_image_stays_even(channels, level):
    torch.manual_seed(0)
    augment = randaugment("none", channels, 12, 9)
    for _ in range(40):
        spread = augment(torch.full((8, channels, 12, 9), level)).flatten(2).std(dim=2)
        assert spread.max() < 0.02, "a border of another colour came in"


@pytest.mark.parametrize("number", range(13))
def test_every_operation_works_alone(number):
    images = torch.rand(8, 3, 8, 8)
    operations = _operations(3, 8, 1.0)
    assert len(operations) == 13
    changed = operations[number](images)
    assert changed.shape == images.shape
    assert not torch.equal(changed, images)


def test_colour_and_sharpness_only_where_they_can_be():
    assert [len(_operations(channels, side, 1.0)) for channels, side in ((3, 8), (1, 8), (3, 2), (1, 2))] == [
        13,
        12,
        12,
        11,
    ]


def test_the_global_seed_fixes_the_draws_and_batches_differ():
    augment, images = randaugment("none", 1, 8, 8), torch.rand(8, 1, 8, 8)
    torch.manual_seed(5)
    first, second = augment(images), augment(images)
    torch.manual_seed(5)
    assert torch.equal(augment(images), first)
    assert not torch.equal(first, second)
    assert OPERATIONS_PER_IMAGE == 2


def test_each_image_draws_two_different_operations_of_its_own(monkeypatch):
    calls = []

    class Mark(torch.nn.Module):
        def __init__(self, number):
            super().__init__()
            self.number = number

        def forward(self, images):
            calls.append(self.number)
            return images + 10.0**-self.number

    monkeypatch.setattr(augmentations, "_operations", lambda *_: [Mark(number) for number in range(1, 4)])
    torch.manual_seed(0)
    marked = augmentations.randaugment("none", 1, 4, 4)(torch.zeros(3000, 1, 4, 4))[:, 0, 0, 0]
    pairs, counts = (marked * 1000).round().long().unique(return_counts=True)
    assert pairs.tolist() == [11, 101, 110], "two operations, never one of them twice"
    assert counts.min() > 900  # all pairs alike: 1000, over three standard errors
    assert calls == [1, 2, 3, 1, 2, 3], "one call for all images that draw the same one"


def test_one_image():
    assert randaugment("none", 1, 8, 8)(torch.rand(1, 1, 8, 8)).shape == (1, 1, 8, 8)


def test_flips_only_where_declared():
    image = torch.zeros(1, 1, 8, 8)
    image[..., :2] = 1.0  # bright on the left
    for flips, expected in (("none", False), ("horizontal", True), ("vertical", False)):
        torch.manual_seed(0)
        augment = randaugment(flips, 1, 8, 8)
        # Where solarising or equalising leaves an order, it is the left that was bright.
        right = [bool((found := augment(image))[..., 6:].mean() > found[..., :2].mean() + 0.5) for _ in range(60)]
        assert any(right) == expected
