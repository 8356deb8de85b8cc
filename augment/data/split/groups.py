"""Images that must stay together: groups from file names, folds that divide no group, and the check of a split."""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.data.entries import Blocker, Entry
from augment.data.sources.disk import shown
from augment.data.split.labelled import LabelledSet


def by_pattern(entries: Sequence[Entry], pattern: str, blockers: list[Blocker]) -> list[str]:
    """Group every entry by the first group of `pattern`, searched in its path; returns notes for people.

    pattern: a regular expression with at least one group; the path is relative to the image folder,
    or as images.csv has it. Groups that a person declared stay. Where the pattern says nothing, the
    image is a group of its own; where it says nothing of any image, `blockers` gets an entry.
    """
    expression = re.compile(pattern)
    images = [entry for entry in entries if entry.outcome in ("ok", "fixed")]
    for entry in images:
        match = expression.search(entry.path)
        entry.group = entry.group or (match[1] or "" if match else "")
    silent = [entry.path for entry in images if not entry.group]
    if not silent:
        return []
    if len(silent) == len(images):
        message = f"ingest.group_pattern {pattern!r} finds no group in any path, for example {silent[0]}; correct it"
        blockers.append(Blocker(silent[0], "no_group", message))
        return []
    return [f"ingest.group_pattern finds no group in {len(silent)} of {len(images)} paths, for example {silent[0]}"]


def group_folds(
    targets: NDArray[np.int64], groups: NDArray[Any], folds: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Positions inside and outside of each fold, stratified by class, no group divided (scikit-learn's cut).

    targets: int (N,); groups: (N,). A class smaller than the folds is held out in some of them only.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415  (an extra, and ingest needs no folds)

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return list(splitter.split(targets, targets, groups))


def check_sides(sides: Mapping[str, LabelledSet]) -> None:
    """Raises `DataError` naming a group, or an image, that lies on two of the sides (name -> images)."""
    _check("the group", sides, {side: images.groups.tolist() for side, images in sides.items()})
    _check("the image", sides, {side: images.digests() for side, images in sides.items()})


def _check(what: str, sides: Mapping[str, LabelledSet], keys: Mapping[str, Iterable[str]]) -> None:
    first: dict[str, tuple[str, str]] = {}  # key -> the side and the source that have it
    for side, images in sides.items():
        for key, source in zip(keys[side], images.sources.tolist(), strict=True):
            other, there = first.setdefault(key, (side, source))
            if other != side:
                name = f"{what} {shown(key)!r}" if what == "the group" else what
                raise DataError(
                    f"leak: {name} lies in {other} ({shown(there)}) and in {side} ({shown(source)}), so what is "
                    "measured on test would not hold. The prepared files are not as ingest leaves them: make them "
                    "anew with `dvc repro --force ingest`, then run `dvc repro`."
                )
