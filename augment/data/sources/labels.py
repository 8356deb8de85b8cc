"""What the labels of a set must be, wherever they were read."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection

from augment.core.labels import label_faults
from augment.data.entries import Blocker
from augment.data.sources.disk import is_plain, shown

# Letters that show nothing, beside those of category Cf (Unicode's Default_Ignorable_Code_Point).
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_EMPTY_BRAILLE = "\u2800"  # a letter that is a blank to see


def label_blockers(where: str, labels: Collection[str]) -> list[Blocker]:
    """Fewer than two labels, labels that cannot be written or seen, and labels that cannot be told apart.

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
    visible = "".join(letter for letter in folded if unicodedata.category(letter) != "Cf")
    return " ".join(_UNSEEN.sub("", visible).replace(_EMPTY_BRAILLE, " ").split())
