"""What is asked for is drawn: a smallest set of two colours in four quarters. New combinations: tests/benchmarks."""

from itertools import product

import torch

import augment

COLOURS, SIDES, ROWS = {"red": 0, "blue": 2}, ("left", "right"), ("upper", "lower")


def square(colour: str, side: str, row: str, count: int, rng: torch.Generator) -> torch.Tensor:
    """uint8 (count, 3, 8, 8): a quarter in red or blue, with a little noise."""
    images = torch.randint(0, 30, (count, 3, 8, 8), generator=rng)
    top, left = 4 * ROWS.index(row), 4 * SIDES.index(side)
    images[:, COLOURS[colour], top : top + 4, left : left + 4] += 200
    return images.to(torch.uint8)


def test_every_word_is_obeyed() -> None:
    rng = torch.Generator().manual_seed(0)
    every = list(product(COLOURS, SIDES, ROWS))
    images = torch.cat([square(*combination, 20, rng) for combination in every])
    said = [" ".join(combination) for combination in every for _ in range(20)]
    words = augment.train_words(images, said, steps=300, progress=False)
    for combination in every:
        quarters = words.sample(" ".join(combination), 32).float().reshape(32, 3, 2, 4, 2, 4).mean(dim=(0, 3, 5))
        wanted = square(*combination, 1, rng).float().reshape(3, 2, 4, 2, 4).mean(dim=(2, 4))
        assert (quarters - wanted).abs().max() < 60, (combination, quarters)
