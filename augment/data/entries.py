"""What was found on disk and what became of it: one entry per file, one blocker per obstacle."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Outcome = Literal["ok", "fixed", "quarantined", "ignored", "stop"]
OUTCOMES: tuple[Outcome, ...] = ("ok", "fixed", "quarantined", "ignored", "stop")

DEDUP = "dedup"
MIN_SIDE_PX = 2  # of an image that is used
SPLITS = ("train", "val", "test")
# Of equal images the one in test stays: a verdict must rest on all the test images declared.
KEEP_FIRST = {"test": 0, "val": 1, "train": 2, "": 3}


class Facts(NamedTuple):
    """kind: its file type; mode: Pillow's word for how it stores colour; bits: of a value; quality: the mean step of a
    JPEG's brightness, 0 for others; metadata: which kinds it carries."""

    kind: str
    mode: str
    bits: int
    quality: int
    metadata: str


class Deep(NamedTuple):
    """What one file of deep integers is like.

    top: what its stored depth holds; said: bits that it says it uses, 0 without a word; settled: whether it is scaled
    by `top` whatever the set is like; peak: its largest value; constant: whether it has no other; flat: whether `top`
    leaves one of several
    """

    top: int
    said: int = 0
    settled: bool = False
    peak: int = 0
    constant: bool = False
    flat: bool = False


@dataclass
class Entry:
    """One file found, or one embedded image; the cleaning steps fill it in from top to bottom.

    pixels: uint8 (H, W, C), C = 1 where all channels are equal; None when the file is not used,
            or is larger than any image that the project takes
    size: (height, width) as stored in the file; channels: 1 or 3, as stored in the file
    float_top: what floats were taken to reach at most, 1 or 255; None for a file of integers
    deep: what a file of more than 8 bits is like; None for any other; facts: how the file is stored
    grey: whether the image, as it will be used, has no colour
    digest: hex SHA-256 of `pixels` with their shape; equal digests are equal images
    declared_split: the split that the person declared, or empty; description: what it is said to be, or empty
    """

    path: str
    label: str = ""
    location: str | None = None
    outcome: Outcome = "ok"
    codes: list[str] = field(default_factory=list)
    detail: str = ""
    sha256: str = ""
    pixels: NDArray[np.uint8] | None = None
    size: tuple[int, int] | None = None
    channels: int = 0
    float_top: int | None = None
    deep: Deep | None = None
    facts: Facts | None = None
    grey: bool = True
    digest: str = ""
    group: str = ""
    declared_split: str = ""
    description: str = ""
    split: str = ""
    index: int | None = None

    def fix(self, code: str, detail: str = "") -> None:
        """The file is used, but not as it stands."""
        self.outcome = "fixed"
        self.codes.append(code)
        self.detail = "; ".join(filter(None, (self.detail, detail)))

    def reject(self, outcome: Outcome, code: str, detail: str) -> None:
        """The file is not used (`quarantined`, `ignored`) or ends the run (`stop`)."""
        self.outcome, self.codes, self.detail, self.pixels = outcome, [code], detail, None

    @property
    def code(self) -> str:
        """All codes in one word, joined with `+`; empty for ok."""
        return "+".join(self.codes)

    @property
    def readable(self) -> bool:
        """An image was decoded from it."""
        return self.outcome in ("ok", "fixed") and self.size is not None

    @property
    def usable(self) -> bool:
        """It is an image of the set: readable, and not the copy of one."""
        return self.readable and DEDUP not in self.codes


@dataclass(frozen=True)
class Blocker:
    """Why a run cannot start: where, a code, and what to do about it."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.code}: {self.message}"
