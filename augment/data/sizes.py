"""Sizes of a set: the working size of its GANs, and the judged size, at which classifiers see images.

All are (height, width) in pixels.
"""

from collections.abc import Mapping
from statistics import median_low

from augment.data.decoding.decode import MIN_SIDE_PX
from augment.params.types import BACKBONE_MAX_SIDE_PX

Size = tuple[int, int]
SIDES = (64, 48, 32, 24, 16)  # longer sides that a GAN learns on a processor, largest first
AUTO_MINUTES = 50


def suggested_size(sizes: Mapping[Size, int], limit: int) -> Size:
    """The median size, scaled down to at most `limit` pixels a side, its aspect kept.

    sizes: as stored -> images, at least one.
    """
    every = _every(sizes)
    height, width = median_low([h for h, _ in every]), median_low([w for _, w in every])
    scale = min(1.0, limit / max(height, width))
    return max(MIN_SIDE_PX, round(height * scale)), max(MIN_SIDE_PX, round(width * scale))


def auto_size(sizes: Mapping[Size, int], classes: int) -> Size:
    """What `ingest.size: auto` is, without a clock: of `SIDES` the largest with which `usual_minutes` are at most 50,
    else the smallest.

    sizes: as stored -> images, at least one.
    """
    candidates = [suggested_size(sizes, side) for side in SIDES]
    in_time = (size for size in candidates if usual_minutes(size, classes) <= AUTO_MINUTES)
    return next(in_time, candidates[-1])


def usual_minutes(size: Size, classes: int) -> float:
    """About what a run of default settings takes on two cores, within a quarter of what `augment init` forecasts there
    for 2 to 100 classes at 16 to 64 px; how many images there are hardly counts (benchmarks/LOG.md)."""
    return (36 + classes) * (320 + size[0] * size[1]) / 1600


def judged_size(sizes: Mapping[Size, int], working: Size) -> Size:
    """What classifiers on a backbone are shown, and what is delivered by default: native, as far as a backbone looks.

    The aspect of the working size; the shorter side is the set's median one, at most 224 px, and never below that of
    the working size. sizes: as stored -> images, at least one; working: of the GANs.
    """
    shorter = min(median_low([min(size) for size in _every(sizes)]), BACKBONE_MAX_SIDE_PX)
    scale = max(1.0, shorter / min(working))
    return round(working[0] * scale), round(working[1] * scale)


def _every(sizes: Mapping[Size, int]) -> list[Size]:
    return [size for size, number in sizes.items() for _ in range(number)]
