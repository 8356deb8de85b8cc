"""Jobs to stack, and a member that is spoilt."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from augment.gan.training import stacked_trainer as together
from augment.gan.training.run import GanJob
from augment.gan.training.step import Game
from tests.gan.conftest import TINY, images

NAN = float("nan")


def jobs_of(*counts: int, **changes: Any) -> list[GanJob]:
    """One job for each number of images."""
    own = dataclasses.replace(TINY, **changes)
    return [
        GanJob(f"class {number}", images(count, number), np.full(count, 1 / count), own, number, None, "cpu")
        for number, count in enumerate(counts)
    ]


def spoiling(monkeypatch: pytest.MonkeyPatch, when: Callable[[Game], int | None]) -> None:
    """After a step, the weights of this member's D are no numbers."""
    play = together.play

    def played(game: Game, *others: Any) -> Tensor:
        figures = play(game, *others)
        member = when(game)
        if member is not None:
            for weight in game.discriminator.parameters():
                weight.data.chunk(game.members)[member].fill_(NAN)
        return figures

    monkeypatch.setattr(together, "play", played)
