"""Arguments of calls, as the library takes them: each is what it should be, or a sentence that names it."""

import operator
import os
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from augment.core.errors import ArgumentError


def whole_number(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """An argument that has to be a whole number. Raises TypeError for another kind, `ArgumentError` out of range."""
    try:
        number = None if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") else operator.index(value)
    except (TypeError, ValueError, RuntimeError):
        number = None
    if number is None:
        raise TypeError(f"{name} must be a whole number, got {short(value)}")
    if (least is not None and number < least) or (most is not None and number > most):
        allowed = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ArgumentError(f"{name} must be {allowed}{', not negative' if number < 0 else ''}; got {short(number)}")
    return number


def path_argument(name: str, value: Any) -> Path:
    """An argument that names a file or folder. Raises TypeError for another kind, `ArgumentError` for no name."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"{name} must be a path, got {short(value)}")
    if "\0" in os.fspath(value):
        raise ArgumentError(f"{name} must be a path, and no path holds a zero byte: {short(value)}")
    return Path(value)


def sequence_argument(name: str, value: Any) -> list[Any]:
    """An argument that holds values in an order. Raises TypeError for a text, which would be taken for its letters, for
    a mapping or a set, which have no order of ours, and for what cannot be gone through."""
    if isinstance(value, str | bytes | bytearray | Mapping | Set):
        raise TypeError(f"{name} must be a sequence of values, got {short(value)}")
    try:
        return list(value)
    except (TypeError, RuntimeError, NotImplementedError) as error:
        raise TypeError(f"{name} must be a sequence of values, got {short(value)}") from error


def short(value: Any) -> str:
    """A value in a message, cut where it is long; with its kind, but for texts and numbers."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # of an object that cannot even be shown
        text = "?"
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return text if value is None or isinstance(value, str | int | float) else f"a {type(value).__name__}: {text}"
