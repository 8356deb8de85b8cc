"""The last layer of a generator draws the same in eval as in training, by another sum."""

import pytest
import torch
import torch.nn.functional as F

from augment.gan.networks.layers import DoublingToImage


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 1, 1), (3, 4, 7), (3, 16, 16)])
def test_in_eval_it_is_the_same_transposed_convolution(channels: int, height: int, width: int) -> None:
    torch.manual_seed(0)
    layer, h = DoublingToImage(8, channels, 1).eval(), torch.randn(2, 8, height, width)
    expected = F.conv_transpose2d(h, layer.weight, layer.bias, stride=2, padding=1)
    assert expected.shape == (2, channels, 2 * height, 2 * width)
    torch.testing.assert_close(layer(h), expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(layer.train()(h), expected), "training adds in the order that it did"


def test_in_eval_it_has_the_same_gradients() -> None:
    torch.manual_seed(0)
    layer, h = DoublingToImage(8, 3, 1), torch.randn(2, 8, 5, 4)
    gradients = []
    for mode in (True, False):
        layer.train(mode).zero_grad()
        layer(h).square().sum().backward()
        gradients.append([parameter.grad.clone() for parameter in layer.parameters()])
    torch.testing.assert_close(*gradients, atol=1e-3, rtol=1e-4)


def test_a_stack_stays_as_it_is() -> None:
    layer, h = DoublingToImage(4, 3, 2).eval(), torch.randn(2, 8, 3, 3)
    assert torch.equal(layer(h), F.conv_transpose2d(h, layer.weight, layer.bias, stride=2, padding=1, groups=2))
