"""What words mean for a set: those of its training descriptions, and how near a request is to any of these.

A description is the set of its words; their order, and how often one stands there, play no part. So nothing is
downloaded, and what has no meaning here is known rather than guessed.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import torch
from torch import Tensor

from augment.core.errors import ArgumentError, DataError
from augment.core.progress import first_few
from augment.core.words import printable
from augment.data.arguments import short
from augment.data.descriptions.text import description_fault, one_line, words_in

MAX_WORDS, MAX_DESCRIPTIONS = 1024, 2000  # different ones of a set; the bundle holds them all
MAX_BYTES = 800_000  # of the descriptions as JSON
SHOWN = 5  # of a list within a message


@dataclass(frozen=True)
class Reading:
    """What a vocabulary makes of a request.

    known, unknown: its words that have a meaning for this set, and those without. nearest: the training description
    that has most of the known ones; missing: the known ones that it lacks, none where it has all. apart: pairs of
    known words that no training description has together.
    """

    request: str
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    nearest: str
    missing: tuple[str, ...]
    apart: tuple[tuple[str, str], ...]

    @property
    def distance(self) -> float:
        """The share of the known words that the nearest training description lacks: 0 where it has all."""
        return len(self.missing) / len(self.known) if self.known else 1.0


@dataclass(frozen=True)
class Vocabulary:
    """The words of a set, sorted, and its different training descriptions."""

    words: tuple[str, ...]
    descriptions: tuple[str, ...]
    _bags: tuple[frozenset[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bags", tuple(frozenset(words_in(text)) for text in self.descriptions))

    def encode(self, texts: Iterable[str]) -> Tensor:
        """float (N, words): 1 where a text has the word, else 0."""
        position = {word: at for at, word in enumerate(self.words)}
        bags = [[position[word] for word in words_in(text) if word in position] for text in texts]
        encoded = torch.zeros(len(bags), len(self.words))
        for row, bag in zip(encoded, bags, strict=True):
            row[bag] = 1.0
        return encoded

    def read(self, request: object) -> Reading:
        """What a request means here. Raises TypeError for what is no text, `ArgumentError` for an empty or endless one,
        and for one of which no word has a meaning."""
        text = request_text(request)
        words, known = words_in(text), set(self.words)
        meant = tuple(word for word in words if word in known)
        if not meant:
            said = f"no word of it has a meaning for this set; {self._suggestion(words)}"
            raise ArgumentError(f"request {short(text)}: {said}")
        nearest = max(range(len(self._bags)), key=lambda at: len(self._bags[at] & {*meant}))
        apart = tuple(pair for pair in combinations(meant, 2) if not any({*pair} <= bag for bag in self._bags))
        missing = tuple(word for word in meant if word not in self._bags[nearest])
        unknown = tuple(word for word in words if word not in known)
        return Reading(text, meant, unknown, self.descriptions[nearest], missing, apart)

    def completions(self, request: str) -> tuple[str, ...]:
        """Descriptions that say all that a request does, and what it leaves open: the training descriptions that have
        all its known words. The request itself where it is one of these, and where there is none. Raises as `read`."""
        meant = {*self.read(request).known}
        found = tuple(text for text, bag in zip(self.descriptions, self._bags, strict=True) if meant <= bag)
        return (request,) if not found or meant in self._bags else found

    def warning(self, reading: Reading) -> str:
        """What was never seen of a request, in one message; empty where a training description has all of it."""
        parts = []
        if reading.unknown:
            parts.append(f"without a meaning for this set, and left out: {_quoted(reading.unknown)} "
                         f"({self._suggestion(reading.unknown)})")  # fmt: skip
        if reading.missing:
            parts.append(f"no training description has all of it; the nearest, {reading.nearest!r}, lacks "
                         f"{_quoted(reading.missing)}")  # fmt: skip
        if reading.apart:
            pairs = first_few([f"{one!r} with {other!r}" for one, other in reading.apart], SHOWN)
            parts.append(f"never seen together: {pairs}")
        said = "; ".join(parts)
        return f"{short(reading.request)}: {said}. Look at what is drawn before you use it." if said else ""

    def _suggestion(self, words: Sequence[str]) -> str:
        near = {word: difflib.get_close_matches(word, self.words, n=1) for word in words}
        meant = [f"{found[0]!r} for {word!r}" for word, found in near.items() if found]
        return f"did you mean {first_few(meant, SHOWN)}?" if meant else f"it knows {_quoted(self.words)}"


def learn_vocabulary(descriptions: Sequence[str]) -> Vocabulary:
    """The vocabulary of training descriptions, one for each image.

    Raises `DataError` for one that is empty or too long, and for more different words or descriptions than a bundle
    holds.
    """
    different: dict[frozenset[str], str] = {}
    for text in map(one_line, descriptions):
        if fault := description_fault(text):
            raise DataError(f"description {short(text)}: {fault}")
        different.setdefault(frozenset(words_in(text)), text)
    words = sorted(frozenset[str]().union(*different))
    size = len(json.dumps([*different.values()], ensure_ascii=False).encode())
    limits = {
        "different words": (len(words), MAX_WORDS),
        "different texts": (len(different), MAX_DESCRIPTIONS),
        "bytes of different texts": (size, MAX_BYTES),
    }
    for what, (count, most) in limits.items():
        if count > most:
            advice = "describe by a table of a few attributes, or each class as a whole"
            raise DataError(f"descriptions: {count} {what}, at most {most} can be learnt; {advice}")
    return Vocabulary(tuple(words), tuple(sorted(different.values())))


def request_text(request: object) -> str:
    """A request as one line. Raises TypeError for another kind, `ArgumentError` for an empty or endless one."""
    if not isinstance(request, str):
        raise TypeError(f"request must be a text such as 'small bright scratch', got {short(request)}")
    text = one_line(request)
    if fault := description_fault(text):
        raise ArgumentError(f"request {short(request)}: {fault}")
    return text


def _quoted(words: Sequence[str]) -> str:
    return first_few([repr(printable(word, line=True)) for word in words], SHOWN)
