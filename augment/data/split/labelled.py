"""What every set of labelled samples is, images or rows: labels, groups that no split divides, and sources."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import ArgumentError
from augment.data.arguments import sequence_argument, short

Text = NDArray[np.str_]
Which = NDArray[np.bool_] | NDArray[np.int64] | Sequence[int]


class LabelledSet(ABC):
    """labels, groups, sources: str (N,), as `ImageSet` has them. What stands beside them is the subclass's own."""

    labels: Text
    groups: Text
    sources: Text

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> list[str]:
        """The labels present, sorted; a class index is a position in this list."""
        return sorted(set(self.labels.tolist()))

    def counts(self) -> dict[str, int]:
        """Samples of each class."""
        return {label: int((self.labels == label).sum()) for label in self.classes}

    def targets(self, classes: Sequence[str]) -> NDArray[np.int64]:
        """Class indices int64 (N,) in the order of `classes`. Raises `ArgumentError` where they lack a label."""
        order = sequence_argument("classes", classes)
        position = {label: index for index, label in enumerate(order) if isinstance(label, str)}
        if set(self.classes) - set(position) or len(position) < len(order):
            raise ArgumentError(f"classes must name each of {self.classes} once, got {short(order)}")
        return np.array([position[label] for label in self.labels.tolist()], dtype=np.int64)

    def of_class(self, label: str) -> Self:
        """The samples of one class; none where there is no such class. Raises TypeError for what is no name."""
        if not isinstance(label, str):
            raise TypeError(f"label must be the name of a class, got {short(label)}")
        return self.take(self.labels == label)

    @abstractmethod
    def take(self, which: Which) -> Self:
        """The samples chosen by a mask or by positions, in that order. Raises `ArgumentError` for others."""

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """These, then those of the other sets, in their order. Raises `DataError` where they do not belong together."""

    @abstractmethod
    def digests(self) -> list[str]:
        """Hex SHA-256 of each sample, without its label; equal ones are equal samples."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Hex SHA-256 of samples, labels and groups, in their order; sources do not matter."""


def minority_classes(counts: Mapping[str, int]) -> list[str]:
    """Classes no larger than the median class; in a balanced set that is every class."""
    median = float(np.median(list(counts.values())))
    return [label for label, count in counts.items() if count <= median]


def positions(which: object, length: int) -> NDArray[Any]:
    """Positions or a mask of so many samples. Raises `ArgumentError` for what is neither."""
    try:
        chosen = np.asarray(which if isinstance(which, np.ndarray) else sequence_argument("which", which))
    except (ValueError, TypeError, RuntimeError) as error:
        raise ArgumentError(f"which must be positions or a mask, got {short(which)}") from error
    chosen = chosen if chosen.size else np.zeros(0, dtype=np.int64)
    mask = chosen.dtype == np.bool_ and len(chosen) == length
    inside = chosen.dtype.kind in "iu" and bool(((chosen >= -length) & (chosen < length)).all())
    if isinstance(which, np.ma.MaskedArray) or chosen.ndim != 1 or not (mask or inside):
        raise ArgumentError(f"which must be positions of {length} images or a mask of them, got {short(which)}")
    return chosen
