"""Tiny sets and settings that train in milliseconds."""

from typing import Any

import numpy as np
import pytest
from torch import Tensor

from augment.data.imageset import ImageSet
from augment.gan.training import stacked_trainer
from augment.gan.training.run import GanJob
from augment.gan.training.step import GanSettings, Players

TINY = GanSettings(
    network="dcgan", features=4, latent=4, loss="relativistic", gamma=0.5, penalty_every=2, augmentation=0.5,
    color_augmentation=False, flips="none", steps=12, batch_size=4, learning_rate=1e-3, ema_std=0.1, precision="fp32",
)  # fmt: skip


def images(count: int, seed: int = 0, side: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 1, side, side), dtype=np.uint8)


@pytest.fixture
def tiny() -> GanSettings:
    return TINY


@pytest.fixture
def job() -> GanJob:
    return GanJob("tiny", images(6), np.full(6, 1 / 6), TINY, 7, None, "cpu")


@pytest.fixture
def two_classes() -> ImageSet:
    labels = np.array(["a"] * 5 + ["b b/;$(x)"] * 3)
    names = np.array([str(index) for index in range(8)])
    return ImageSet(images(8), labels, names, names)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What was done: (models, step) of each step of a stack."""
    train_step, seen = stacked_trainer.train_step, []

    def watched(players: Players, *others: Any) -> Tensor:
        metrics = train_step(players, *others)
        seen.append((players.models, players.step))
        return metrics

    monkeypatch.setattr(stacked_trainer, "train_step", watched)
    return seen
