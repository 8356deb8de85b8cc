"""What the labels of a set must be, wherever they were read."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection

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
    return blockers + _clashes(labels)


def _clashes(labels: Collection[str]) -> list[Blocker]:
    """Labels that other systems, or people, take for one."""
    alike: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        alike[unicodedata.normalize("NFC", label).casefold()].append(label)
    blockers = []
    for group in (group for group in alike.values() if len(group) > 1):
        names = ", ".join(ascii(label) for label in group)
        composed = {unicodedata.normalize("NFC", label) for label in group}
        same_letters = len(composed) < len(group)
        code = "class_unicode_clash" if same_letters else "class_case_clash"
        what = "the composition of their letters" if same_letters else "upper and lower case"
        message = f"{names} differ only in {what}; merge the classes or rename one"
        blockers += [Blocker(shown(label), code, message) for label in group]
    return blockers
