"""R changes nothing but what its mask covers, which is bounded; it runs at any size, and places alike in all."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.gan.translate.network import (
    TranslatorNetwork,
    TranslatorShape,
    bounded,
    random_codes,
    translated,
)
from augment.gan.translate.placing import centred, centres, place_of_centred, placed

STILL = torch.tensor([[0.0, 0, 1, 1, 0, 1]])


def network(channels: int = 1, height: int = 16, width: int = 24, max_area: float = 0.1) -> TranslatorNetwork:
    torch.manual_seed(0)
    made = TranslatorNetwork(TranslatorShape(channels, height, width, 3, 5, max_area, latent=4))
    torch.nn.init.constant_(made.to_mask.bias, 2.0)  # a mask that would cover all
    return made.requires_grad_(False)


def test_a_place_that_moves_nothing_leaves_a_map_as_it_is() -> None:
    values = torch.rand(1, 2, 5, 7)
    assert torch.allclose(placed(values, STILL), values, atol=1e-6)


def test_a_place_is_by_shares_of_a_side() -> None:
    values = torch.zeros(1, 1, 8, 8)
    values[0, 0, 2, 3] = 1
    shifted = torch.tensor([[0.5, 0.25, 1, 1, 0, 1]])  # of half sides: two pixels across, one down
    assert placed(values, shifted)[0, 0].argmax() == 3 * 8 + 5
    mirrored = torch.tensor([[0.0, 0, -1, 1, 0, 1]])
    assert placed(values, mirrored)[0, 0].argmax() == 2 * 8 + 4
    large = placed(values, shifted, (16, 16))[0, 0]
    (row, column), total = np.unravel_index(int(large.argmax()), (16, 16)), large.sum()
    assert (row // 2, column // 2) == (3, 5)
    assert torch.allclose(total, torch.tensor(4.0), atol=1e-4)


@given(st.integers(0, 10_000))
def test_a_map_that_was_centred_comes_to_where_it_would_have_come(seed: int) -> None:
    """A blob, smooth enough for interpolation to matter little, under any place."""
    rng = torch.Generator().manual_seed(seed)
    down, across = torch.meshgrid(torch.arange(24.0), torch.arange(36.0), indexing="ij")
    at = 8 + torch.rand(2, generator=rng) * torch.tensor([8.0, 20.0])
    values = torch.exp(-((down - at[0]) ** 2 + (across - at[1]) ** 2) / 18)[None, None]
    mirrors = torch.randint(0, 2, (1, 2), generator=rng) * 2.0 - 1
    shift, turn, scale = torch.rand(1, 2, generator=rng) - 0.5, torch.rand(1, 1, generator=rng), torch.full((1, 1), 1.1)
    place, middle = torch.cat([shift, mirrors, turn, scale], dim=1), centres(values)
    moved = centred(values, middle)
    assert (centres(moved).abs() <= 2 / 24 + 1e-6).all()
    there = placed(moved, place_of_centred(place, middle, 24 / 36))
    assert (there - placed(values, place)).abs().max() < 0.1


@pytest.mark.parametrize("size", [(16, 24), (32, 48), (9, 50)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_runs_at_any_size_and_is_bounded(channels: int, size: tuple[int, int]) -> None:
    of = network(channels)
    good, z, place = torch.rand(2, channels, *size) * 2 - 1, torch.randn(2, 4), STILL.repeat(2, 1)
    change, mask = of(good, z, place)
    assert change.shape == good.shape
    assert mask.shape == (2, 1, *size)
    assert mask.mean(dim=(1, 2, 3)).max() <= 0.1 + 1e-6
    assert change.abs().max() <= 2
    made = translated(of, good, z, place)
    assert torch.allclose(made, (good + mask * change).clamp(-1, 1))


@given(st.floats(0.01, 1), st.integers(0, 1000))
def test_masks_are_thinned_to_the_bound_and_others_left(max_area: float, seed: int) -> None:
    masks = torch.rand((3, 1, 6, 6), generator=torch.Generator().manual_seed(seed)) ** 3
    made, area = bounded(masks, max_area), masks.mean(dim=(1, 2, 3))
    assert (made.mean(dim=(1, 2, 3)) <= max_area + 1e-6).all()
    assert torch.equal(made[area <= max_area], masks[area <= max_area])
    assert (made <= masks).all()


@given(st.integers(0, 1000))
def test_random_codes_are_as_long_as_those_that_they_lie_between(seed: int) -> None:
    codes = torch.eye(5) * 3
    drawn = random_codes(codes, 20, torch.Generator().manual_seed(seed))
    assert torch.allclose(drawn.norm(dim=1)[(drawn > 0).sum(dim=1) > 1], torch.tensor(3.0), atol=1e-5)
    assert ((drawn > 1e-6).sum(dim=1) <= 2).all()
