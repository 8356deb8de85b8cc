"""What a run carries from step to step, how it is put by, and how it returns to a good state.

The history of a run: its steps make rows of means, its rows make intervals, each a share of the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from torch import Tensor

from augment.core.seeds import derive_seed
from augment.gan.training.augmentation import Operation
from augment.gan.training.step import Players

Value = TypeVar("Value")


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
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)  # count, d_loss, g_loss, win_rate, gap


def snapshot(players: Players, progress: RunProgress) -> dict[str, Any]:
    """Everything that the rest of the run depends on."""
    return {
        "generator": players.generator.state_dict(),
        "discriminator": players.discriminator.state_dict(),
        "average": players.average.state_dict(),
        "generator_optimizer": players.generator_optimizer.state_dict(),
        "discriminator_optimizer": players.discriminator_optimizer.state_dict(),
        "rng": players.rng.get_state(),
        "step": players.step,
        "progress": vars(replace(progress)),
    }


def deep_copy(value: Value) -> Value:
    """A snapshot that shares nothing with the players; as `copy.deepcopy` gives, in a third of the time."""
    result: Any = value
    if isinstance(result, Tensor):
        result = result.detach().clone()
    elif isinstance(result, dict):
        result = {name: deep_copy(part) for name, part in result.items()}
    elif isinstance(result, list):
        result = [deep_copy(part) for part in result]
    return result  # type: ignore[no-any-return]


def restore(players: Players, progress: RunProgress, state: dict[str, Any]) -> None:
    """Put a snapshot back."""
    state = deep_copy(state)
    players.generator.load_state_dict(state["generator"])
    players.discriminator.load_state_dict(state["discriminator"])
    players.average.load_state_dict(state["average"])
    players.generator_optimizer.load_state_dict(state["generator_optimizer"])
    players.discriminator_optimizer.load_state_dict(state["discriminator_optimizer"])
    players.rng.set_state(state["rng"])
    players.step = state["step"]
    for name, value in state["progress"].items():
        setattr(progress, name, value)


def roll_back(players: Players, progress: RunProgress, good: dict[str, Any], seed: int, learning_rate: float) -> None:
    """Return to the last good state with new noise, and half the learning rate for each failed attempt.

    What was learnt about the run stays: failed attempts, reasons, operations that leaked.
    """
    attempt, rollbacks, leaked = progress.attempt, progress.rollbacks, progress.leaked
    restore(players, progress, good)
    progress.attempt, progress.rollbacks, progress.leaked = attempt, rollbacks, leaked
    players.rng.manual_seed(derive_seed(seed, "attempt", len(rollbacks)))
    for optimizer in (players.generator_optimizer, players.discriminator_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate / 2**attempt


HISTORY_COLUMNS = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
HISTORY_ROWS = 50  # rows of a whole run
INTERVAL_ROWS = 5  # of an interval, at whose end the augmentation adapts and samples are checked


def steps_per_row(steps: int) -> int:
    """Steps of a row in a run of `steps`."""
    return max(1, steps // HISTORY_ROWS)


def is_row_end(step: int, steps: int) -> bool:
    """Whether a row is full after this step."""
    return step % steps_per_row(steps) == 0 or step == steps


def is_interval_end(step: int, steps: int) -> bool:
    """Whether an interval is over after this step."""
    return step % (steps_per_row(steps) * INTERVAL_ROWS) == 0 or step == steps


def intervals_of(steps: int) -> int:
    """Turns of a whole run."""
    return -(-steps // (steps_per_row(steps) * INTERVAL_ROWS))


def append_history(progress: RunProgress, step_before: int, metrics: Sequence[Sequence[float]], steps: int) -> None:
    """Put the metrics of the steps after `step_before` into the history: losses, win rate and logit margin of each.

    Adds them one after the other, so that where a checkpoint falls does not change the sums.
    """
    for step, values in enumerate(metrics, step_before + 1):
        progress.sums = [total + value for total, value in zip(progress.sums, [1.0, *values], strict=True)]
        if is_row_end(step, steps):
            count, d_loss, g_loss, win_rate, logit_margin = progress.sums
            progress.sums = [0.0] * 5
            progress.history.append(
                {"step": step, "d_loss": d_loss / count, "g_loss": g_loss / count, "win_rate": win_rate / count,
                 "gap": logit_margin / count, "augmentation": progress.probability}
            )  # fmt: skip
