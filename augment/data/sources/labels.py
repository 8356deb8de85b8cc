"""What the labels of a set must be, wherever they were read."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection

from augment.core.labels import label_faults
from augment.data.entries import Blocker
from augment.data.sources.disk import is_plain, shown


def label_blockers(where: str, labels: Collection[str]) -> list[Blocker]:
    """Fewer than two labels, labels that cannot be written, and labels that cannot be told apart.

    where: the folder or file that holds them, for people.
    """
    blockers = []
    if len(labels) == 1:
        message = f"only one class ({shown(next(iter(labels)))}); at least two classes with images are needed"
        blockers.append(Blocker(where, "one_class", message))
    for label in labels:
        if not is_plain(label):
            message = "the name is not UTF-8 or holds a line break or control character; rename the class"
            blockers.append(Blocker(shown(label), "class_bad_name", message))
    for label, code, what in label_faults([label for label in labels if is_plain(label)]):  # else found after training
        blockers.append(Blocker(shown(label), code, f"{what}; rename the class"))
    return blockers + _clashes(labels)


def _clashes(labels: Collection[str]) -> list[Blocker]:
    """Labels that other systems, or people, take for one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        alike[unicodedata.normalize("NFC", label).casefold()].append(label)
    blockers = []
    for clashing in (clashing for clashing in alike.values() if len(clashing) > 1):
        code, what = "class_case_clash", "upper and lower case"
        if len({unicodedata.normalize("NFC", label) for label in clashing}) < len(clashing):
            code, what = "class_unicode_clash", "the composition of their letters"
        names = ", ".join(map(ascii, clashing))
        message = f"{names} differ only in {what}; merge the classes or rename one"
        blockers += [Blocker(shown(label), code, message) for label in clashing]
    return blockers
