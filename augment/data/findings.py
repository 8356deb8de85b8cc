"""What is known of a whole set of images: its entries, what a run cannot start with, what a person should know."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low

import numpy as np

from augment.data.decoding import decode
from augment.data.decoding.formats import has_image_name
from augment.data.entries import Blocker, Entry
from augment.data.near.clusters import NearDuplicates
from augment.data.sources.disk import shown

_MIN_NOTED_IMBALANCE = 50
_MAX_SIZES_NAMED = 5
_MIN_LEVELS = 64


@dataclass(frozen=True)
class Findings:
    """Everything known of a folder or list.

    entries: one per file, or per embedded image, sorted by path; blockers: what a run cannot start with;
    notes: what a person should know; channels: 1 or 3, of all images; sizes: (height, width) as stored -> usable
    images; near: the near duplicates, which have one group; declared: usable images whose group a person gave
    """

    entries: list[Entry]
    blockers: list[Blocker]
    notes: list[str]
    channels: int
    sizes: Counter[tuple[int, int]]
    near: NearDuplicates = field(default_factory=NearDuplicates)
    declared: int = 0

    @property
    def usable(self) -> list[Entry]:
        """The images of the set."""
        return [entry for entry in self.entries if entry.usable]

    def counts(self) -> dict[str, int]:
        """Usable images of each class in which any file was found."""
        labels = sorted({entry.label for entry in self.entries if entry.label})
        usable = Counter(entry.label for entry in self.usable)
        return {label: usable[label] for label in labels}


def suggested_size(sizes: Mapping[tuple[int, int], int], limit: int) -> tuple[int, int]:
    """The median size, scaled down to at most `limit` pixels a side, its aspect kept."""
    every = [size for size, number in sizes.items() for _ in range(number)]
    height, width = median_low([h for h, _ in every]), median_low([w for _, w in every])
    scale = min(1.0, limit / max(height, width))
    return max(decode.MIN_SIDE_PX, round(height * scale)), max(decode.MIN_SIDE_PX, round(width * scale))


def count_blockers(entries: Sequence[Entry], min_per_class: int) -> list[Blocker]:
    """Classes with too few images left."""
    usable = Counter(entry.label for entry in entries if entry.usable)
    found = Counter(entry.label for entry in entries if entry.label)
    return [
        Blocker(
            label,
            "too_few",
            f"{usable[label]} usable of {number} files, at least {min_per_class} are needed (ingest.min_per_class); "
            "add images, mend the quarantined ones, or leave this class out",
        )
        for label, number in sorted(found.items())
        if usable[label] < min_per_class
    ]


def size_blockers(root: Path, sizes: Counter[tuple[int, int]]) -> list[Blocker]:
    """Without ingest.size all images must have one size, and an allowed one."""
    if not sizes:
        return []
    example = f"set ingest.size, for example {list(suggested_size(sizes, decode.MAX_SIDE_PX))}"
    if len(sizes) > 1:
        most = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{size_text(size)} ({number})" for size, number in most[:_MAX_SIZES_NAMED])
        more = f" and {len(most) - _MAX_SIZES_NAMED} more sizes" if len(most) > _MAX_SIZES_NAMED else ""
        return [
            Blocker(shown(str(root)), "mixed_sizes", f"images of different height x width: {named}{more}; {example}")
        ]
    (only,) = sizes
    if max(only) > decode.MAX_SIDE_PX:
        message = f"images are {size_text(only)}, at most {decode.MAX_SIDE_PX} each way; {example}"
        return [Blocker(shown(str(root)), "size_range", message)]
    return []


def float_blockers(root: Path, entries: Sequence[Entry]) -> list[Blocker]:
    """A float file does not say what white is; where some stay below 1 and others do not, a guess would be wrong."""
    tops = {top: [entry.path for entry in entries if entry.usable and entry.float_top == top] for top in (1, 255)}
    if not (tops[1] and tops[255]):
        return []
    message = (
        f"{len(tops[1])} files of floats stay within 0 to 1 ({shown(tops[1][0])}), {len(tops[255])} exceed 1 "
        f"({shown(tops[255][0])}), so what is white cannot be told; save all of them on one scale, best as integers"
    )
    return [Blocker(shown(str(root)), "mixed_scales", message)]


def imbalance_note(entries: Sequence[Entry]) -> list[str]:
    counts = Counter(entry.label for entry in entries if entry.usable)
    if not counts:
        return []
    (large, most), (small, fewest) = counts.most_common()[0], counts.most_common()[-1]
    if most < _MIN_NOTED_IMBALANCE * fewest:
        return []
    return [f"imbalance: {large!r} has {most} images, {small!r} has {fewest}"]


def levels_note(entries: Sequence[Entry]) -> list[str]:
    """Deep files are scaled by the depth that they declare; a sensor that uses a part of it leaves few levels."""
    scaled = [
        entry.pixels for entry in entries if entry.usable and "scaled" in entry.codes and entry.pixels is not None
    ]
    levels = len(set().union(*(np.unique(pixels).tolist() for pixels in scaled)))
    if not scaled or levels >= _MIN_LEVELS:
        return []
    return [
        f"few_levels: {len(scaled)} files of more than 8 bits have {levels} of 256 levels once they are scaled by the "
        "depth that they declare; multiply the values of all by one factor, so that they use that depth"
    ]


def hidden_notes(entries: Sequence[Entry]) -> list[str]:
    """Folders beside the class folders that hold images and begin with a dot, as a slip of the finger makes them."""
    images_in = Counter(
        entry.path.split("/")[0]
        for entry in entries
        if entry.code == "hidden" and entry.path.startswith(".") and "/" in entry.path and has_image_name(entry.path)
    )
    return [
        f"hidden: {folder!r} begins with a dot, so its {number} image files are not read; "
        "rename the folder if it is a class"
        for folder, number in sorted(images_in.items())
    ]


def size_text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
