"""The players of a run: G and D, their optimisers, the average of G and the random source; and their way back.

What a run carries from step to step are its players and its progress: both are put by together, and a run that went
wrong returns to the last good state of both.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Adam

from augment.core.seeds import derive_seed, torch_rng
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Generator, build
from augment.gan.training.augmentation import Operation

ADAM_BETAS = (0.0, 0.99)
NETWORKS = ("generator", "discriminator", "average")  # fields of `Players`
AnyGenerator = TypeVar("AnyGenerator", bound=nn.Module)
OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")


@dataclass
class PlayersOf(Generic[AnyGenerator]):
    """G and D, the average of G, and the only source of randomness of a run.

    models: how many pairs these are at once; a stack of one is the plain pair.
    """

    generator: AnyGenerator
    discriminator: nn.Module
    average: AnyGenerator
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    rng: torch.Generator
    step: int = 0
    models: int = 1


Players = PlayersOf[Generator]  # a G that draws from latents


def new_players(architecture: Architecture, seed: int, learning_rate: float, device: str) -> Players:
    """Players before their first step; equal seeds give equal weights and equal noise, which are independent."""
    generator, discriminator, average = (
        network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in (*build(architecture, seed), build(architecture, seed)[0])
    )
    optimizers = new_optimizer(generator, learning_rate), new_optimizer(discriminator, learning_rate)
    rng = torch_rng(seed, "noise", device=device)
    return Players(generator, discriminator, average.requires_grad_(False), *optimizers, rng)


def new_optimizer(network: nn.Module, learning_rate: float) -> Adam:
    """Adam without momentum; elementwise, so one serves all models of a stack."""
    return Adam(network.parameters(), learning_rate, ADAM_BETAS, fused=True)


@torch.no_grad()
def update_average(players: PlayersOf[Any], ema_std: float) -> None:
    """Power-function average of G's weights: beta_t = (1 - 1/t)^(k+1) (arXiv:2312.02696, eq. 127).

    Its width is a share of the run so far, so one setting fits short and long runs.
    """
    beta = (1 - 1 / players.step) ** (_power(ema_std) + 1)
    torch._foreach_lerp_(list(players.average.parameters()), list(players.generator.parameters()), 1 - beta)


@functools.cache
def _power(std: float) -> float:
    """The exponent k whose average has this relative width (arXiv:2312.02696, eq. 123): solve for k by bisection."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        wide = (middle + 1) ** 0.5 / ((middle + 2) * (middle + 3) ** 0.5) > std
        low, high = (middle, high) if wide else (low, middle)
    return low


@torch.no_grad()
def settle_statistics(generator: Generator, seed: int, batches: int = 8, batch_size: int = 64) -> None:
    """Recompute batch-norm statistics, where there are any, under the averaged weights from fixed latents.

    Leaves the generator in eval mode.
    """
    rng, device = torch.Generator().manual_seed(seed), next(generator.parameters()).device
    sizes = [(batch_size, generator.architecture.latent)] * batches
    settle_norms(generator, ((torch.randn(size, generator=rng).to(device),) for size in sizes))


@torch.no_grad()
def settle_norms(network: nn.Module, inputs: Iterable[tuple[Tensor, ...]]) -> None:
    """The plain mean of batch norm's statistics over these inputs of the network, which is in eval mode afterwards."""
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.reset_running_stats()
            norm.momentum = None
    network.train()
    for values in inputs:
        network(*values)
    network.eval()


@dataclass
class RunProgress:
    """What a run carries besides its players; plain values, since checkpoints hold no classes.

    leaked: operations of the augmentation that are switched off because they leaked; leaks: what
    leaks still, at the last check.
    """

    probability: float  # of each operation of the augmentation
    attempt: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    rollbacks: list[str] = field(default_factory=list)
    leaked: list[Operation] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)  # of a row so far: count, losses, win rate, margin


def snapshot(players: PlayersOf[Any], progress: RunProgress) -> dict[str, Any]:
    """Everything that the rest of the run depends on."""
    return {
        **{name: getattr(players, name).state_dict() for name in (*NETWORKS, *OPTIMIZERS)},
        "rng": players.rng.get_state(),
        "step": players.step,
        "progress": vars(replace(progress)),
    }


def deep_copy(value: Any) -> Any:
    """A snapshot that shares nothing with the players; as `copy.deepcopy` gives, in a third of the time."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {name: deep_copy(part) for name, part in value.items()}
    return [deep_copy(part) for part in value] if isinstance(value, list) else value


def restore(players: PlayersOf[Any], progress: RunProgress, state: dict[str, Any]) -> None:
    state = deep_copy(state)
    for name in (*NETWORKS, *OPTIMIZERS):
        getattr(players, name).load_state_dict(state[name])
    players.rng.set_state(state["rng"])
    players.step = state["step"]
    for name, value in state["progress"].items():
        setattr(progress, name, value)


def roll_back(
    players: PlayersOf[Any], progress: RunProgress, good: dict[str, Any], seed: int, learning_rate: float
) -> None:
    """Return to the last good state with new noise, and half the learning rate for each failed attempt.

    What was learnt about the run stays: failed attempts, reasons, operations that leaked.
    """
    kept = {name: getattr(progress, name) for name in ("attempt", "rollbacks", "leaked")}
    restore(players, progress, good | {"progress": good["progress"] | kept})
    players.rng.manual_seed(derive_seed(seed, "attempt", len(progress.rollbacks)))
    for optimizer in (players.generator_optimizer, players.discriminator_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate / 2**progress.attempt
