"""EfficientNet-Lite0 without its weights: the shapes of the paper's table, padding, and the message without them."""

import importlib.util

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from augment.core.errors import ParamsError
from augment.measure import imagenet

# Tan & Le 2019, table 1 (B0): kernel, stride, channels and blocks of each stage; the stem has 32 channels
TABLE = (
    (3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3), (5, 1, 112, 3), (5, 2, 192, 4), (3, 1, 320, 1)
)  # fmt: skip


def norm(weights, name, channels, rng):
    for part in ("weight", "running_var"):
        weights[f"{name}.{part}"] = torch.rand(channels, generator=rng) + 0.5
    for part in ("bias", "running_mean"):
        weights[f"{name}.{part}"] = torch.randn(channels, generator=rng) / 10


def random_weights():
    rng, weights = torch.Generator().manual_seed(0), {}

    def convolution(name, out, into, kernel):
        weights[f"{name}.weight"] = (
            torch.randn(out, into, kernel, kernel, generator=rng) * (2 / (into * kernel**2)) ** 0.5
        )

    convolution("_conv_stem", 32, 3, 3)
    norm(weights, "_bn0", 32, rng)
    last, number = 32, 0
    for kernel, _, channels, blocks in TABLE:
        for _ in range(blocks):
            name, wide = f"_blocks.{number}.", last if number == 0 else 6 * last
            if number:
                convolution(f"{name}_expand_conv", wide, last, 1)
                norm(weights, f"{name}_bn0", wide, rng)
            convolution(f"{name}_depthwise_conv", wide, 1, kernel)
            norm(weights, f"{name}_bn1", wide, rng)
            convolution(f"{name}_project_conv", channels, wide, 1)
            norm(weights, f"{name}_bn2", channels, rng)
            last, number = channels, number + 1
    convolution("_conv_head", 1280, 320, 1)
    norm(weights, "_bn1", 1280, rng)
    return weights


@pytest.fixture
def made_up(monkeypatch):
    weights = random_weights()
    monkeypatch.setattr(imagenet, "_weights", lambda: weights)
    return weights


@pytest.mark.parametrize("shape", [(3, 1, 28, 28), (2, 3, 24, 40), (2, 1, 8, 8)])
@pytest.mark.usefixtures("made_up")
def test_any_size_and_colour(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    found = imagenet.imagenet_features(images)
    assert (found.shape, found.dtype) == ((shape[0], 1280), np.float32)
    assert np.isfinite(found).all()
    assert found.std(axis=0).max() > 0
    assert imagenet.imagenet_features(images[:0]).shape == (0, 1280)
    alone = imagenet.imagenet_features(images[1:2])
    np.testing.assert_allclose(alone[0], found[1], rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("made_up")
def test_grey_is_rgb_with_equal_channels():
    grey = np.random.default_rng(0).integers(0, 256, (2, 1, 20, 20), dtype=np.uint8)
    np.testing.assert_allclose(
        *(imagenet.imagenet_features(images) for images in (grey, grey.repeat(3, axis=1))), rtol=1e-5
    )


def test_the_network_halves_five_times(made_up, monkeypatch):
    seen, real = [], F.conv2d

    def noted(x, kernel, stride, groups):
        found = real(x, kernel, stride=stride, groups=groups)
        seen.append((tuple(kernel.shape[1:]), groups, tuple(found.shape[1:])))
        return found

    monkeypatch.setattr(imagenet.F, "conv2d", noted)
    imagenet._pooled(torch.zeros(1, 3, 96, 96), made_up)
    side, expected = 48, []
    for kernel, stride, channels, blocks in TABLE:
        side //= stride
        expected += [(kernel, (channels, side, side))] * blocks
    depthwise = [(shape[1], out) for shape, groups, out in seen if groups > 1]
    projected = [out for (shape, groups, out), (_, before, _) in zip(seen[1:], seen, strict=False) if before > 1]
    assert [(kernel, out) for (kernel, _), out in zip(depthwise, projected, strict=True)] == expected
    assert seen[0][2] == (32, 48, 48)
    assert seen[-1][2] == (1280, 3, 3)


@pytest.mark.parametrize(("side", "stride", "kernel"), [(7, 2, 3), (8, 2, 3), (8, 2, 5), (9, 1, 5)])
def test_padding_gives_the_ceiling_and_puts_what_is_uneven_behind(side, stride, kernel):
    weights = {"c.weight": torch.zeros(1, 1, kernel, kernel)}
    weights["c.weight"][0, 0, 0, 0] = 1  # the output is the padded image's upper left corner
    for part, value in (("running_mean", 0.0), ("running_var", 1 - imagenet.EPSILON), ("weight", 1.0), ("bias", 0.0)):
        weights[f"n.{part}"] = torch.tensor([value])
    image = torch.arange(1.0, side * side + 1).reshape(1, 1, side, side)
    found = imagenet._convolved(image, weights, "c", "n", stride)
    out = -(-side // stride)
    before = ((out - 1) * stride + kernel - side) // 2
    padded = F.pad(image, (before, kernel, before, kernel))
    torch.testing.assert_close(found, padded[..., : out * stride : stride, : out * stride : stride])


@pytest.mark.skipif(imagenet.is_installed(), reason="the extra is installed")
def test_without_the_weights_the_message_says_what_to_install():
    with pytest.raises(ParamsError, match=r"\[pretrained\]"):
        imagenet.imagenet_features(np.zeros((1, 1, 8, 8), np.uint8))


@pytest.mark.skipif(not imagenet.is_installed(), reason="the extra `pretrained` is not installed")
def test_the_weights_are_those_that_were_measured():
    x = torch.linspace(-2, 2, 3 * 64 * 64).reshape(1, 3, 64, 64)
    features = imagenet._pooled(x, imagenet._weights())
    assert importlib.util.find_spec(imagenet.PACKAGE) is not None
    assert features.shape == (1, 1280)
    assert 0 <= features.min() < features.max() <= 6
