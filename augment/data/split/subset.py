"""Parts of an image set drawn by class and by group, as `split` draws them: for the repeats of an evaluation."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.data.split.split import draw_groups


def draw_part(
    images: ImageSet, want: Mapping[str, int], leave: Mapping[str, int], seed: int, purpose: str
) -> NDArray[np.bool_]:
    """A mask bool (N,) of whole groups with about `want` images of each class (never more, but for a class that
    would get none), of which `leave` stay behind. Classes not named in `want` are not drawn."""
    units: dict[str, Counter[str]] = {}
    for label, group in zip(images.labels.tolist(), images.groups.tolist(), strict=True):
        units.setdefault(group, Counter())[label] += 1
    asked = {label: want.get(label, 0) for label in images.classes}
    kept = {label: leave.get(label, 0) for label in images.classes}
    return np.isin(images.groups, sorted(draw_groups(units, asked, kept, seed, purpose)))


def join(*sides: ImageSet) -> ImageSet:
    """All images of several sets, in their order. Raises `DataError` when they differ in shape."""
    shapes = {side.images.shape[1:] for side in sides if len(side)}
    if len(shapes) > 1:
        raise DataError(f"images of one set must have one shape, found {sorted(shapes)}; make data/prepared anew")
    full = [side for side in sides if len(side)] or list(sides[:1])
    return ImageSet(
        np.concatenate([side.images for side in full]),
        np.concatenate([side.labels for side in full]),
        np.concatenate([side.groups for side in full]),
        np.concatenate([side.sources for side in full]),
    )
