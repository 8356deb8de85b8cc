"""What folders are called that hold splits, folds, masks, or a level of images."""

import re
from collections.abc import Sequence

_WORDS = {"train": "train|training", "val": "val|valid|validation|dev", "test": "test|testing"}
_SPLIT = {name: re.compile(words, re.IGNORECASE) for name, words in _WORDS.items()}
_AFFIXED = {
    name: re.compile(
        rf"(?P<before>.*[ ._-])?({words})(?P<after>[ ._-].*|\d+|(?-i:[A-Z])|set|data|images)?", re.IGNORECASE
    )
    for name, words in _WORDS.items()
}
FOLD = re.compile(r"(fold|cv|split|partition)s?[ ._-]?\d+", re.IGNORECASE)
IMAGES = frozenset({"images", "image", "img", "imgs", "jpegimages", "data"})
_MASKS = frozenset(
    {"ground_truth", "groundtruth", "gt", "mask", "masks", "segmentation", "segmentations", "segmentationclass"}
    | {"segmentationobject", "label", "labels", "annotation", "annotations"}
)


def split_of(name: str) -> str:
    """train, val or test where a folder is named like one of them, else empty."""
    return next((split for split, pattern in _SPLIT.items() if pattern.fullmatch(name)), "")


def is_mask(name: str) -> bool:
    """Whether a folder is named like those of masks or annotations."""
    return name.lower() in _MASKS


def splits_among(tops: Sequence[str]) -> dict[str, str]:
    """Folders that are named like splits -> their split: by the word alone, or beside a word that all of them have
    (`seg_train`, `seg_test`)."""
    if named := {top: split for top in tops if (split := split_of(top))}:
        return named
    found = [(top, split, pattern.fullmatch(top)) for top in tops for split, pattern in _AFFIXED.items()]
    sides = {top: split for top, split, match in found if match}
    words = {(match["before"], match["after"]) for _, _, match in found if match}
    is_meant = {"train"} < {*sides.values()} and (len(words) == 1 or len(sides) == len(tops))
    return sides if is_meant else {}
