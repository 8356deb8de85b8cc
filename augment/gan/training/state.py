"""What a run carries from step to step, how it is put by, and how it returns to a good state."""

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from torch import Tensor

from augment.core.seeds import derive_seed
from augment.gan.training.augmentation import Operation
from augment.gan.training.step import Game

Value = TypeVar("Value")


@dataclass
class Progress:
    """What a run carries besides the game itself; plain values, since checkpoints hold no classes.

    leaked: operations of the augmentation that are switched off because they leaked; leaks: what
    leaks still, at the last look.
    """

    probability: float  # of each operation of the augmentation
    attempt: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    rollbacks: list[str] = field(default_factory=list)
    leaked: list[Operation] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)  # count, d_loss, g_loss, win_rate, gap


def snapshot(game: Game, progress: Progress) -> dict[str, Any]:
    """Everything that the rest of the run depends on."""
    return {
        "generator": game.generator.state_dict(),
        "discriminator": game.discriminator.state_dict(),
        "average": game.average.state_dict(),
        "generator_optimizer": game.generator_optimizer.state_dict(),
        "discriminator_optimizer": game.discriminator_optimizer.state_dict(),
        "rng": game.rng.get_state(),
        "step": game.step,
        "progress": vars(replace(progress)),
    }


def copied(value: Value) -> Value:
    """A snapshot that shares nothing with the game; as `copy.deepcopy` gives, in a third of the time."""
    found: Any = value
    if isinstance(found, Tensor):
        found = found.detach().clone()
    elif isinstance(found, dict):
        found = {name: copied(part) for name, part in found.items()}
    elif isinstance(found, list):
        found = [copied(part) for part in found]
    return found  # type: ignore[no-any-return]


def restore(game: Game, progress: Progress, state: dict[str, Any]) -> None:
    """Put a snapshot back."""
    state = copied(state)
    game.generator.load_state_dict(state["generator"])
    game.discriminator.load_state_dict(state["discriminator"])
    game.average.load_state_dict(state["average"])
    game.generator_optimizer.load_state_dict(state["generator_optimizer"])
    game.discriminator_optimizer.load_state_dict(state["discriminator_optimizer"])
    game.rng.set_state(state["rng"])
    game.step = state["step"]
    for name, value in state["progress"].items():
        setattr(progress, name, value)


def go_back(game: Game, progress: Progress, good: dict[str, Any], seed: int, learning_rate: float) -> None:
    """Return to the last good state with new noise, and half the learning rate for each failed attempt.

    What was learnt about the run stays: failed attempts, reasons, operations that leaked.
    """
    attempt, rollbacks, leaked = progress.attempt, progress.rollbacks, progress.leaked
    restore(game, progress, good)
    progress.attempt, progress.rollbacks, progress.leaked = attempt, rollbacks, leaked
    game.rng.manual_seed(derive_seed(seed, "attempt", len(rollbacks)))
    for optimizer in (game.generator_optimizer, game.discriminator_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate / 2**attempt
