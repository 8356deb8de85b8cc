"""Networks for any size from 2 to 256."""

from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.gan.networks.architecture import Architecture, NetworkName
from augment.gan.networks.build import build, to_float, to_uint8
from augment.gan.networks.residual import DownBlock, UpBlock

SIZES = [(2, 2), (8, 8), (24, 40), (25, 25), (28, 28), (32, 32), (64, 64)]
NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)


def architecture(height: int, width: int, channels: int = 1, network: NetworkName = "dcgan") -> Architecture:
    return Architecture(network, channels, height, width, latent=8, features=4)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("network", NETWORKS)
def test_shapes_and_gradients(network: NetworkName, height: int, width: int, channels: int) -> None:
    generator, discriminator = build(architecture(height, width, channels, network), seed=0)
    images = generator(torch.randn(3, 8, generator=torch.Generator().manual_seed(0)))
    assert images.shape == (3, channels, height, width)
    assert images.abs().max() <= 1
    logits = discriminator(images)
    assert logits.shape == (3,)
    logits.square().sum().backward()
    for part in (generator, discriminator):
        for name, weight in part.named_parameters():
            assert weight.grad is not None, name
            assert torch.isfinite(weight.grad).all(), name
            asleep = "branch.first" in name  # behind a convolution that starts at zero
            assert asleep or weight.grad.abs().sum() > 0, name


@pytest.mark.parametrize("network", NETWORKS)
def test_no_discriminator_knows_of_a_batch(network: NetworkName) -> None:
    """So R1, R2 and the joint pass over real and fake images are those of single images."""
    _, discriminator = build(architecture(25, 25, network=network), seed=1)
    assert not [layer for layer in discriminator.modules() if isinstance(layer, torch.nn.modules.batchnorm._NormBase)]
    images = torch.rand(6, 1, 25, 25, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(discriminator(images)[2:3], discriminator(images[2:3]), atol=1e-6)


@pytest.mark.parametrize("side", [2, 8, 25, 64])
def test_a_new_residual_pair_passes_its_input_through(side: int) -> None:
    """The branches add nothing yet, so the scale does not depend on the depth."""
    generator, discriminator = build(architecture(side, side, network="residual"), seed=0)
    for network in (generator, discriminator):
        for block in (layer for layer in network.modules() if isinstance(layer, UpBlock | DownBlock)):
            h = torch.randn(2, block.skip.in_channels, 8, 8, generator=torch.Generator().manual_seed(0))
            assert torch.equal(block.branch(h), torch.zeros(2, block.skip.out_channels, 8, 8))
    images = generator(torch.randn(64, 8, generator=torch.Generator().manual_seed(0)))
    assert 0.1 < images.std(dim=0).mean() < 0.9
    noise = torch.randn(256, 1, side, side, generator=torch.Generator().manual_seed(0))
    assert 0.02 < discriminator(noise).std() < 2


def test_the_linear_pair_is_one_layer_each() -> None:
    generator, discriminator = build(Architecture("linear", 1, 2, 2, latent=1, features=4), seed=0)
    z = torch.rand(5, 1, generator=torch.Generator().manual_seed(0))
    weight, bias = generator.to_pixels.weight[:, 0], generator.to_pixels.bias
    expected = 2 / (1 + torch.exp(-(z * weight + bias))) - 1
    assert torch.allclose(generator(z).flatten(1), expected, atol=1e-6)
    assert torch.allclose(
        discriminator(generator(z)), expected @ discriminator.to_logit.weight[0] + discriminator.to_logit.bias
    )
    assert sum(weight.numel() for weight in [*generator.parameters(), *discriminator.parameters()]) == 13


@given(st.integers(2, 256), st.integers(2, 256))
def test_the_image_fits_into_the_padded_grid(height: int, width: int) -> None:
    plan = architecture(height, width)
    (base_height, base_width), (padded_height, padded_width) = plan.base_size, plan.padded
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
    assert (plan.doublings, plan.base_size, plan.padded) == (doublings, base, size)


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
