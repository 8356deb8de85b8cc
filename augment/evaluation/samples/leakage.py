"""Whether synthetic images lie nearer to the test images than to real images of equal standing: a leak's trace.

Every real image x is asked how far the nearest synthetic image of its class is, in units of the distance to the
nearest other real image, so that typical and odd images count alike. GANs that never saw test leave test
images no nearer than training images (nearer to those, if they memorise), and exactly as near as val, which they did
not see either. Both are tested, one-sided, by ranks within each class (van Elteren 1960, for one class Mann & Whitney
1947); the unit is a group, which gives one image. Test is compared with all of train, so no sample of equal size need
be drawn.

That no synthetic image is a test image, pixel for pixel, is asked before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet
from augment.data.split.pool import SetType, join
from augment.measure.metrics import Features, Float, leave_one_out_nearest, nearest

MAX_P_VALUE = 0.001  # one false alarm in a thousand audits at most; every repeat makes two
MIN_NEARER_SHARE = 0.6  # share of the comparisons that test must win: less is no copying
MIN_AUDIT_GROUPS = 20  # groups on either side; with fewer nothing is measured
AUDIT_COLUMNS = ("seed", "control", "test", "others", "nearer", "p", "note")


def check_no_test_image(synthetic: Mapping[str, NDArray[np.uint8]], test: ImageSet) -> None:
    """Raises `DataError` when a synthetic image equals a test image, pixel for pixel, from 16 px up."""
    if min(test.images.shape[2:]) < CHANCE_BELOW_PX:
        return
    known = {image.tobytes(): source for image, source in zip(test.images, test.sources, strict=True)}
    for label, images in synthetic.items():
        for index, image in enumerate(images):
            if image.tobytes() in known:
                raise DataError(
                    f"leak: synthetic image {index} of class {label!r} equals the test image "
                    f"{known[image.tobytes()]}. The GAN has seen test images: look for copies of them in the "
                    "training folder (`augment check`), move data/prepared and models away, then run `dvc repro`."
                )


@dataclass(frozen=True)
class RealOfClass:
    """Of one class, one image of each group: features (n, D), distance of each to its nearest other, and its split."""

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
        return self.p is not None and self.p <= MAX_P_VALUE and (self.nearer or 0) >= MIN_NEARER_SHARE


def real_of_classes(sides: Mapping[str, SetType], embed: Callable[[SetType], Features]) -> dict[str, RealOfClass]:
    """What synthetic images are compared with, by label; sides: train, val and test; embed: features (n, D) of a
    set."""
    by_label = {}
    for label in sides["train"].classes:
        by_side = {side: _one_of_each_group(images.of_class(label)) for side, images in sides.items()}
        features = embed(join(*by_side.values()))
        side = np.repeat(list(by_side), [len(images) for images in by_side.values()])
        if len(features) > 1:
            by_label[label] = RealOfClass(features, leave_one_out_nearest(features)[1], side)
    return by_label


def nearness_rows(samples: Mapping[str, Features], reals: Mapping[str, RealOfClass], seed: int) -> list[Nearness]:
    """Test against train, and test against val. samples: label -> features (N, D), before any selection."""
    distances = {
        label: nearest(real.features, samples[label])[1] / np.maximum(real.distance, 1e-12)
        for label, real in reals.items()
        if len(samples.get(label, ()))
    }
    return [_rank_test([(distances[label], reals[label].side) for label in distances], name, seed)
            for name in ("train", "val")]  # fmt: skip


def require_no_leak(rows: Iterable[Nearness]) -> None:
    """Raises `DataError` when synthetic images lie nearer to test than chance explains."""
    for row in rows:
        if row.leak:
            raise DataError(
                f"leak: the synthetic images of seed {row.seed} lie nearer to test images than to images of "
                f"{row.control} in {100 * (row.nearer or 0):.0f} % of comparisons (chance: 50 %, p = {row.p:.1g}). The "
                "GANs have seen test images or near copies of them: look for those with `augment check`, name their "
                "groups in meta.csv, move data/prepared and models away, then run `dvc repro`."
            )


def _one_of_each_group(images: SetType) -> SetType:
    return images.take(np.sort(np.unique(images.groups, return_index=True)[1]))


def _rank_test(classes: Sequence[tuple[Float, NDArray[Any]]], control: str, seed: int) -> Nearness:
    """The stratified rank test of van Elteren 1960: each class ranks its own images, and its test images win so many
    pairs as they would by chance, whose spread is that of drawing them from the class's ranks (ties included).

    classes: relative distances (n,) and sides (n,) of each.
    """
    from scipy.stats import norm, rankdata  # noqa: PLC0415  (the page reads what was found, and never pays)

    counts, sums = np.zeros(2, dtype=int), np.zeros(4)
    steps: list[float] = []
    for distance, side in classes:
        of_pair = np.isin(side, ("test", control))
        ranks, is_test = rankdata(distance[of_pair]), side[of_pair] == "test"
        total, tested = len(ranks), int(is_test.sum())
        if tested in (0, total):
            continue
        others, weight = total - tested, 1 / (total + 1)
        lost = ranks[is_test].sum() - tested * (tested + 1) / 2  # pairs in which the test image is the farther one
        counts += (tested, others)
        pairs = tested * others
        sums += (weight * lost, weight * pairs, weight * pairs / 2, weight**2 * pairs / total * ranks.var(ddof=1))
        steps.append(weight)
    tested, others = counts.tolist()
    if min(tested, others) < MIN_AUDIT_GROUPS:
        note = f"not measured: at least {MIN_AUDIT_GROUPS} groups on either side are needed"
        return Nearness(seed, control, tested, others, None, None, note)
    all_lost, all_pairs, by_chance, variance = sums.tolist()
    z = (all_lost - by_chance + min(steps) / 2) / np.sqrt(variance) if variance > 0 else 0.0
    return Nearness(seed, control, tested, others, 1 - all_lost / all_pairs, float(norm.cdf(z)), "")
