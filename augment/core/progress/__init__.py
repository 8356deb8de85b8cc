"""Lines for people, and the time that a run still takes."""

from augment.core.progress.lines import (
    MAX_PROBLEM_LINES,
    Progress,
    counted,
    duration,
    first_few,
    limited,
    rest_of_unit,
    say,
    with_progress,
)

__all__ = [
    "MAX_PROBLEM_LINES",
    "Progress",
    "counted",
    "duration",
    "first_few",
    "limited",
    "rest_of_unit",
    "say",
    "with_progress",
]
