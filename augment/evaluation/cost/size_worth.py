"""What the size of images is worth to classifiers, measured by a frozen backbone before anything trains.

It is shown the same images at half the working size, at the working size and at the judged size, each shrunk from the
largest. Test images are not looked at: a size may be chosen by this.
"""

from collections.abc import Mapping, Sequence
from itertools import islice, zip_longest
from typing import cast

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.progress import say
from augment.core.seeds import derive_seed, numpy_rng
from augment.data.cleaning import read_again
from augment.data.decoding.depth import scale_of
from augment.data.decoding.fitting import Fit, fitted
from augment.data.entries import MIN_SIDE_PX, Entry
from augment.data.findings import Findings, size_text
from augment.data.imageset import UInt8
from augment.data.sizes import Size, judged_size
from augment.data.split.groups import group_folds
from augment.evaluation.arms.probe import STRENGTHS, balanced_weights
from augment.evaluation.statistics.bootstrap import balanced_accuracy, resample
from augment.measure.backbone.backbone import Chosen, features, is_available, load_backbone
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params import Params

MAX_IMAGES, MIN_CLASS_IMAGES = 600, 10
FOLDS, REPETITIONS, DRAWS = 5, 2, 1000
CONFIDENCE = 0.95
Int = NDArray[np.int64]
Right = NDArray[np.float64]


def size_worth_lines(findings: Findings, params: Params) -> list[str]:
    """One line; none without a backbone, where images are no larger than GANs see them, or where some class has fewer
    than ten images, or five groups, beside the test's.

    findings: of images in files, split, at the working size. Raises `ParamsError` for a backbone that cannot be loaded.
    """
    _, height, width = findings.shape
    most, images = params.evaluate.backbone_side, chosen_images(findings.usable)
    judged = judged_size(findings.sizes, (height, width), most)
    if judged == (height, width) or not images or not is_available(params.evaluate.backbone):
        return []
    say(f"looking at {len(images)} images at three sizes ...")
    ingest = params.ingest.model_copy(update={"color": "grey" if findings.channels == 1 else "rgb"})
    now = read_again(images, ingest, judged, scale_of(entry.deep for entry in findings.usable))
    there = [new for new, old in zip(now, images, strict=True) if new.pixels is not None and new.sha256 == old.sha256]
    large = [np.broadcast_to(cast(UInt8, entry.pixels), (*judged, findings.channels)) for entry in there]
    targets = np.unique([entry.label for entry in there], return_inverse=True)[1]
    groups = np.array([entry.group or entry.path for entry in there])
    half = max(MIN_SIDE_PX, round(height / 2)), max(MIN_SIDE_PX, round(width / 2))
    sizes = (half, (height, width), judged)

    def right_at(size: Size) -> Right:
        return recognised(_at(large, size, ingest.fit, ingest.background), targets, groups, params.evaluate.backbone)

    right = dict(zip(sizes, Engine("serial").gather(right_at, sizes), strict=True))  # in one thread, as all else
    return [worth_line(right, targets, groups)]


def chosen_images(images: Sequence[Entry]) -> list[Entry]:
    """At most 600 files outside the test side, of every class alike as far as they go; by hashes, so that no order
    matters. None where a class has fewer than ten, or than five groups."""
    by_class: dict[str, list[Entry]] = {label: [] for label in sorted({entry.label for entry in images})}
    for entry in sorted(images, key=lambda one: (derive_seed(0, one.path), one.path)):
        if entry.split != "test" and entry.location is not None:
            by_class[entry.label].append(entry)
    for of_class in by_class.values():
        if len(of_class) < MIN_CLASS_IMAGES or len({entry.group for entry in of_class}) < FOLDS:
            return []
    dealt = (entry for turn in zip_longest(*by_class.values()) for entry in turn if entry is not None)
    return list(islice(dealt, MAX_IMAGES))


def _at(images: Sequence[NDArray[np.uint8]], size: Size, fit: Fit, background: int) -> NDArray[np.uint8]:
    """uint8 (N, C, H, W) of images (H, W, C)."""
    return np.stack([fitted(np.ascontiguousarray(image), *size, fit, background) for image in images]).transpose(
        0, 3, 1, 2
    )


def recognised(images: NDArray[np.uint8], targets: Int, groups: NDArray[np.str_], backbone: Chosen) -> Right:
    """(N,) share of the folds' repetitions in which a probe that has not seen an image's group is right about it.

    images: uint8 (N, C, H, W); targets: (N,); groups: (N,).
    """
    seen = features(load_backbone(backbone), images)
    right, strength = np.zeros(len(targets)), STRENGTHS[len(STRENGTHS) // 2]
    for repetition in range(REPETITIONS):
        for inside, outside in group_folds(targets, groups, FOLDS, repetition):
            model = fit_logistic(
                seen[inside], targets[inside], balanced_weights(targets[inside], len(inside)), strength
            )
            said = logistic_probabilities(model, seen[outside], int(targets.max()) + 1).argmax(axis=1)
            right[outside] += (said == targets[outside]) / REPETITIONS
    return right


def worth_line(right: Mapping[Size, Right], targets: Int, groups: NDArray[np.str_]) -> str:
    """Balanced accuracy at each size, and what follows; right: half, working and judged size -> (N,), as of
    `recognised`."""
    half, working, judged = right
    share = {
        size: f"{100 * balanced_accuracy(of_size, targets):.0f} % at {size_text(size)}"
        for size, of_size in right.items()
    }
    told = f"size: a frozen backbone reaches {share[half]}, {share[working]} (ingest.size), {share[judged]}"
    lost, low, high = _difference(right[judged] - right[working], targets, groups)
    if low > 0:
        follows = f"classifiers that are shown the working size lose {lost:.1f} points [{low:.1f}, {high:.1f}]"
    else:
        follows = f"what the working size costs them is within noise, {lost:+.1f} points [{low:+.1f}, {high:+.1f}]"
    _, least, _ = _difference(right[working] - right[half], targets, groups)
    return f"{told}: {follows}" + ("; half of it is no worse, within noise" if least <= 0 else "")


def _difference(better: Right, targets: Int, groups: NDArray[np.str_]) -> tuple[float, float, float]:
    """Points of balanced accuracy and the ends of their interval, by groups drawn again."""
    drawn = 100 * resample(targets, groups, DRAWS, numpy_rng("worth of a size")).draws @ better
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return 100 * float(balanced_accuracy(better, targets)), float(low), float(high)
