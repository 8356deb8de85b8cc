"""Whether synthetic images lie nearer to the test images than to real images of equal standing: a leak's trace.

Every real image x is asked how far the nearest synthetic image of its class is, in units of the distance to the
nearest other real image, so that typical and odd images count alike. GANs that never saw test leave test
images no nearer than training images (nearer to those, if they memorise), and exactly as near as val, which they did
not see either. Both are tested, one-sided, by ranks within each class (Mann & Whitney 1947); the unit is
a group, which gives one image. The ranks compare test with all of train, so no sample of equal size need be drawn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, rankdata

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.measure.features import pixels
from augment.measure.metrics import Features, Float, leave_one_out_nearest, nearest

SIGNIFICANT = 0.001  # one false alarm in a thousand audits at most; every repeat makes two
NEARER = 0.6  # share of the comparisons that test must win: less is no copying
LEAST = 20  # groups on either side; with fewer nothing is measured
COLUMNS = ("seed", "control", "test", "others", "nearer", "p", "note")


@dataclass(frozen=True)
class Real:
    """The real images of one class, one of each group: features (n, D), the distance of each to its nearest other,
    and the split that it is in."""

    features: Features
    distance: Float
    side: NDArray[np.str_]


@dataclass(frozen=True)
class Nearness:
    """A row of audit.csv: the groups of test and of a control (train, val), the share of pairs in which the test
    image is the nearer one to the synthetic images, and the chance of so much by accident; None: not measured."""

    seed: int
    control: str
    test: int
    others: int
    nearer: float | None
    p: float | None
    note: str

    @property
    def leak(self) -> bool:
        """Too near to be chance."""
        return self.p is not None and self.p <= SIGNIFICANT and (self.nearer or 0) >= NEARER


def real_images(sides: Mapping[str, ImageSet]) -> dict[str, Real]:
    """What synthetic images are compared with, by label; sides: train, val and test."""
    found = {}
    for label in sides["train"].classes:
        own = {side: _one_of_each_group(images.of_class(label)) for side, images in sides.items()}
        features = pixels(np.concatenate([images.images for images in own.values()]))
        side = np.repeat(list(own), [len(images) for images in own.values()])
        if len(features) > 1:
            found[label] = Real(features, leave_one_out_nearest(features)[1], side)
    return found


def nearness(samples: Mapping[str, NDArray[np.uint8]], reals: Mapping[str, Real], seed: int) -> list[Nearness]:
    """Test against train, and test against val. samples: label -> uint8 (N, C, H, W), before any selection."""
    distances = {
        label: nearest(real.features, pixels(samples[label]))[1] / np.maximum(real.distance, 1e-12)
        for label, real in reals.items()
        if len(samples.get(label, ()))
    }
    return [_compare([(distances[label], reals[label].side) for label in distances], name, seed)
            for name in ("train", "val")]  # fmt: skip


def require_no_leak(rows: Iterable[Nearness]) -> None:
    """Raises `DataError` when synthetic images lie nearer to test than chance explains."""
    for row in rows:
        if row.leak:
            raise DataError(
                f"leak: the synthetic images of seed {row.seed} lie nearer to test images than to images of "
                f"{row.control} in {100 * (row.nearer or 0):.0f} % of comparisons (chance: 50 %, p = {row.p:.1g}). The "
                "GANs have seen test images or near copies of them: look for those with `augment check`, name their "
                "groups in meta.csv, remove data/prepared and models, then run `dvc repro`."
            )


def _one_of_each_group(images: ImageSet) -> ImageSet:
    return images.take(np.sort(np.unique(images.groups, return_index=True)[1]))


def _compare(classes: Sequence[tuple[Float, NDArray[Any]]], control: str, seed: int) -> Nearness:
    """classes: relative distances (n,) and sides (n,) of each."""
    test, others = [np.zeros(0)], [np.zeros(0)]
    for distance, side in classes:
        mine = np.isin(side, ("test", control))
        if len(np.unique(side[mine])) == 2:
            ranks = rankdata(distance[mine]) / (mine.sum() + 1)
            test.append(ranks[side[mine] == "test"])
            others.append(ranks[side[mine] == control])
    one, other = np.concatenate(test), np.concatenate(others)
    if min(len(one), len(other)) < LEAST:
        note = f"not measured: at least {LEAST} groups on either side are needed"
        return Nearness(seed, control, len(one), len(other), None, None, note)
    result = mannwhitneyu(one, other, alternative="less", method="asymptotic")
    share = 1 - float(result.statistic) / (len(one) * len(other))
    return Nearness(seed, control, len(one), len(other), share, float(result.pvalue), "")
