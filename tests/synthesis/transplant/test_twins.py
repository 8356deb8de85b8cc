"""Twins, masks and defects on images of which everything is known."""

import numpy as np
import pytest
import torch
from torch import Tensor

from augment.synthesis.transplant.defects import defects_of, known_good, likeness
from augment.synthesis.transplant.masks import limits, main_parts, soft_masks, unexplained
from augment.synthesis.transplant.neighbours import neighbour_twins
from augment.synthesis.transplant.patches import patch_twins

SIDE = 32
NONE = torch.tensor([-1])


def plates(count: int, seed: int = 0) -> Tensor:
    """A bright bar at its place on a slope of its own light, float (count, 1, 32, 32)."""
    rng = np.random.default_rng(seed)
    down = np.linspace(-1, 1, SIDE)[:, None] * np.ones(SIDE)
    images = 0.5 + 0.05 * rng.uniform(-1, 1, (count, 1, 1)) * down + 0.05 * rng.uniform(-1, 1, (count, 1, 1))
    images[:, :, 14:18] += 0.2
    return torch.from_numpy(images + 0.005 * rng.normal(size=images.shape)).float()[:, None]


def stripes(count: int, seed: int = 0) -> Tensor:
    """Upright stripes of one width that begin anywhere, which no other image need resemble as a whole."""
    rng = np.random.default_rng(seed)
    rows = [(np.arange(SIDE) + shift) // 5 % 2 for shift in rng.integers(0, 10, count)]
    return torch.from_numpy(np.array(rows)[:, None, None] * np.ones((1, SIDE, 1))).float()


def spotted(images: Tensor, top: int = 5, left: int = 22, side: int = 5, by: float = 0.3) -> Tensor:
    found = images.clone()
    found[:, :, top : top + side, left : left + side] += by
    return found.clamp(0, 1)


def test_the_twin_of_an_image_with_a_spot_is_the_image_without_it() -> None:
    good = plates(60)
    clean = plates(5, seed=1)
    twins = neighbour_twins(spotted(clean), good, NONE.repeat(5))
    assert float((twins - clean).abs().max()) < 0.05


def test_light_of_another_level_and_colour_is_no_defect() -> None:
    good = plates(40).repeat(1, 3, 1, 1)
    cast = plates(3, seed=2).repeat(1, 3, 1, 1) + torch.tensor([0.15, -0.1, 0.0])[None, :, None, None]
    assert float((neighbour_twins(cast, good, NONE.repeat(3)) - cast).abs().max()) < 0.05


def test_an_image_is_no_twin_of_itself() -> None:
    good = plates(30)
    good[7] = spotted(good[7:8])[0]
    twin = neighbour_twins(good[7:8], good, torch.tensor([7]))
    assert float((good[7:8] - twin)[0, 0, 5:10, 22:27].mean()) == pytest.approx(0.3, abs=0.02)


def test_parts_of_other_images_make_a_twin_where_no_whole_image_does() -> None:
    good, image = stripes(40), stripes(1, seed=3)
    marked = image.clone()
    marked[:, :, 12:16, 12:16] = 1 - marked[:, :, 12:16, 12:16]
    assert torch.equal(patch_twins(image, good, NONE), image)
    assert torch.equal(patch_twins(marked, good, NONE), image)


def test_what_lies_within_the_twin_nearby_is_explained() -> None:
    """128 px: two pixels of slack."""
    twin = torch.zeros(1, 1, 128, 128)
    twin[..., 40:60] = 1
    assert unexplained(torch.roll(twin, 2, dims=3), twin).max() == 0
    assert unexplained(torch.roll(twin, 5, dims=3), twin).max() > 0.5


def test_a_limit_is_three_times_what_good_images_leave_at_a_pixel_and_never_nothing() -> None:
    left = torch.full((10, 1, 20, 20), 0.001)
    left[..., 10:, :] = 0.1
    found = limits(left, aligned=True)
    assert float(found[0, 0, 2, 2]) == pytest.approx(0.02)
    assert float(found[0, 0, 17, 2]) == pytest.approx(0.3)
    assert limits(left, aligned=False).unique().numel() == 1


def test_a_mask_is_soft_and_nothing_below_the_limit() -> None:
    excess = torch.zeros(1, 1, 20, 20)
    excess[..., 8:11, 8:11] = 2.0
    found = soft_masks(excess, torch.ones(1, 1, 1, 1))
    assert float(found[0, 0, 9, 9]) == 1
    assert 0 < float(found[0, 0, 6, 9]) < 1
    assert float(found[0, 0, 4, 9]) == 0
    assert soft_masks(excess / 2, torch.ones(1, 1, 1, 1)).max() == 0


def test_the_main_part_has_most_of_what_is_unexplained() -> None:
    masks = torch.zeros(1, 1, 16, 16)
    masks[..., 1:3, 1:3], masks[..., 8:12, 8:12] = 1, 1
    excess = masks.clone()
    part, share = main_parts(masks, excess)
    assert float(part.sum()) == 16
    assert float(share) == pytest.approx(16 / 20)
    excess[..., 1:3, 1:3] = 9.0
    part, share = main_parts(masks, excess)
    assert float(part.sum()) == 4
    assert float(share) == pytest.approx(36 / 52)


def test_nothing_has_no_main_part() -> None:
    part, share = main_parts(torch.zeros(2, 1, 8, 8), torch.zeros(2, 1, 8, 8))
    assert part.sum() == 0
    assert share.sum() == 0


@pytest.mark.parametrize("way", ["neighbours", "patches"])
def test_a_known_spot_is_found_where_it_is(way: str) -> None:
    maker = plates if way == "neighbours" else stripes
    good = known_good(maker(60), torch.arange(20), way)  # type: ignore[arg-type]
    clean = maker(4, seed=5)
    marked = (clean + 0.3).clamp(0, 1) if way == "neighbours" else 1 - clean
    outside = torch.ones(SIDE, SIDE, dtype=torch.bool)
    outside[10:15, 10:15] = False
    marked[..., outside] = clean[..., outside]
    found = defects_of(marked, good)
    assert found.usable.all()
    assert (found.masks[:, :, 11:14, 11:14] > 0.9).float().mean() > 0.9
    assert found.masks[:, :, 22:].max() == 0
    inside = found.changes[:, :, 11:14, 11:14], (marked - clean)[:, :, 11:14, 11:14]
    assert float((inside[0] - inside[1]).abs().mean()) < 0.05


def test_a_good_image_leaves_almost_nothing() -> None:
    good = known_good(plates(60), torch.arange(20), "neighbours")
    found = defects_of(plates(20, seed=9), good)
    assert float(found.changes.abs().mean()) < 0.001
    assert int(found.usable.sum()) <= 5  # `usable` is what one good image in four exceeds


def test_a_defect_larger_than_half_of_the_image_is_none() -> None:
    good = known_good(plates(60), torch.arange(20), "neighbours")
    marked = plates(2, seed=6)
    marked[:, :, :, :20] += torch.linspace(0.1, 0.3, 20)
    assert not defects_of(marked, good).usable.any()


def test_images_that_resemble_each_other_have_twins_by_neighbours_and_noise_too() -> None:
    assert likeness(plates(60), torch.arange(20)).way == "neighbours"
    rng = np.random.default_rng(0)
    assert likeness(torch.from_numpy(rng.random((60, 1, 32, 32))).float(), torch.arange(20)).way == "neighbours"


def test_images_of_parts_that_lie_anywhere_have_twins_by_patches() -> None:
    rng = np.random.default_rng(0)
    parts = torch.zeros(60, 1, 48, 48)
    for image in parts:
        for top, left in rng.integers(0, 40, (6, 2)):
            image[0, :, left : left + 4] = 1
            image[0, top : top + 4] = 1
    found = likeness(parts, torch.arange(20))
    assert found.left > 0.0


def test_images_that_show_something_else_each_have_no_twins() -> None:
    """Smooth fields: nothing of one recurs in another, and it is no grain."""
    rng = np.random.default_rng(0)
    fields = torch.nn.functional.interpolate(
        torch.from_numpy(rng.random((60, 1, 5, 5))).float(), (32, 32), mode="bicubic"
    )
    assert likeness(fields, torch.arange(20)).way is None
