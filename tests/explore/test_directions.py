"""Directions are those along which images change the most."""

import torch
from torch import Tensor

from augment.explore.directions import directions


def test_of_a_linear_map_they_are_its_right_singular_vectors() -> None:
    matrix = torch.randn(20, 5, generator=torch.Generator().manual_seed(0))
    found = directions(lambda z: (z @ matrix.T).view(-1, 1, 4, 5), 5, 3)
    _, _, expected = torch.linalg.svd(matrix)
    assert found.shape == (3, 5)
    torch.testing.assert_close((found * expected[:3]).sum(dim=1).abs(), torch.ones(3), atol=1e-3, rtol=0)
    assert (found.gather(1, found.abs().argmax(dim=1, keepdim=True)) > 0).all(), "signs are settled"


def test_a_number_that_changes_nothing_comes_last() -> None:
    def network(z: Tensor) -> Tensor:
        return torch.stack([3 * z[:, 2], z[:, 0].sin()], dim=1)

    found = directions(network, 3, 9)
    torch.testing.assert_close(found, torch.eye(3)[[2, 0, 1]], atol=1e-3, rtol=0)
