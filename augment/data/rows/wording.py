"""Sentences that are written of images, said of rows.

Verdict, page and many messages are the same for both kinds of set, and stand once, in the words of images; this is the
one place that says them of a table. Names of files, keys and commands stay as they are.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from augment.core.errors import DataError, ParamsError

_PHRASES = (
    ("networks from scratch", "classifiers"), ("a network from scratch", "a classifier"),
    ("pixel for pixel", "value for value"), ("near duplicates", "equal rows"), ("real photographs", "real rows"),
    ("groups in meta.csv", "groups by ingest.group_column"),
)  # fmt: skip
_WORDS = {"images": "rows", "image": "row", "Images": "Rows", "Image": "Row", "pictures": "rows", "pixels": "values"}
_PATTERN = re.compile(r"(?<![\w./`'\"-])(" + "|".join(_WORDS) + r")(?![\w/`'\"]|\.\w)")


def in_rows(text: str) -> str:
    """A text for people, of rows where it speaks of images."""
    for images, rows in _PHRASES:
        text = text.replace(images, rows)
    return _PATTERN.sub(lambda word: _WORDS[word[1]], text)


@contextmanager
def errors_in_rows() -> Iterator[None]:
    """What is raised of images within is said of rows."""
    try:
        yield
    except (DataError, ParamsError) as error:
        raise type(error)(in_rows(str(error))) from error


def of_rows(value: Any) -> Any:
    """The same of every text of a JSON value; keys stay."""
    if isinstance(value, dict):
        return {key: of_rows(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [of_rows(part) for part in value]
    return in_rows(value) if isinstance(value, str) and " " in value else value
