"""What is known of a whole set of images: its entries, what a run cannot start with, what a person should know."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from augment.data.clues.stems import Stems
from augment.data.decoding.decode import MAX_SIDE_PX
from augment.data.decoding.formats import has_image_name
from augment.data.entries import Blocker, Entry
from augment.data.near.grouping import NearDuplicates
from augment.data.sizes import suggested_size
from augment.data.sources.disk import shown
from augment.params import Ingest

_MIN_NOTED_IMBALANCE = 50  # images of the largest class for each of the smallest
_MAX_SIZES_NAMED = 5
_MIN_LEVELS = 64  # of 256, below which a person is told that scaled files use few


@dataclass(frozen=True)
class Findings:
    """Everything known of a folder or list.

    entries: one per file, or per embedded image, sorted by path; blockers: what a run cannot start with;
    notes: what a person should know; channels: 1 or 3, of all images; sizes: (height, width) as stored -> usable
    images; near: the near duplicates, which have one group; declared: usable images whose group a person gave;
    stems: what names tell of groups that nobody declared
    """

    entries: list[Entry]
    blockers: list[Blocker]
    notes: list[str]
    channels: int
    sizes: Counter[tuple[int, int]]
    near: NearDuplicates = field(default_factory=NearDuplicates)
    declared: int = 0
    stems: Stems | None = None

    @property
    def usable(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.usable]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images of a set that nothing stops."""
        height, width = next(entry.pixels.shape[:2] for entry in self.entries if entry.pixels is not None)
        return self.channels, height, width

    @property
    def is_split(self) -> bool:
        """Whether images have been assigned to the sides."""
        return any(entry.split for entry in self.entries)

    def grouped(self) -> tuple[int, int]:
        """Groups of several images, and the images in them; of a set that is split."""
        sizes = [number for number in Counter(entry.group for entry in self.usable).values() if number > 1]
        return len(sizes), sum(sizes)

    def counts(self) -> dict[str, int]:
        """Usable images of each class in which any file was found."""
        usable = _counts(self.usable)
        return {label: usable[label] for label in sorted(_counts(self.entries)) if label}


def set_blockers(ingest: Ingest, entries: Sequence[Entry], sizes: Counter[tuple[int, int]]) -> list[Blocker]:
    """What stops a run though every file is fine by itself; sizes: (height, width) as stored -> usable images."""
    usable, every = _counts(entry for entry in entries if entry.usable), _counts(entries)
    least = f"at least {ingest.min_per_class} are needed (ingest.min_per_class)"
    advice = "add images, mend the quarantined ones, or leave this class out"
    blockers = [
        Blocker(label, "too_few", f"{usable[label]} usable of {number} files, {least}; {advice}")
        for label, number in sorted(every.items())
        if label and usable[label] < ingest.min_per_class
    ]
    whole = {"mixed_scales": _mixed_scales(entries)}
    whole |= _wrong_sizes(sizes) if sizes and ingest.size is None else {}
    return blockers + [Blocker(shown(ingest.path), code, message) for code, message in whole.items() if message]


def _mixed_scales(entries: Sequence[Entry]) -> str:
    """A float file does not say what white is; where some stay below 1 and others do not, a guess would be wrong."""
    small, large = ([entry.path for entry in entries if entry.usable and entry.float_top == top] for top in (1, 255))
    if not (small and large):
        return ""
    return (
        f"{len(small)} files of floats stay within 0 to 1 ({shown(small[0])}), {len(large)} exceed 1 "
        f"({shown(large[0])}), so what is white cannot be told; save all of them on one scale, best as integers"
    )


def _wrong_sizes(sizes: Counter[tuple[int, int]]) -> dict[str, str]:
    """Without ingest.size all images must have one size, and an allowed one: code -> message."""
    example = f"set ingest.size, for example {list(suggested_size(sizes, MAX_SIDE_PX))}"
    most = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    if len(most) > 1:
        named = ", ".join(f"{size_text(size)} ({number})" for size, number in most[:_MAX_SIZES_NAMED])
        more = f" and {len(most) - _MAX_SIZES_NAMED} more sizes" if len(most) > _MAX_SIZES_NAMED else ""
        return {"mixed_sizes": f"images of different height x width: {named}{more}; {example}"}
    size = most[0][0]
    if max(size) <= MAX_SIDE_PX:
        return {}
    return {"size_range": f"images are {size_text(size)}, at most {MAX_SIDE_PX} each way; {example}"}


def notes_of(entries: Sequence[Entry]) -> list[str]:
    """What a person should know: an imbalance, few grey levels, images in hidden folders."""
    return [*_imbalance_note(entries), *_levels_note(entries), *_hidden_notes(entries)]


def _imbalance_note(entries: Sequence[Entry]) -> list[str]:
    counts = _counts(entry for entry in entries if entry.usable).most_common()
    if not counts or counts[0][1] < _MIN_NOTED_IMBALANCE * counts[-1][1]:
        return []
    (large, most), (small, fewest) = counts[0], counts[-1]
    return [f"imbalance: {large!r} has {most} images, {small!r} has {fewest}"]


def _levels_note(entries: Sequence[Entry]) -> list[str]:
    """Deep files whose values lie close together, or that one bright file makes dark, have few levels left."""
    usable = [entry for entry in entries if entry.usable and "scaled" in entry.codes]
    scaled = [entry.pixels for entry in usable if entry.pixels is not None]
    levels = len(set().union(*(np.unique(pixels).tolist() for pixels in scaled)))
    if not scaled or levels >= _MIN_LEVELS:
        return []
    return [
        f"few_levels: {len(scaled)} files of more than 8 bits have {levels} of 256 levels once they are scaled; "
        "stretch the values of all in one and the same way, so that they use their depth"
    ]


def _hidden_notes(entries: Sequence[Entry]) -> list[str]:
    """Folders beside the class folders that hold images and begin with a dot, as a slip of the finger makes them."""
    hidden = (entry.path for entry in entries if entry.code == "hidden" and has_image_name(entry.path))
    images_in = Counter(path.split("/")[0] for path in hidden if path.startswith(".") and "/" in path)
    what = "hidden: {!r} begins with a dot, so its {} image files are not read; rename the folder if it is a class"
    return [what.format(folder, number) for folder, number in sorted(images_in.items())]


def _counts(entries: Iterable[Entry]) -> Counter[str]:
    return Counter(entry.label for entry in entries)


def size_text(size: Iterable[int]) -> str:
    """`HEIGHTxWIDTH`."""
    return "x".join(map(str, size))
