"""Every loss trains every network at every size; what does not fit is said in one line."""

import dataclasses
from typing import get_args

import numpy as np
import pytest
import torch

from augment.core.errors import ParamsError
from augment.gan.networks.architecture import LINEAR_MAX_PX, NetworkName
from augment.gan.networks.build import to_float
from augment.gan.settings import class_training
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.losses import LossName
from augment.gan.training.run import GanJob, players_of
from augment.gan.training.step import train_step
from augment.params import Override, Train
from tests.gan.conftest import TINY

NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)
LOSSES: tuple[LossName, ...] = get_args(LossName)
SIZES = [(2, 2), (8, 8), (24, 40), (25, 25), (28, 28), (64, 64)]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("network", "height", "width"),
    [(network, *size) for network in NETWORKS for size in SIZES if network != "linear" or max(size) <= LINEAR_MAX_PX],
)
def test_a_step_gives_every_parameter_a_finite_gradient(
    network: NetworkName, height: int, width: int, channels: int, loss: LossName
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, channels, height, width), dtype=np.uint8)
    settings = dataclasses.replace(TINY, network=network, loss=loss, batch_size=2)
    job = GanJob("one", images, np.full(3, 1 / 3), settings, 7, None, "cpu")
    players = players_of(job)
    before = [weight.clone() for weight in players.generator.parameters()]
    data, augment = to_float(torch.from_numpy(images)), DiffAugment(0.5, "none", False)
    row = train_step(players, settings, data, torch.from_numpy(job.sampling_weights), augment)  # with its penalty
    assert torch.isfinite(row).all()
    for part in (players.generator, players.discriminator):
        for name, weight in part.named_parameters():
            assert weight.grad is not None, name
            assert torch.isfinite(weight.grad).all(), name
            assert torch.isfinite(weight).all(), name
    assert any(not torch.equal(old, new) for old, new in zip(before, players.generator.parameters(), strict=True))


def resolve(train: Train, height: int = 8, width: int = 8) -> object:
    return class_training(train, {"a": 10, "b": 10}, flips="none", height=height, width=width, device="cpu")


@pytest.mark.parametrize(("height", "width"), [(64, 64), (8, 41)])
def test_one_layer_is_for_small_images(height: int, width: int) -> None:
    with pytest.raises(ParamsError, match=rf"train\.network: linear .* at most 40 px .* {height}x{width}") as caught:
        resolve(Train(network="linear"), height, width)
    assert "\n" not in str(caught.value)
    resolve(Train(network="linear"), 24, 40)
    resolve(Train(network="residual"), height, width)


@pytest.mark.parametrize(
    ("train", "key"),
    [
        (Train(loss="wasserstein_gp", gamma=0), r"train\.gamma"),
        (Train(loss="wasserstein_gp", overrides={"b": Override(gamma=0)}), r"train\.overrides\.b\.gamma"),
    ],
)
def test_the_wasserstein_loss_needs_its_penalty(train: Train, key: str) -> None:
    with pytest.raises(ParamsError, match=rf"{key}: 0 .* wasserstein_gp"):
        resolve(train)


def test_other_losses_do_without() -> None:
    for loss in LOSSES:
        if loss != "wasserstein_gp":
            resolve(Train(loss=loss, gamma=0))


def test_the_learning_rate_follows_the_network() -> None:
    for network, rate in (("dcgan", 1e-3), ("residual", 1e-3), ("linear", 1e-2)):
        assert resolve(Train(network=network)).classes["a"].learning_rate == rate
        assert resolve(Train(network=network, learning_rate=5e-3)).classes["a"].learning_rate == 5e-3
    overridden = resolve(Train(network="linear", overrides={"b": Override(learning_rate=2e-3)}))
    assert [overridden.classes[label].learning_rate for label in "ab"] == [1e-2, 2e-3]
