"""Words that mean nothing to a set, in the meaning of the nearest word that does, by word vectors of a local file.

The file is text as word2vec, GloVe and fastText write it: a word and its numbers on each line, one first line of two
whole numbers or none. Nothing is downloaded, and the generator is as it was trained: it is the request that changes.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import ArgumentError, DataError
from augment.data.descriptions.text import words_in
from augment.gan.words.vocabulary import Vocabulary, request_text

MIN_LIKENESS = 0.4  # cosine of two words' vectors; below it nothing is told
MAX_LINE_BYTES = 1 << 16
Vector = NDArray[np.float64]  # of length 1


@dataclass(frozen=True)
class Understood:
    """request: with words that the set knows in the place of others; instead: word, known word, cosine of each."""

    request: str
    instead: tuple[tuple[str, str, float], ...]

    @property
    def warning(self) -> str:
        """What is drawn as what, in one message; empty where every word was known, or stays unknown."""
        pairs = [f"{word!r} as {known!r} ({likeness:.2f} alike)" for word, known, likeness in self.instead]
        return f"drawn by the nearest word that has a meaning for this set: {', '.join(pairs)}" if pairs else ""


def understood(request: object, vocabulary: Vocabulary, path: Path) -> Understood:
    """A request whose unknown words stand for the nearest known ones; those that are like none stay.

    Raises TypeError and `ArgumentError` for what is no request or no file of vectors, `DataError` for one that is
    damaged at a word that is needed.
    """
    words = words_in(request_text(request))
    unknown = [word for word in words if word not in vocabulary.words]
    if not unknown:
        return Understood(" ".join(words), ())
    vectors = read_vectors(path, {*vocabulary.words, *unknown})
    known = [word for word in vocabulary.words if word in vectors]
    if not known:
        raise ArgumentError(
            f"vectors: {path} has none of the words that this set knows, such as {vocabulary.words[0]!r}; "
            "give word vectors of the descriptions' language as text, a word and its numbers on each line"
        )
    matrix, instead = np.stack([vectors[word] for word in known]), dict[str, tuple[str, float]]()
    for word in unknown:
        if word in vectors:
            likeness = matrix @ vectors[word]
            at = int(likeness.argmax())
            if likeness[at] >= MIN_LIKENESS:
                instead[word] = known[at], float(likeness[at])
    said = [instead[word][0] if word in instead else word for word in words]
    return Understood(" ".join(dict.fromkeys(said)), tuple((word, *found) for word, found in instead.items()))


def read_vectors(path: Path, wanted: Collection[str]) -> dict[str, Vector]:
    """Of these words those that the file has, in their first form there. Raises as `understood`."""
    found, length = dict[str, Vector](), 0
    for number, line in _lines(path):
        word, _, rest = line.partition(" ")
        folded = word.casefold()
        if folded not in wanted or folded in found or (number == 1 and rest.isdigit()):
            continue
        vector = _vector(path, number, rest)
        length = length or len(vector)
        if len(vector) != length:
            raise DataError(f"vectors: {path}: line {number} has {len(vector)} numbers, and others have {length}")
        if size := float(np.linalg.norm(vector)):
            found[folded] = vector / size
    return found


def _vector(path: Path, number: int, text: str) -> Vector:
    try:
        vector = np.array(text.split(), dtype=np.float64)
    except ValueError:
        vector = np.zeros(0)
    if not len(vector) or not np.isfinite(vector).all():
        raise DataError(f"vectors: {path}: line {number} is no word with its numbers: {text[:40]!r}")
    return vector


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered from 1, one at a time: such files have gigabytes."""
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE_BYTES):
                number += 1
                if len(line) == MAX_LINE_BYTES:
                    raise ArgumentError(f"vectors: {path}: line {number} is endless; word vectors are read as text")
                yield number, line.decode("utf-8", "replace").strip()
    except OSError as error:
        raise ArgumentError(f"vectors: {path} cannot be read: {error.strerror}") from error
