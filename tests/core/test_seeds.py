"""Every draw is named by what it is for."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.seeds import derive_seed, global_torch_rng, numpy_rng, torch_rng

PARTS = st.lists(st.integers(0, 2**53) | st.text(max_size=8), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_equal_names_give_equal_seeds_and_others_do_not(first: list[str | int], second: list[str | int]) -> None:
    assert (derive_seed(*first) == derive_seed(*second)) == (first == second)
    assert 0 <= derive_seed(*first) < 2**63


def test_parts_do_not_run_together() -> None:
    assert len({derive_seed(*parts) for parts in [("ab", "c"), ("a", "bc"), ("abc",), (1, 2), (12,), ("1", 2)]}) == 6


def test_a_number_from_an_array_is_a_number() -> None:
    assert derive_seed(np.int64(5), "x") == derive_seed(5, "x") != derive_seed("5", "x")


def test_generators_follow_the_seed() -> None:
    assert numpy_rng(0, "x").integers(10**9) == numpy_rng(0, "x").integers(10**9)
    assert torch.equal(torch.rand(3, generator=torch_rng(0, "x")), torch.rand(3, generator=torch_rng(0, "x")))
    assert numpy_rng(0, "x").integers(10**9) != numpy_rng(0, "y").integers(10**9)


def test_the_global_generator_is_seeded_inside_and_untouched_outside() -> None:
    expected, before = torch.rand(3, generator=torch.Generator().manual_seed(5)), torch.get_rng_state()
    with global_torch_rng(5):
        assert torch.equal(torch.rand(3), expected)
    assert torch.equal(torch.get_rng_state(), before)
