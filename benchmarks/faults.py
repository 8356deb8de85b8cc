"""Faults to plant in a run, each around one step of training: what the guards must find, for tests and benchmarks.

A plant takes `train_step` and gives a step with the fault in it; `planted` puts it in its place.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.optim import Optimizer

from augment.gan.networks.build import to_float
from augment.gan.training import trainer
from augment.gan.training.augmentation import CHANGES, Operation
from augment.gan.training.players import Players
from augment.gan.training.run import GanSettings
from augment.gan.training.step import train_step

NAN = float("nan")
FROM = 0.3  # of the run: then the fault begins
MARKED, SHADES = 0.75, 8  # where augmentation leaks: share of the samples, and of every image so many with other marks

TrainStep = Callable[..., Tensor]
Plant = Callable[[TrainStep], TrainStep]
Draw = Callable[[Tensor], Tensor]  # z (N, latent) -> images


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """Runs within take their steps with the fault."""
    with patch.object(trainer, "train_step", plant(train_step)):
        yield


def spoil(tensor: Tensor, value: float) -> None:
    """Put a value in the place of a tensor's first."""
    with torch.no_grad():
        tensor[(0,) * tensor.ndim] = value


def spoil_gradient(optimizer: Optimizer, value: float) -> None:
    """The same with the gradient of its first weights."""
    gradient = optimizer.param_groups[0]["params"][0].grad
    spoil(gradient, value)


def in_data(train_step: TrainStep) -> TrainStep:
    """The images are no numbers."""

    def stepped(players: Players, settings: GanSettings, data: Tensor, *others: Any) -> Tensor:
        return train_step(players, settings, data * NAN if _begun(players, settings) else data, *others)

    return stepped


def in_loss(train_step: TrainStep) -> TrainStep:
    """The losses that a step reports are no numbers; its updates are sound."""

    def stepped(players: Players, settings: GanSettings, *others: Any) -> Tensor:
        seen = train_step(players, settings, *others)
        return seen * NAN if _begun(players, settings) else seen

    return stepped


def in_gradient(value: float) -> Plant:
    """One weight of D gets this gradient."""

    def plant(train_step: TrainStep) -> TrainStep:
        def stepped(players: Players, settings: GanSettings, *others: Any) -> Tensor:
            if not _begun(players, settings):
                return train_step(players, settings, *others)
            hook = players.discriminator_optimizer.register_step_pre_hook(lambda adam, *_: spoil_gradient(adam, value))
            seen = train_step(players, settings, *others)
            hook.remove()
            return seen

        return stepped

    return plant


def in_weights(which: Callable[[Players], torch.nn.Module], value: float) -> Plant:
    """A weight of this network has this value."""

    def plant(train_step: TrainStep) -> TrainStep:
        def stepped(players: Players, settings: GanSettings, *others: Any) -> Tensor:
            seen = train_step(players, settings, *others)
            if _begun(players, settings):
                spoil(next(which(players).parameters()), value)
            return seen

        return stepped

    return plant


def stuck(images_of: Callable[[Tensor], Tensor]) -> Plant:
    """G gives only the images that `images_of` makes of the training images, whatever its weights."""

    def plant(train_step: TrainStep) -> TrainStep:
        def stepped(players: Players, settings: GanSettings, data: Tensor, *others: Any) -> Tensor:
            if _begun(players, settings):
                images = images_of(to_float(data))
                for network in (players.generator, players.average):
                    if "forward" not in vars(network):
                        vars(network)["forward"] = functools.partial(_one_of, network.forward, images)
            return train_step(players, settings, data, *others)

        return stepped

    return plant


def leaking(operation: Operation) -> Plant:
    """G's samples, healthy but for that, bear the marks of an operation."""

    def marked(data: Tensor) -> Tensor:
        rng = torch.Generator().manual_seed(0)
        return CHANGES[operation](data.flip(2).repeat(SHADES, 1, 1, 1), MARKED, rng).clamp(-1, 1)

    return stuck(marked)


def first(count: int) -> Callable[[Tensor], Tensor]:
    """The first `count` images, upside down, so that they are none of the training images."""
    return lambda data: data[:count].flip(2)


def nearly(data: Tensor) -> Tensor:
    """The images with faint noise."""
    return (data + 0.02 * torch.randn(data.shape, generator=torch.Generator().manual_seed(0))).clamp(-1, 1)


FAULTS: dict[str, Plant] = {
    "NaN in the data": in_data,
    "NaN in the loss": in_loss,
    "NaN in a gradient": in_gradient(NAN),
    "a gradient too large to be squared": in_gradient(1e30),
    "NaN in a weight of G": in_weights(lambda players: players.generator, NAN),
    "an infinite weight of D": in_weights(lambda players: players.discriminator, float("inf")),
    "NaN in the average of G": in_weights(lambda players: players.average, NAN),
    "a weight of the average too large to compute with": in_weights(lambda players: players.average, 3e38),
    "G stuck at one image": stuck(first(1)),
    "G stuck at three images": stuck(first(3)),
    "G replays the training set": stuck(lambda data: data),
    "G replays it with faint noise": stuck(nearly),
}


def _begun(players: Players, settings: GanSettings) -> bool:
    return players.step >= FROM * settings.steps


def _one_of(draw: Draw, images: Tensor, z: Tensor) -> Tensor:
    """Chosen by z, on the graph of the weights, which get no slope from it."""
    chosen = (1e4 * z[:, 0].abs()).long() % len(images)
    return images[chosen] + 0 * draw(z)
