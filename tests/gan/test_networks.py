"""Networks for any size from 2 to 256."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.gan.networks import Architecture, build, to_float, to_uint8

SIZES = [(2, 2), (8, 8), (24, 40), (25, 25), (28, 28), (32, 32), (64, 64)]


def architecture(height: int, width: int, channels: int = 1) -> Architecture:
    return Architecture("dcgan", channels, height, width, latent=8, features=4)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_gradients(height: int, width: int, channels: int) -> None:
    generator, discriminator = build(architecture(height, width, channels), seed=0)
    images = generator(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)))
    assert images.shape == (3, channels, height, width)
    assert images.abs().max() <= 1
    logits = discriminator(images)
    assert logits.shape == (3,)
    logits.square().sum().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert torch.isfinite(weight.grad).all(), name
            assert weight.grad.abs().sum() > 0, name


@given(st.integers(2, 256), st.integers(2, 256))
def test_the_image_fits_into_the_padded_grid(height: int, width: int) -> None:
    plan = architecture(height, width)
    (base_height, base_width), (padded_height, padded_width) = plan.base, plan.padded
    assert padded_height == base_height * 2**plan.doublings
    assert padded_width == base_width * 2**plan.doublings
    assert height <= padded_height < height + 2**plan.doublings
    assert width <= padded_width < width + 2**plan.doublings
    assert 2 <= min(base_height, base_width) <= 7
    assert len(plan.stages) == max(plan.doublings, 1)


@pytest.mark.parametrize(
    ("size", "doublings", "base"),
    [((8, 8), 1, (4, 4)), ((24, 40), 3, (3, 5)), ((28, 28), 2, (7, 7)), ((32, 32), 3, (4, 4)), ((64, 64), 4, (4, 4))],
)
def test_exact_fits_are_preferred(size: tuple[int, int], doublings: int, base: tuple[int, int]) -> None:
    plan = architecture(*size)
    assert (plan.doublings, plan.base, plan.padded) == (doublings, base, size)


def test_a_logit_does_not_depend_on_the_batch() -> None:
    _, discriminator = build(architecture(25, 25), seed=1)
    images = torch.rand(6, 1, 25, 25, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(discriminator(images)[2:3], discriminator(images[2:3]), atol=1e-6)


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.rand(1)
    torch.manual_seed(5)
    first, _ = build(architecture(8, 8), seed=3)
    assert torch.equal(torch.rand(1), before), "the global generator was touched"
    second, _ = build(architecture(8, 8), seed=3)
    other, _ = build(architecture(8, 8), seed=4)
    assert torch.equal(first.project.weight, second.project.weight)
    assert not torch.equal(first.project.weight, other.project.weight)


@settings(max_examples=20)
@given(st.integers(0, 255))
def test_every_grey_level_survives_the_round_trip(level: int) -> None:
    image = torch.full((1, 1, 2, 2), level, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(image)), image)
