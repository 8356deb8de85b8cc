"""What the sizes of a set tell a person: images that lie and images that stand, long ones, one far larger than the
rest; and which `ingest.fit` suits them."""

from collections.abc import Mapping, Sequence
from statistics import median_low

from augment.core.progress import counted
from augment.data.decoding.decode import Fit
from augment.data.entries import Entry
from augment.data.sources.disk import shown

Size = tuple[int, int]

OTHER_ASPECT = 1.1  # times an aspect, from which another one is
MIN_OTHER_SHARE = 0.05  # of the images, from which a set has several aspects
LONG = 5.0  # times as long as wide
FAR_LARGER = 4.0  # times the median shorter side
MAX_ODD_SHARE = 0.05  # of the images: more of them are no exception


def shape_notes(entries: Sequence[Entry], fit: Fit) -> list[str]:
    """Notes on usable images whose shape is not that of the others."""
    images = [(entry.path, entry.size) for entry in entries if entry.usable and entry.size]
    return [*_orientation_note([size for _, size in images], fit), *_long_note(images), *_large_note(images)]


def suggested_fit(sizes: Mapping[Size, int], size: Size) -> tuple[Fit, str]:
    """The fit for images as stored (size -> images) that become `size`, and why."""
    total, aspect = sum(sizes.values()), size[0] / size[1]
    other = sum(number for (h, w), number in sizes.items() if _differ(h / w, aspect)) / total
    if other <= MIN_OTHER_SHARE:
        return "stretch", f"{1 - other:.0%} of the images have the aspect of the working size"
    return "crop", f"{other:.0%} of the images have another aspect; `pad` where what counts may lie at an edge"


def _differ(aspect: float, other: float) -> bool:
    return max(aspect, other) > OTHER_ASPECT * min(aspect, other)


def _orientation_note(sizes: Sequence[Size], fit: Fit) -> list[str]:
    stand = sum(height > OTHER_ASPECT * width for height, width in sizes)
    lie = sum(width > OTHER_ASPECT * height for height, width in sizes)
    if min(stand, lie) <= MIN_OTHER_SHARE * len(sizes):
        return []
    what = {"stretch": "stretched", "crop": "cropped to their middle", "pad": "padded"}[fit]
    return [
        f"mixed_orientations: {stand} images stand, {lie} lie; those of another aspect are {what} (ingest.fit: {fit}); "
        "where things have one way up, turn the images alike"
    ]


def _long_note(images: Sequence[tuple[str, Size]]) -> list[str]:
    long = [(path, size) for path, size in images if max(size) > LONG * min(size)]
    if not 0 < len(long) <= max(1, MAX_ODD_SHARE * len(images)):
        return []
    path, size = max(long, key=lambda one: (max(one[1]) / min(one[1]), one[0]))
    return [
        f"long_images: {counted(len(long), 'image')} over {LONG:.0f} times as long as wide, for example {shown(path)} "
        f"({size[0]}x{size[1]}): little of it is left at the others' size; cut it to what matters, or leave it out"
    ]


def _large_note(images: Sequence[tuple[str, Size]]) -> list[str]:
    usual = median_low([min(size) for _, size in images]) if images else 0
    large = [(path, size) for path, size in images if min(size) >= FAR_LARGER * usual]
    if not 0 < len(large) <= max(1, MAX_ODD_SHARE * len(images)):
        return []
    path, size = max(large, key=lambda one: (min(one[1]), one[0]))
    return [
        f"far_larger: {counted(len(large), 'image')} far larger than the others, for example {shown(path)} "
        f"({size[0]}x{size[1]}, and {usual} px is usual); see that it shows the same thing at the same scale"
    ]
