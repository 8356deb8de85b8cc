"""Sizes of a set: the working size of its GANs, and the judged size, at which classifiers see images.

All are (height, width) in pixels.
"""

from collections.abc import Mapping
from pathlib import Path
from statistics import median_low
from typing import Literal

from augment.core.errors import ArgumentError
from augment.core.files import read_json
from augment.data.entries import MIN_SIDE_PX
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


def read_sizes(prepared: Path) -> tuple[Size, Size]:
    """The working size and the originals' one size for all, as `ingest` wrote them. Raises `DataError`."""
    sizes = read_json(prepared / "sizes.json", ("working", "native"))
    working, native = ((int(height), int(width)) for height, width in (sizes["working"], sizes["native"]))
    return working, native


def native_size(sizes: Mapping[Size, int], working: Size) -> Size:
    """One size for the originals: the aspect of the working size, its shorter side the set's median one, and never
    below that of the working size.

    sizes: as stored -> images, at least one; working: of the GANs.
    """
    return _with_shorter_side(working, median_low([min(size) for size in _every(sizes)]))


def judged_size(sizes: Mapping[Size, int], working: Size, most: int = BACKBONE_MAX_SIDE_PX) -> Size:
    """What classifiers on a backbone are shown, and what is delivered by default: native, as far as a backbone looks.

    sizes, working: as `native_size` has them; most: the largest shorter side that the backbone is shown, pixels.
    """
    return capped(native_size(sizes, working), working, most)


def capped(native: Size, working: Size, most: int) -> Size:
    """`native`, its shorter side at most so many pixels, and never below the working size."""
    return native if min(native) <= most else _with_shorter_side(working, most)


def delivered_size(
    chosen: Literal["auto", "working", "native"] | int | tuple[int, int], native: Size, working: Size, most: int
) -> Size:
    """The one size that `assemble.size` stands for; of `native`, that at which classifiers see images."""
    if isinstance(chosen, int):
        return chosen, chosen
    if isinstance(chosen, tuple):
        return chosen
    return working if chosen == "working" else capped(native, working, most)


def larger_size(chosen: int | Size, working: Size) -> Size:
    """What a caller asks for: a number is the shorter side, with the aspect of the working size.

    Raises `ArgumentError` below the working size.
    """
    height, width = working
    pair = (chosen, chosen) if isinstance(chosen, int) else chosen
    least, named = (working, working) if isinstance(chosen, tuple) else ((min(working),) * 2, min(working))
    if pair[0] < least[0] or pair[1] < least[1]:
        raise ArgumentError(f"size={chosen} is below {height} x {width}, at which GANs work: name at least {named}")
    return _with_shorter_side(working, chosen) if isinstance(chosen, int) else chosen


def same_aspect(size: Size, other: Size) -> bool:
    """Whether one factor brings the second size to the first, each side rounded to whole pixels."""
    (high, wide), (height, width) = size, other
    return 2 * abs(high * width - wide * height) <= height + width


def _with_shorter_side(working: Size, side: int) -> Size:
    scale = max(1.0, side / min(working))
    return round(working[0] * scale), round(working[1] * scale)


def _every(sizes: Mapping[Size, int]) -> list[Size]:
    return [size for size, number in sizes.items() for _ in range(number)]
