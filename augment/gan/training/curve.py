"""The history of a run: its steps make rows of means, its rows make intervals, each a share of the run."""

from collections.abc import Sequence

from augment.gan.training.state import RunProgress

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
