"""The ways in which people and programs name several images of one thing, as patterns for `ingest.group_pattern`."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_CHANGES = (
    "aug(?:mented|mentation)?|rot(?:ate|ated|ation)?|(?:h|v|lr|ud|horizontal|vertical)?flip(?:ped|lr|ud|tb|h|v)?|"
    "mirror(?:ed)?|crop(?:ped)?|shift(?:ed)?|trans(?:lated?|lation|posed?)|shear(?:ed)?|zoom(?:ed)?|scaled?|noise|"
    "noisy|gauss(?:ian)?|blur(?:red|ry)?|bright(?:ness|er|ened)?|dark(?:er|ened)?|contrast|gamma|hue|saturat(?:ed|ion)|"
    "jitter(?:ed)?|sharp(?:en|ened)?|elastic|affine|warp(?:ed)?|distort(?:ed|ion)?|cutout|erased?|inverted|"
    "equali[sz]ed?|clahe|newpixel|orig(?:inal)?|cop(?:y|ie|ia)|kopie|dup(?:licate)?"
)
_VIEWS = "left|right|front|back|rear|top|bottom|side|oblique|axial|coronal|sagittal|frontal|lateral|cc|mlo|rgb|nir|ir"
_OTHER_ENDS = (r"[_-]-?\d+deg(?![a-z])", r"\.rf\.[0-9a-f]{8,}")  # leaf_90deg; what Roboflow exports
_NUMBERED = re.compile(r"\(\d{1,2}\)")  # a file manager's second copy
_MAX_NUMBERED = 5
_FIRST_WORDS = re.compile(rf"(?:^|/)(?:{_CHANGES}|{_VIEWS})-?\d*[ _-]+[^/]+$", re.IGNORECASE)
_FOLDER_WORDS = re.compile(rf"(?:^|/)(?:{_CHANGES}|{_VIEWS})[ _-]?\d*/[^/]+$", re.IGNORECASE)
_HABIT = 0.5  # share of the names that follow it
_AS_ZERO = str.maketrans("123456789", "0" * 9)


@dataclass(frozen=True)
class Candidate:
    """pattern: as `ingest.group_pattern` takes it. of_copies: it cuts off what says that a file is the copy of another
    image, so that a few such names are telling; else only a habit of the whole set is. needs_base: the name without
    that ending must be there too. max_mean: images of a group on the average, above which names count something."""

    pattern: str
    of_copies: bool = False
    needs_base: bool = False
    max_mean: float = math.inf


def shape_of(path: str) -> str:
    """A path with 0 for every digit. No pattern asks which digit it is, and of shapes there are few."""
    return path.translate(_AS_ZERO)


def candidates(shapes: Counter[str]) -> Iterator[Candidate]:
    """Patterns to be tried on paths of these shapes, those of copies first."""
    yield from _copies(shapes)
    if _share(shapes, _FIRST_WORDS) > _HABIT:  # left_p017, flip_017
        words = _words(shapes, f"{_CHANGES}|{_VIEWS}")
        yield Candidate(rf"(?i)(?:^|/)(?:{words}-?\d*[ _-]+)*([^/]+)\.[^./]+$")
    if _share(shapes, _FOLDER_WORDS) > _HABIT:  # flip/017
        yield Candidate(r"([^/]+)\.[^./]+$")
    for depth in (1, 2, 3, 4):  # p017_left: so many parts from the start
        yield Candidate(rf"(?:^|/)([^/ _.-]+{r'[ _.-]+[^/ _.-]+' * (depth - 1)})[ _.-]+[^/]*\.[^./]+$")
    for cut in (1, 2):  # all but so many parts at the end
        yield Candidate(rf"([^/]+){r'[ _-]+[^/ _-]+' * cut}$")
    yield Candidate(r"([^/]*\d)[A-Za-z]{1,8}\.[^./]+$")  # p017L
    yield Candidate(r"([^/]*?[A-Za-z]\d+)[A-Za-z]+\d+\.[^./]+$")  # clip3frame17
    yield Candidate(r"([^/]+)/[^/]+$")  # p017/left
    yield Candidate(r"([^/]+)/[^/]+/[^/]+$")  # p017/monday/left


def _copies(shapes: Counter[str]) -> Iterator[Candidate]:
    """Names that end in a word for a change (`x_rot12`), in the number of a copy, or in both."""
    words = _words(shapes, _CHANGES)
    ends = [rf"[ _.-]+{words}(?![a-z])"] * bool(words)
    if words and all(re.search(rf"_{words}(?![a-z])[^/_]*$", shape, re.IGNORECASE) for shape in shapes):
        yield Candidate(r"^(.+)_[^/_]+$", of_copies=True)  # all names end so: what is easier to read
    ends += [end for end in _OTHER_ENDS if any(re.search(end, shape, re.IGNORECASE) for shape in shapes)]
    if ends:
        yield Candidate(rf"(?i)^(.+?)(?:(?:{'|'.join(ends)})[^/]*)?\.[^./]+$", of_copies=True)
    if any(map(_NUMBERED.search, shapes)):
        ends.append(r"[ _.-]*\(\d{1,2}\)")
        yield Candidate(rf"(?i)^(.+?)(?:(?:{'|'.join(ends)})[^/]*)?\.[^./]+$", of_copies=True, max_mean=_MAX_NUMBERED)
    yield Candidate(r"^(.+?)(?:[ _-]\d{1,2})?\.[^./]+$", True, needs_base=True, max_mean=_MAX_NUMBERED)  # x and x_2


def _words(shapes: Counter[str], known: str) -> str:
    """Those of the known words that stand in file names, as a part of a pattern; empty without any."""
    expression = re.compile(rf"(?<![a-z])(?:{known})(?![a-z])", re.IGNORECASE)
    found = {word.lower() for shape in shapes for word in expression.findall(shape.rpartition("/")[2])}
    return f"(?:{'|'.join(sorted(found, key=lambda word: (-len(word), word)))})" if found else ""


def _share(shapes: Counter[str], expression: re.Pattern[str]) -> float:
    return sum(number for shape, number in shapes.items() if expression.search(shape)) / shapes.total()
