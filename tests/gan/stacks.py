"""Jobs to stack, and a model that is spoilt."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from augment.gan.training import stacked_trainer
from augment.gan.training.run import GanJob
from augment.gan.training.step import Players
from tests.gan.conftest import TINY, images

NAN = float("nan")


def jobs_of(*counts: int, **changes: Any) -> list[GanJob]:
    """One job for each number of images."""
    own = dataclasses.replace(TINY, **changes)
    return [
        GanJob(f"class {number}", images(count, number), np.full(count, 1 / count), own, number, None, "cpu")
        for number, count in enumerate(counts)
    ]


def spoiling(monkeypatch: pytest.MonkeyPatch, when: Callable[[Players], int | None]) -> None:
    """After a step, the weights of this model's D are no numbers."""
    train_step = stacked_trainer.train_step

    def stepped(players: Players, *others: Any) -> Tensor:
        metrics = train_step(players, *others)
        model = when(players)
        if model is not None:
            for weight in players.discriminator.parameters():
                weight.data.chunk(players.models)[model].fill_(NAN)
        return metrics

    monkeypatch.setattr(stacked_trainer, "train_step", stepped)
