"""Parts of an image set for the repeats of an evaluation, drawn by class and group as `split` draws them.

For `evaluate.protocol: repeated` the images that the split left over, the pool, must suffice.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.data.entries import Entry
from augment.data.split.labelled import LabelledSet
from augment.data.split.split import draw_groups, units_of

FOLDS = 5
SetType = TypeVar("SetType", bound=LabelledSet)

Counts = Mapping[str, int]
"""Label -> images."""


def draw_part(images: LabelledSet, want: Counts, leave: Counts, seed: int, purpose: str) -> NDArray[np.bool_]:
    """A mask bool (N,) of whole groups with about `want` images of each class (never more, but for a class that
    would get none), of which `leave` stay behind. Classes not named in `want` are not drawn."""
    units = units_of(images.labels.tolist(), images.groups.tolist())
    every = dict.fromkeys(images.classes, 0)
    drawn = draw_groups(units, every | dict(want), every | dict(leave), seed, purpose)
    return np.isin(images.groups, sorted(drawn))


def join(first: SetType, *others: SetType) -> SetType:
    """All samples of several sets, in their order. Raises `DataError` when they do not belong together."""
    return first.joined(others)


def shortages(delivered: Counts, pool: Counts, repeats: int) -> dict[str, tuple[int, int]]:
    """Classes whose images do not suffice for so many disjoint training sets: label -> images (needed, in the pool).

    delivered: images that train and val hold together.
    """
    needed = {label: (repeats - 1) * count for label, count in delivered.items()}
    return {label: (count, pool.get(label, 0)) for label, count in needed.items() if pool.get(label, 0) < count}


def check_split(entries: Sequence[Entry], repeats: int) -> None:
    """`check_repeats` for entries that have been split, before anything is trained."""
    names = ("train", "val", "test", "pool")
    train, val, test, pool = (Counter(entry.label for entry in entries if entry.split == name) for name in names)
    check_repeats(train, val, test, pool, repeats)


def check_repeats(train: Counts, val: Counts, test: Counts, pool: Counts, repeats: int) -> None:
    """Raises `DataError` with numbers where neither disjoint training sets nor folds of all images can be cut."""
    delivered = Counter(train) + Counter(val)
    short, kept, tested = shortages(delivered, pool, repeats), delivered.total(), sum(test.values())
    if not short or tested <= kept:
        return
    classes = "; ".join(f"class {label!r} needs {needed} and has {left}" for label, (needed, left) in short.items())
    raise DataError(
        f"evaluate.protocol repeated: {repeats} disjoint training sets of the delivered size need more images than the "
        f"split left over in data/prepared/pool: {classes}. Folds of all {kept + tested} images are no way out, since "
        f"they would train on {(kept + tested) * (FOLDS - 1) // FOLDS} images and only {kept} are delivered. "
        "Lower ingest.test_max or ingest.train_per_class, which leave images over, set "
        "`ingest.train_per_class: null` to train on most images, or set `evaluate.protocol: holdout`."
    )
