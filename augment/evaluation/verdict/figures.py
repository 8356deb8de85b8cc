"""Numbers within sentences. Points are percentage points."""

from augment.evaluation.statistics.comparisons import Gain


def gain_text(gain: Gain, metric_name: str) -> str:
    """`+2.1 points of balanced accuracy [+0.8, +3.4]`."""
    return f"{points(gain.mean)} points of {metric_name} {interval_text(gain.low, gain.high)}"


def interval_text(low: float, high: float) -> str:
    return f"[{points(low)}, {points(high)}]"


def points(fraction: float) -> str:
    """A signed difference in percentage points, with a second digit where one would hide its sign."""
    value = 100 * fraction
    digits = 2 if 0 < abs(value) < 0.05 else 1
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def margin_text(equivalence: float) -> str:
    """`1 point` or `0.5 points`."""
    margin = 100 * equivalence
    return f"{margin:g} point{'' if margin == 1 else 's'}"


def share_text(mean: float, low: float, high: float) -> str:
    """`68.2 % [66.5, 69.9]`."""
    return f"{100 * mean:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
