"""What a class may be called: what every bundle can bear, asked before anything trains."""

import json
import unicodedata
from collections import Counter
from collections.abc import Collection

from augment.core.files import slug

MAX_LABEL_LENGTH = 1024  # characters
MAX_INDEX_BYTES = 2_000_000  # of models/index.json: JSON takes thirty times its size in memory when it is read
_BYTES_BESIDE_LABELS = 700  # of a class in index.json, which holds its label twice
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder the text around them


def printable(text: str) -> str:
    """The text with escapes in the place of all that a terminal would obey or not show."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def label_fault(label: str) -> tuple[str, str] | None:
    """(code, what is wrong) of a label that a bundle cannot bear, None where it can."""
    if not 0 < len(label) <= MAX_LABEL_LENGTH:
        return "class_name_length", f"names are text of 1 to {MAX_LABEL_LENGTH} characters, this one has {len(label)}"
    for character in label:
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _TURNING:
            what = "half of a pair or no UTF-8" if unicodedata.category(character) == "Cs" else "no sign to be seen"
            return "class_bad_name", f"it holds the character U+{ord(character):04X}, which is {what}"
    return None


def label_faults(labels: Collection[str]) -> list[tuple[str, str, str]]:
    """(label, code, what is wrong) of all labels that bundles cannot bear, alone or beside each other.

    Codes: class_name_length, class_bad_name, class_slug_clash (two would share a folder of models/), too_many_classes
    (index.json could not be read back).
    """
    faults = [(label, *fault) for label in labels if (fault := label_fault(label))]
    sound = [label for label in labels if label_fault(label) is None]
    folders = Counter(map(slug, sound))
    for label in sound:
        if folders[slug(label)] > 1:
            others = ", ".join(ascii(other) for other in sound if slug(other) == slug(label) and other != label)
            what = f"it would share the folder models/{slug(label)} with {others or 'its twin'}"
            faults.append((label, "class_slug_clash", what))
    size = sum(2 * len(json.dumps(label, ensure_ascii=False).encode()) + _BYTES_BESIDE_LABELS for label in sound)
    if size > MAX_INDEX_BYTES:
        what = f"{len(sound)} classes with names so long take {size} bytes of index.json, {MAX_INDEX_BYTES} can be read"
        faults.append((sound[0], "too_many_classes", what))
    return faults
