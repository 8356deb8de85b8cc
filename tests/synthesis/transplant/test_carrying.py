"""What is carried, and where to: the changed area is the mask alone."""

import numpy as np
import pytest
import torch

from augment.synthesis.transplant.carrying import Draws, Translated, carried, joined_draws
from augment.synthesis.transplant.context import fitting_places
from augment.synthesis.transplant.patches import patch_bank

STAY = (0.0, 0.0, 1.0, 1.0, 0.0, 1.0)


def defect(height: int = 20, width: int = 20) -> torch.Tensor:
    found = torch.zeros(1, 1, height, width)
    found[..., 4:7, 10:14] = 0.25
    return found


def place(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float32)


def onto(change: torch.Tensor, where: np.ndarray) -> np.ndarray:
    lender = np.full((1, 1, *change.shape[2:]), 100, dtype=np.uint8)
    return carried(change, where, lender)[0, 0].astype(int) - 100


def test_a_defect_that_stays_is_added_where_it_was() -> None:
    found = onto(defect(), place(*STAY))
    assert (found == np.round(255 * defect()[0, 0].numpy())).all()


@pytest.mark.parametrize(("height", "width"), [(20, 20), (20, 40)])
def test_a_shift_is_in_half_sides(height: int, width: int) -> None:
    found = onto(defect(height, width), place(2 * 3 / width, 2 * 2 / height, 1, 1, 0, 1))
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 8, 13, 16)


def test_mirrors_turn_sides_around() -> None:
    plain = 255 * defect()[0, 0].numpy()
    assert (onto(defect(), place(0, 0, -1, 1, 0, 1)) == np.round(plain[:, ::-1])).all()
    assert (onto(defect(), place(0, 0, 1, -1, 0, 1)) == np.round(plain[::-1])).all()


def test_a_quarter_turn_of_a_square_is_that_of_the_array() -> None:
    found = onto(defect(), place(0, 0, 1, 1, np.pi / 2, 1))
    turned = np.rot90(np.round(255 * defect()[0, 0].numpy()))
    assert min(np.abs(found - turned).max(), np.abs(found - np.rot90(turned, 2)).max()) <= 1


def test_a_scale_multiplies_lengths() -> None:
    change = torch.zeros(1, 1, 40, 40)
    change[..., 15:25, 15:25] = 0.5
    found = onto(change, place(0, 0, 1, 1, 0, 1.5))
    assert int((found > 32).sum()) == pytest.approx(225, abs=30)


def test_where_nothing_is_carried_a_good_image_stays_to_the_last_bit() -> None:
    lender = np.random.default_rng(0).integers(0, 256, (1, 3, 20, 20), dtype=np.uint8)
    found = carried(defect().repeat(1, 3, 1, 1), place(*STAY), lender)
    outside = (defect() == 0)[0, 0].numpy()
    assert (found[0][:, outside] == lender[0][:, outside]).all()
    assert (found[0][:, ~outside] >= lender[0][:, ~outside]).all()


def test_translated_samples_take_the_defect_of_their_source() -> None:
    changes = torch.stack([torch.full((1, 4, 4), 0.2), torch.full((1, 4, 4), -0.2)])
    place, none = np.array([STAY] * 3, dtype=np.float32), np.empty((3, 0), dtype=np.float32)
    draws = Draws(np.array([7, 3, 7]), np.array([0, 0, 1]), place, none)
    made = Translated(changes, np.array([3, 7]), draws)
    lenders = np.full((3, 1, 4, 4), 100, dtype=np.uint8)
    assert made.onto(lenders)[:, 0, 1, 1].tolist() == [49, 151, 49]
    assert made.take(np.array([False, True, False])).onto(lenders[:1])[0, 0, 1, 1] == 151
    assert joined_draws([draws, draws]).source.tolist() == [7, 3, 7] * 2


def test_a_defect_fits_where_its_surroundings_are() -> None:
    """One of ten images has the bar that the defect sits on, elsewhere."""
    good = torch.zeros(10, 1, 64, 64)
    good[4, :, 40:44] = 1
    twin, mask = torch.zeros(1, 64, 64), torch.zeros(1, 64, 64)
    twin[:, 20:24] = 1
    mask[:, 20:24, 30:34] = 1
    (found,) = fitting_places(twin, mask, patch_bank(good), [(1, 1)])
    assert int(found[0]) == 4
    assert float(found[2]) == pytest.approx(2 * 20 / 64)
