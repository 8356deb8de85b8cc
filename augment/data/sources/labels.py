"""What the labels of a set must be, wherever they were read: told apart by people, and what every bundle can bear."""

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection

from augment.core.files import slug
from augment.core.words import CONTROL, EMPTY_BRAILLE, is_seen
from augment.data.entries import Blocker
from augment.data.sources.disk import is_plain, shown

MAX_LABEL_LENGTH = 1024  # characters
MAX_INDEX_BYTES = 2_000_000  # of models/index.json: JSON takes thirty times its size in memory when it is read
_BYTES_BESIDE_LABELS = 700  # of a class in index.json, which holds its label twice
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder the text around them


def label_blockers(where: str, labels: Collection[str]) -> list[Blocker]:
    """Fewer than two labels, labels that cannot be written or seen, and labels that cannot be told apart.

    where: the folder or file that holds them, for people.
    """
    blockers = []
    if len(labels) == 1:
        message = f"only one class ({shown(next(iter(labels)))}); at least two classes are needed"
        blockers.append(Blocker(where, "one_class", message))
    for label in labels:
        if not is_plain(label):
            message = "the name is not UTF-8 or holds a line break or control character; rename the class"
            blockers.append(Blocker(shown(label), "class_bad_name", message))
        elif not as_seen(label):
            message = "the name holds nothing that can be seen; rename the class"
            blockers.append(Blocker(ascii(label), "class_bad_name", message))
    for label, code, what in label_faults([label for label in labels if is_plain(label)]):  # else found after training
        blockers.append(Blocker(shown(label), code, f"{what}; rename the class"))
    return blockers + _clashes(labels)


def _clashes(labels: Collection[str]) -> list[Blocker]:
    """Labels that other systems, or people, take for one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        alike[as_seen(label)].append(label)
    blockers = []
    for clashing in (clashing for clashing in alike.values() if len(clashing) > 1):
        composed = [unicodedata.normalize("NFC", label) for label in clashing]
        code, what = "class_blank_clash", "blanks, letters that cannot be seen, or the width of letters"
        if len(set(composed)) < len(clashing):
            code, what = "class_unicode_clash", "the composition of their letters"
        elif len({label.casefold() for label in composed}) == 1:
            code, what = "class_case_clash", "upper and lower case"
        names = ", ".join(map(ascii, clashing))
        message = f"{names} differ only in {what}; merge the classes or rename one"
        blockers += [Blocker(shown(label), code, message) for label in clashing]
    return blockers


def as_seen(label: str) -> str:
    """A label without what people do not see: case, width, blanks but for one between words, invisible letters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold())
    return " ".join("".join(filter(is_seen, folded.replace(EMPTY_BRAILLE, " "))).split())


def label_fault(label: str) -> tuple[str, str] | None:
    """(code, what is wrong) of a label that a bundle cannot bear, None where it can."""
    if not 0 < len(label) <= MAX_LABEL_LENGTH:
        return "class_name_length", f"names are text of 1 to {MAX_LABEL_LENGTH} characters, this one has {len(label)}"
    for character in label:
        if unicodedata.category(character) in CONTROL or character in _TURNING:
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
