"""Lines for people, and the time that a run still takes."""

from augment.core.progress.lines import (
    CLEAR_LINE,
    MAX_PROBLEM_LINES,
    Progress,
    counted,
    duration,
    first_few,
    limited,
    say,
    with_progress,
)

__all__ = [
    "CLEAR_LINE",
    "MAX_PROBLEM_LINES",
    "Progress",
    "counted",
    "duration",
    "first_few",
    "limited",
    "say",
    "with_progress",
]
