"""The working size of the GANs, chosen so that a whole run ends in a stated time, for `augment init`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from augment.core.environment import resolve_device
from augment.core.errors import AugmentError
from augment.core.progress import duration, say
from augment.core.seeds import numpy_rng
from augment.data.entries import Entry
from augment.data.findings import size_text
from augment.data.sizes import SIDES, Size, suggested_size
from augment.evaluation.cost.schedule import planned_seconds, work_of
from augment.params import Params

PLANNED_MINUTES = 50.0  # of a run that is to end within an hour
SLOWER = 1.5  # times the minutes at the smallest size that a run takes, where none ends in time
GPU_SIDES = (256, 128, 96)  # tried beside the others


def choose_working_size(
    sizes: Mapping[Size, int], channels: int, images: Sequence[Entry], params: Params
) -> tuple[Size, str]:
    """The largest (height, width) with which a run is planned to take 50 minutes at most, and a line that says so.

    sizes: as stored -> images; images: usable entries, split as `ingest` would; their pixels are not looked at. Sizes
    that the settings do not allow are left out. Raises `AugmentError` where they allow none.
    """
    sides = (*GPU_SIDES, *SIDES) if resolve_device(params.compute.device) == "cuda" else SIDES
    candidates = list(dict.fromkeys(suggested_size(sizes, side) for side in sides))
    say("timing a few steps of each size ...")
    return largest_in_time(candidates, lambda size: whole_minutes((channels, *size), images, params))


def largest_in_time(candidates: Sequence[Size], minutes: Callable[[Size], float]) -> tuple[Size, str]:
    """The first of the candidates, largest first, that ends in time, and a line on it.

    minutes: asked for those alone that may, as time shrinks no faster than pixels do, and for the last. Where none ends
    in time, it is up at half as much again as the last takes. Raises what `minutes` raises of all sizes.
    """
    known: dict[Size, float] = {}
    size = _first_within(PLANNED_MINUTES, candidates, minutes, known)
    if known[size] <= PLANNED_MINUTES:
        why = f"a run is planned for {PLANNED_MINUTES:.0f} min at most, to end within the hour"
        return size, _line(size, known, why)
    size = _first_within(SLOWER * known[size], candidates, minutes, known)
    return size, _line(size, known, f"no size takes {PLANNED_MINUTES:.0f} min or less")


def _first_within(
    most: float, candidates: Sequence[Size], minutes: Callable[[Size], float], known: dict[Size, float]
) -> Size:
    """The first that takes at most so many minutes, else the last that is allowed; what is found out becomes known."""
    last: Size | None = None
    for size in candidates:
        if last and known[last] * _pixels(size) > most * _pixels(last) and size != candidates[-1]:
            continue
        try:
            known[size] = known[size] if size in known else minutes(size)
        except AugmentError:  # a network or an arm that is not for images of this size
            if last is None and size == candidates[-1]:
                raise
            continue
        last = size
        if known[size] <= most:
            break
    assert last is not None
    return last


def _pixels(size: Size) -> int:
    return size[0] * size[1]


def _line(chosen: Size, known: Mapping[Size, float], why: str) -> str:
    line = f"working size {size_text(chosen)}: {duration(known[chosen])} on free cores"
    larger = [size for size in known if _pixels(size) > _pixels(chosen)]
    if not larger:
        return f"{line}, from a few timed steps (ingest.size)"
    nearest = min(larger, key=_pixels)
    return f"{line}; {size_text(nearest)} would take {duration(known[nearest])}, and {why} (ingest.size)"


def whole_minutes(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> float:
    """Minutes of a whole run on such images, by the slowest family that val may choose: a few steps are timed.

    They are those of cores that nothing else is busy on: what happens to run beside `augment init` should not decide
    the size. shape: (C, H, W), at which noise stands for the images. Raises as `work_of` does.
    """
    channels, height, width = shape
    rng = numpy_rng("stand-ins for images")
    stand_ins = [replace(one, pixels=rng.integers(0, 256, (height, width, channels), "uint8")) for one in images]
    work = work_of(shape, stand_ins, params)
    return work.free * planned_seconds(work) / 60
