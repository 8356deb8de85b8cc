"""A projection keeps what a small image says, exactly, and changes nothing else."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.data.decoding.fitting import resize
from augment.gan.upscale.projection import Projection, shrinking

Size = tuple[int, int]
SIZES = st.tuples(st.integers(8, 40), st.integers(8, 40), st.floats(0.1, 0.9)).map(
    lambda sides: ((sides[0], sides[1]), tuple(max(2, round(side * sides[2])) for side in sides[:2]))
)


def floats(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape)).float()


def test_shrinking_is_that_of_ingest() -> None:
    image = np.random.default_rng(0).integers(60, 200, (37, 53, 3), dtype=np.uint8)  # no value is clipped
    rows, columns = shrinking(37, 9), shrinking(53, 14)
    planes = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32))
    expected = resize(image, 9, 14).transpose(2, 0, 1).astype(int)
    assert np.abs((rows @ planes @ columns.T).numpy() - expected).max() < 1.5  # which rounds twice


@settings(max_examples=25, deadline=None)
@given(SIZES, st.integers(0, 1000))
def test_what_is_projected_shrinks_to_the_small_image(
    sizes: tuple[tuple[int, int], tuple[int, int]], seed: int
) -> None:
    large, small = sizes
    projection, wanted = Projection.between(large, small), floats(2, 1, *small, seed=seed)
    made = projection(floats(2, 1, *large, seed=seed + 1), wanted)
    assert torch.allclose(projection.shrunk(made), wanted, atol=1e-3)
    assert torch.allclose(projection(made, wanted), made, atol=1e-3), "a second time changes nothing"


def test_the_projection_is_the_nearest_one() -> None:
    """The change is orthogonal to everything that shrinks to nothing."""
    projection, guess = Projection.between((12, 16), (4, 5)), floats(1, 1, 12, 16)
    change = projection(guess, floats(1, 1, 4, 5, seed=1)) - guess
    other = floats(1, 1, 12, 16, seed=2)
    unseen = projection(other, torch.zeros(1, 1, 4, 5))
    assert torch.allclose(projection.shrunk(unseen), torch.zeros(1, 1, 4, 5), atol=1e-4)
    assert float((change * unseen).sum()) == pytest.approx(0, abs=1e-3)


def test_within_range_both_hold_nearly() -> None:
    projection = Projection.between((32, 32), (8, 8))
    real = floats(2, 3, 32, 32).clamp(-1, 1)  # many values at the bounds
    small = projection.shrunk(real)
    made = projection.within_range(floats(2, 3, 32, 32, seed=1), small)
    assert made.abs().max() <= 1
    assert (projection.shrunk(made) - small).abs().max() < (projection.shrunk(projection(floats(2, 3, 32, 32, seed=1),
        small).clamp(-1, 1)) - small).abs().max()  # fmt: skip
