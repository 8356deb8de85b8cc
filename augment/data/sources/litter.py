"""What programs leave beside the images of a class: halves of downloads, notes on the image beside them, its mask."""

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from posixpath import basename, splitext

from augment.data.decoding import formats
from augment.data.entries import Entry

_PARTIAL = (".part", ".partial", ".crdownload", ".download", ".filepart", ".opdownload", ".tmp", ".temp", ".!ut")
_SIDECARS = (".xmp", ".json", ".xml", ".txt", ".aae", ".pp3", ".dop", ".yaml", ".yml", ".cos")
_LEFT = (".lrprev", ".lrcat", ".swp")
_MASK = re.compile(r"(.+?)[ _.-]+(mask|masks|gt|groundtruth|ground_truth|segmentation)([ _-]?\d+)?", re.I | re.S)


def set_litter_aside(entries: Sequence[Entry]) -> None:
    """Files of a class that nobody takes for images are ignored; what may be one, half downloaded, is quarantined."""
    suspects = [entry for entry in entries if not formats.is_decoded_name(entry.path)]
    images = {
        name for entry in entries if suspects and formats.has_image_name(entry.path) for name in _names(entry.path)
    }
    for entry in suspects:
        suffix = splitext(entry.path)[1].lower()
        if entry.outcome not in ("ok", "fixed") or "/" not in entry.path:
            continue
        if suffix in _PARTIAL:
            _judge_partial(entry, suffix)
        elif suffix in _LEFT or basename(entry.path).startswith("~$"):
            entry.reject("ignored", "hidden", "a program left it behind")
        elif suffix in _SIDECARS and splitext(entry.path)[0] in images and not _starts_as_image(entry):
            entry.reject("ignored", "sidecar", "notes on the image beside it, which are not read")


def set_masks_aside(entries: Sequence[Entry]) -> None:
    """x_mask.png beside x.png is a drawing over it and no image of the class: it is ignored."""
    images = [entry for entry in entries if entry.outcome in ("ok", "fixed") and formats.has_image_name(entry.path)]
    stems = [splitext(entry.path)[0] for entry in images]
    known = set(stems)
    for entry, stem in zip(images, stems, strict=True):
        mask = _MASK.fullmatch(stem)
        if mask and mask[1] in known:
            entry.reject("ignored", "mask", "named as a mask of the image beside it; if it is an image, rename it")


def _names(path: str) -> tuple[str, str]:
    """What notes on an image are called, their own suffix aside: x.xmp or x.jpg.xmp, of x.jpg."""
    return path, splitext(path)[0]


def _judge_partial(entry: Entry, suffix: str) -> None:
    if formats.has_image_name(splitext(entry.path)[0]) or _starts_as_image(entry):
        detail = f"a download that did not end ({suffix}); finish it, or delete it"
        entry.reject("quarantined", "partial", detail)
    else:
        entry.reject("ignored", "hidden", "a temporary file")


def _starts_as_image(entry: Entry) -> bool:
    with contextlib.suppress(OSError):
        if entry.location is not None and (file := Path(entry.location)).is_file():
            with file.open("rb") as stream:
                return formats.has_image_start(stream.read(64))
    return False
