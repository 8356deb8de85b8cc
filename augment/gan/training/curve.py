"""The curve of a run: its steps make rows of means, its rows make turns, each a share of the run."""

from collections.abc import Sequence

from augment.gan.training.state import Progress

COLUMNS = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
POINTS = 50  # rows of a whole run
ROWS = 5  # of a turn, at whose end the augmentation adapts and samples are looked at


def row_length(steps: int) -> int:
    """Steps of a row in a run of `steps`."""
    return max(1, steps // POINTS)


def row_ends(step: int, steps: int) -> bool:
    """Whether a row is full after this step."""
    return step % row_length(steps) == 0 or step == steps


def turn_ends(step: int, steps: int) -> bool:
    """Whether a turn is over after this step."""
    return step % (row_length(steps) * ROWS) == 0 or step == steps


def turns_of(steps: int) -> int:
    """Turns of a whole run."""
    return -(-steps // (row_length(steps) * ROWS))


def record(progress: Progress, before: int, figures: Sequence[Sequence[float]], steps: int) -> None:
    """Put the figures of the steps that follow `before` into the curve: d_loss, g_loss, win rate and gap of each.

    Adds them one after the other, so that where a checkpoint falls does not change the sums.
    """
    for step, values in enumerate(figures, before + 1):
        progress.sums = [total + value for total, value in zip(progress.sums, [1.0, *values], strict=True)]
        if row_ends(step, steps):
            count, d_loss, g_loss, win_rate, gap = progress.sums
            progress.sums = [0.0] * 5
            progress.curve.append(
                {"step": step, "d_loss": d_loss / count, "g_loss": g_loss / count, "win_rate": win_rate / count,
                 "gap": gap / count, "augmentation": progress.probability}
            )  # fmt: skip
