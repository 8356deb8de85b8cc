"""Generators by label, as sets of images and of rows hold them: those that there are, and why others failed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

Each = TypeVar("Each")


class ByLabel(Mapping[str, Each], Generic[Each]):
    """classes: all classes of the training set, in the order of their indices; failed: label -> why there is none."""

    def __init__(self, generators: Mapping[str, Each], failed: Mapping[str, str], classes: Sequence[str]) -> None:
        self.failed, self.classes = dict(failed), list(classes)
        self.class_to_idx = {label: index for index, label in enumerate(self.classes)}
        self._generators = {label: generators[label] for label in self.classes if label in generators}

    def __getitem__(self, label: str) -> Each:
        if label in self._generators:
            return self._generators[label]
        if label in self.failed:
            raise KeyError(f"class {label!r} has no generator: {self.failed[label]}")
        raise KeyError(f"no class {label!r}; there are {', '.join(map(repr, self._generators))}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._generators)

    def __len__(self) -> int:
        return len(self._generators)
