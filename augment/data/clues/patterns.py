"""The ways in which people and programs name several images of one thing, as patterns for `ingest.group_pattern`."""

import math
import re
from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Candidate:
    """pattern: as `ingest.group_pattern` takes it. of_copies: it cuts off what says that a file is the copy of another
    image, so that a few such names are telling; else only a habit of the whole set is. needs_base: the name without
    that ending must be there too. max_mean: images of a group on the average, above which names count something."""

    pattern: str
    of_copies: bool = False
    needs_base: bool = False
    max_mean: float = math.inf


def candidates(paths: Sequence[str]) -> Iterator[Candidate]:
    """Patterns to be tried on these paths, those of copies first."""
    yield from _copies(paths)
    if _share(paths, _FIRST_WORDS) > _HABIT:  # left_p017, flip_017
        words = _words(paths, f"{_CHANGES}|{_VIEWS}")
        yield Candidate(rf"(?i)(?:^|/)(?:{words}-?\d*[ _-]+)*([^/]+)\.[^./]+$")
    if _share(paths, _FOLDER_WORDS) > _HABIT:  # flip/017
        yield Candidate(r"([^/]+)\.[^./]+$")
    for depth in (1, 2, 3, 4):  # p017_left: so many parts from the start
        yield Candidate(rf"(?:^|/)([^/ _.-]+{r'[ _.-]+[^/ _.-]+' * (depth - 1)})[ _.-]+[^/]*\.[^./]+$")
    for cut in (1, 2):  # all but so many parts at the end
        yield Candidate(rf"([^/]+){r'[ _-]+[^/ _-]+' * cut}$")
    yield Candidate(r"([^/]*\d)[A-Za-z]{1,8}\.[^./]+$")  # p017L
    yield Candidate(r"([^/]*?[A-Za-z]\d+)[A-Za-z]+\d+\.[^./]+$")  # clip3frame17
    yield Candidate(r"([^/]+)/[^/]+$")  # p017/left
    yield Candidate(r"([^/]+)/[^/]+/[^/]+$")  # p017/monday/left


def _copies(paths: Sequence[str]) -> Iterator[Candidate]:
    """Names that end in a word for a change (`x_rot12`), in the number of a copy, or in both."""
    words = _words(paths, _CHANGES)
    ends = [rf"[ _.-]+{words}(?![a-z])"] * bool(words)
    if words and all(re.search(rf"_{words}(?![a-z])[^/_]*$", path, re.IGNORECASE) for path in paths):
        yield Candidate(r"^(.+)_[^/_]+$", of_copies=True)  # all names end so: what is easier to read
    ends += [end for end in _OTHER_ENDS if any(re.search(end, path, re.IGNORECASE) for path in paths)]
    if ends:
        yield Candidate(rf"(?i)^(.+?)(?:(?:{'|'.join(ends)})[^/]*)?\.[^./]+$", of_copies=True)
    if any(map(_NUMBERED.search, paths)):
        ends.append(r"[ _.-]*\(\d{1,2}\)")
        yield Candidate(rf"(?i)^(.+?)(?:(?:{'|'.join(ends)})[^/]*)?\.[^./]+$", of_copies=True, max_mean=_MAX_NUMBERED)
    yield Candidate(r"^(.+?)(?:[ _-]\d{1,2})?\.[^./]+$", True, needs_base=True, max_mean=_MAX_NUMBERED)  # x and x_2


def _words(paths: Sequence[str], known: str) -> str:
    """Those of the known words that stand in file names, as a part of a pattern; empty without any."""
    expression = re.compile(rf"(?<![a-z])(?:{known})(?![a-z])", re.IGNORECASE)
    found = {word.lower() for path in paths for word in expression.findall(path.rpartition("/")[2])}
    return f"(?:{'|'.join(sorted(found, key=lambda word: (-len(word), word)))})" if found else ""


def _share(paths: Sequence[str], expression: re.Pattern[str]) -> float:
    return sum(expression.search(path) is not None for path in paths) / len(paths)
