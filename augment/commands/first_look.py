"""What `--quick` set stands at the top of params.yaml, a comment for each key, until a run without it sets it back."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_MARK = re.compile(r"# quick: (?P<key>[\w.]+) is (?P<now>.+?)(?:, was (?P<before>.+))?")
Marks = Mapping[str, tuple[Any, ...]]
"""Dotted key -> (what a first look set, what stood there before); the latter is absent where nobody had chosen it."""


def marks_of(text: str) -> dict[str, tuple[Any, ...]]:
    """What the comments of params.yaml tell of a first look; those that somebody edited tell nothing."""
    marks = {}
    for line in text.splitlines():
        found = _MARK.fullmatch(line.rstrip())
        if not found:
            continue
        try:
            values = [json.loads(value) for value in (found["now"], found["before"]) if value is not None]
        except ValueError:
            continue
        marks[found["key"]] = tuple(values)
    return marks


def marked(text: str, marks: Marks) -> str:
    """The text of params.yaml with these marks in the place of all others."""
    kept = [line for line in text.splitlines() if not _MARK.fullmatch(line.rstrip())]
    lines = [
        f"# quick: {key} is {json.dumps(now)}" + "".join(f", was {json.dumps(value)}" for value in before)
        for key, (now, *before) in marks.items()
    ]
    return "\n".join([*lines, *kept, ""])


def set_back(marks: Marks, values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys -> values as before the first look; keys that somebody has changed since stay.

    values: dotted key -> what stands in params.yaml now.
    """
    return {key: before[0] for key, (now, *before) in marks.items() if before and values.get(key) == now}


def unsettled(marks: Marks, values: Mapping[str, Any]) -> list[str]:
    """Keys that a first look chose where nobody had, and that still hold it: they are to be chosen anew."""
    return [key for key, (now, *before) in marks.items() if not before and values.get(key) == now]


def told(keys: Sequence[str], settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {json.dumps(settings[key])}" for key in keys)
