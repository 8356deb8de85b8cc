"""From a folder to clean entries: decode, bring to one shape, find copies, say what stops a run."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from typing import Literal

import numpy as np

from augment.core.files import sha256
from augment.data import duplicates
from augment.data.decoding import decode
from augment.data.decoding.formats import has_image_name
from augment.data.entries import Blocker, Entry
from augment.data.near import clusters
from augment.data.near.clusters import NearDuplicates
from augment.data.sources import folder as sources
from augment.data.sources import idx, images_csv, meta
from augment.data.sources.built_in import slanted
from augment.data.sources.disk import Rejected, shown
from augment.data.split import groups

Size = int | tuple[int, int] | None
Color = Literal["auto", "grey", "rgb"]
Source = Literal["folder", "idx", "list"]

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


def examine(
    root: Path,
    *,
    source: Source = "folder",
    group_pattern: str | None = None,
    size: Size,
    color: Color,
    background: int,
    conflicts: Literal["drop", "stop"],
    near_duplicates: Literal["group", "off"],
    min_per_class: int,
    max_file_mb: int,
    max_pixels: int,
) -> Findings:
    """Look at every image of `root`; the values are those of `ingest` in params.yaml. Writes nothing.

    Files are judged one by one and never raise; what ends a run is collected in `blockers`.
    """
    entries, blockers = _find_entries(root, source, max_file_mb)
    pattern_notes = groups.by_pattern(entries, group_pattern, blockers) if group_pattern else []
    for entry in entries:
        if entry.outcome in ("ok", "fixed"):
            if entry.pixels is None:
                _read(entry, background, max_file_mb, max_pixels)
            if entry.pixels is not None:
                _shape(entry, size, color)
    blockers += duplicates.mark(entries, conflicts)
    declared = sum(entry.usable and bool(entry.group) for entry in entries)
    near, too_large = clusters.group_near_duplicates(entries) if near_duplicates == "group" else (NearDuplicates(), [])
    blockers += too_large
    blockers += _count_blockers(entries, min_per_class)
    blockers += _float_blockers(root, entries)
    sizes = Counter(entry.size for entry in entries if entry.usable and entry.size)
    if size is None:
        blockers += _size_blockers(root, sizes)
    notes = pattern_notes + near.notes() + _imbalance_note(entries) + _levels_note(entries) + _hidden_notes(entries)
    channels, note = unify_channels(entries, color)
    return Findings(entries, blockers, notes + note, channels, sizes, near, declared)


def examine_built_in(name: Literal["digits", "slanted"], size: Size, color: Color) -> Findings:
    """A built-in set as entries. Equal images stay, but share a group, so no split can separate them."""
    pixels, labels = sources.digits() if name == "digits" else slanted()
    entries = []
    first: dict[str, str] = {}  # digest -> path of the first image that has it
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        entry = Entry(f"{name}/{number:04d}", label, sha256=sha256(image.tobytes()), channels=1)
        entry.pixels, entry.size = image.transpose(1, 2, 0), (image.shape[1], image.shape[2])
        _shape(entry, size, color)
        entry.group = first.setdefault(entry.digest, entry.path)
        entries.append(entry)
    sizes = Counter(entry.size for entry in entries if entry.size)
    channels, _ = unify_channels(entries, color)
    return Findings(entries, [], [], channels, sizes)


def suggested_size(sizes: Mapping[tuple[int, int], int], limit: int) -> tuple[int, int]:
    """The median size, scaled down to at most `limit` pixels a side, its aspect kept."""
    every = [size for size, number in sizes.items() for _ in range(number)]
    height, width = median_low([h for h, _ in every]), median_low([w for _, w in every])
    scale = min(1.0, limit / max(height, width))
    return max(decode.MIN_SIDE_PX, round(height * scale)), max(decode.MIN_SIDE_PX, round(width * scale))


def unify_channels(entries: Sequence[Entry], color: Color) -> tuple[int, list[str]]:
    """The channels of the set, 1 when every image is grey or is to be; files that differ are fixed."""
    usable = [entry for entry in entries if entry.usable]
    stored = Counter(entry.channels for entry in usable)
    grey = color == "grey" or (color == "auto" and all(entry.grey for entry in usable))
    channels = 1 if grey else 3
    for entry in usable:
        code = "to_grey" if grey else "to_rgb"
        if entry.channels != channels and code not in entry.codes:
            entry.fix(code)
    if len(stored) < 2:
        return channels, []
    return channels, [
        f"mixed_modes: {stored[1]} grey and {stored[3]} colour files; all become {'grey' if grey else 'RGB'}"
    ]


def _find_entries(root: Path, source: Source, max_file_mb: int) -> tuple[list[Entry], list[Blocker]]:
    """Entries sorted by path; those of IDX are decoded already."""
    match source:
        case "folder":
            entries, blockers = sources.folder(root)
        case "idx":
            entries, blockers = idx.read_idx(root, max_file_mb)
        case "list":
            entries, blockers = images_csv.listing(root)
    entries.sort(key=lambda entry: entry.path)
    if source == "folder":
        blockers += meta.apply(root, entries)
    for entry in entries:  # a Mac decomposes letters, which nobody can see or type
        entry.label = unicodedata.normalize("NFC", entry.label)
    return entries, blockers


def _read(entry: Entry, background: int, max_file_mb: int, max_pixels: int) -> None:
    """Decode one file into its entry, or quarantine it."""
    try:
        content = sources.read_entry(entry, max_file_mb)
        entry.sha256 = sha256(content)
        decoded = decode.decode(content, entry.path, background=background, max_pixels=max_pixels)
    except Rejected as rejected:
        entry.reject("quarantined", rejected.code, rejected.detail)
        return
    for code in decoded.fixes:
        entry.fix(code)
    entry.pixels, entry.channels, entry.float_top = decoded.pixels, decoded.channels, decoded.float_top
    entry.size = (decoded.pixels.shape[0], decoded.pixels.shape[1])


def _shape(entry: Entry, size: Size, color: Color) -> None:
    """Colour and size of one image, and the digest by which copies are found."""
    assert entry.pixels is not None
    pixels = decode.to_grey(entry.pixels) if color == "grey" else entry.pixels
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        if pixels.shape[:2] != (height, width):
            entry.fix("resized", f"from {_text(entry.size or (0, 0))}")
            pixels = decode.collapse(decode.resize(pixels, height, width))
    entry.grey = pixels.shape[2] == 1
    entry.digest = sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes())
    # Without ingest.size an image this large ends the run anyway: keep its size, not its pixels.
    entry.pixels = pixels if max(pixels.shape) <= decode.MAX_SIDE_PX else None


def _count_blockers(entries: Sequence[Entry], min_per_class: int) -> list[Blocker]:
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


def _size_blockers(root: Path, sizes: Counter[tuple[int, int]]) -> list[Blocker]:
    """Without ingest.size all images must have one size, and an allowed one."""
    if not sizes:
        return []
    example = f"set ingest.size, for example {list(suggested_size(sizes, decode.MAX_SIDE_PX))}"
    if len(sizes) > 1:
        most = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{_text(size)} ({number})" for size, number in most[:_MAX_SIZES_NAMED])
        more = f" and {len(most) - _MAX_SIZES_NAMED} more sizes" if len(most) > _MAX_SIZES_NAMED else ""
        return [
            Blocker(shown(str(root)), "mixed_sizes", f"images of different height x width: {named}{more}; {example}")
        ]
    (only,) = sizes
    if max(only) > decode.MAX_SIDE_PX:
        message = f"images are {_text(only)}, at most {decode.MAX_SIDE_PX} each way; {example}"
        return [Blocker(shown(str(root)), "size_range", message)]
    return []


def _float_blockers(root: Path, entries: Sequence[Entry]) -> list[Blocker]:
    """A float file does not say what white is; where some stay below 1 and others do not, a guess would be wrong."""
    tops = {top: [entry.path for entry in entries if entry.usable and entry.float_top == top] for top in (1, 255)}
    if not (tops[1] and tops[255]):
        return []
    message = (
        f"{len(tops[1])} files of floats stay within 0 to 1 ({shown(tops[1][0])}), {len(tops[255])} exceed 1 "
        f"({shown(tops[255][0])}), so what is white cannot be told; save all of them on one scale, best as integers"
    )
    return [Blocker(shown(str(root)), "mixed_scales", message)]


def _imbalance_note(entries: Sequence[Entry]) -> list[str]:
    counts = Counter(entry.label for entry in entries if entry.usable)
    if not counts:
        return []
    (large, most), (small, fewest) = counts.most_common()[0], counts.most_common()[-1]
    if most < _MIN_NOTED_IMBALANCE * fewest:
        return []
    return [f"imbalance: {large!r} has {most} images, {small!r} has {fewest}"]


def _levels_note(entries: Sequence[Entry]) -> list[str]:
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


def _hidden_notes(entries: Sequence[Entry]) -> list[str]:
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


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
