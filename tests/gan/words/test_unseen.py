"""What was learnt of words apart serves them together: a smallest set with one combination left out."""

from itertools import product

import torch

import augment

COLOURS, SIDES, ROWS = {"red": 0, "blue": 2}, ("left", "right"), ("upper", "lower")
HELD_OUT = ("red", "right", "upper")


def square(colour: str, side: str, row: str, count: int, rng: torch.Generator) -> torch.Tensor:
    """uint8 (count, 3, 8, 8): a quarter in red or blue, with a little noise."""
    images = torch.randint(0, 30, (count, 3, 8, 8), generator=rng)
    top, left = 4 * ROWS.index(row), 4 * SIDES.index(side)
    images[:, COLOURS[colour], top : top + 4, left : left + 4] += 200
    return images.to(torch.uint8)


def test_a_combination_that_no_image_has_is_drawn() -> None:
    rng = torch.Generator().manual_seed(0)
    every = list(product(COLOURS, SIDES, ROWS))
    seen = [combination for combination in every if combination != HELD_OUT]
    images = torch.cat([square(*combination, 20, rng) for combination in seen])
    said = [" ".join(combination) for combination in seen for _ in range(20)]
    words = augment.train_words(images, said, steps=500, progress=False)
    for combination in every:
        quarters = words.sample(" ".join(combination), 32).float().reshape(32, 3, 2, 4, 2, 4).mean(dim=(0, 3, 5))
        wanted = square(*combination, 1, rng).float().reshape(3, 2, 4, 2, 4).mean(dim=(2, 4))
        assert quarters.argmax() == wanted.argmax(), (combination, quarters)
