"""Arguments of calls, as the library takes them: each is what it should be, or a sentence that names it."""

import math
import operator
import os
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from augment.core.errors import ArgumentError

MAX_SIDE_PX = 8192
MAX_GIB = 8  # of images that a call makes at once


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


def flag_argument(name: str, value: Any) -> bool:
    """Raises TypeError for what is neither True nor False."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {short(value)}")
    return value


def path_argument(name: str, value: Any) -> Path:
    """An argument that names a file or folder. Raises TypeError for another kind, `ArgumentError` for no name."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"{name} must be a path, got {short(value)}")
    if "\0" in os.fspath(value):
        raise ArgumentError(f"{name} must be a path, and no path holds a zero byte: {short(value)}")
    return Path(value)


def size_argument(size: Any) -> int | tuple[int, int]:
    """A number of pixels, or (height, width). Raises TypeError for another kind, `ArgumentError` out of range."""
    if isinstance(size, tuple | list):
        if len(size) != 2:
            raise ArgumentError(f"size must be a number or (height, width), got {short(size)}")
        height, width = (whole_number("size", side, 1, MAX_SIDE_PX) for side in size)
        return height, width
    return whole_number("size", size, 1, MAX_SIDE_PX)


def require_memory(name: str, shape: Sequence[int], advice: str) -> None:
    """Raises `ArgumentError` for images (N, C, H, W) of uint8 that would fill more memory than a call should."""
    gib = math.prod(shape) / 2**30
    if gib > MAX_GIB:
        raise ArgumentError(f"{name}: {shape[0]} images of {shape[1:]} take {gib:.1f} GiB, at most {MAX_GIB}; {advice}")


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
