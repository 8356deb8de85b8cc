"""What a set of generators may be made of, and what its classes may be called."""

from collections.abc import Mapping, Sequence
from typing import Any

from augment.core.errors import ArgumentError
from augment.data.arguments import short
from augment.data.sources.labels import label_faults


def check_parts(generators: Any, failed: Any, shared: Any) -> None:
    """The arguments of a set of generators: each of the right kind, under its own label, all of one size."""
    for name, parts in (("generators", generators), ("failed", {} if failed is None else failed)):
        if not isinstance(parts, Mapping) or not all(isinstance(label, str) for label in parts):
            raise TypeError(f"{name} must be a mapping by label, got {short(parts)}")
    if odd := [reason for reason in (failed or {}).values() if not isinstance(reason, str)]:
        raise TypeError(f"failed must give reasons in words, got {short(odd[0])}")
    every = [*generators.items(), *([("shared", shared)] if shared is not None else [])]
    for label, generator in every:
        if not all(hasattr(generator, name) for name in ("label", "sample", "shape")):
            raise TypeError(f"generators[{label!r}] or shared must be a ClassGenerator, got {short(generator)}")
        if label in generators and generators[label] is generator and generator.label != label:
            raise ArgumentError(f"generators[{label!r}] is the generator of class {generator.label!r}")
    shapes = {tuple(generator.shape) for _, generator in every}
    if len(shapes) > 1:
        raise ArgumentError(f"generators draw images of different sizes: {sorted(shapes)}; a set has one")


def check_labels(labels: Sequence[str]) -> None:
    """Raises `ArgumentError` for labels that no bundle can bear, alone or beside each other."""
    for label, _, what in label_faults(labels)[:1]:
        raise ArgumentError(f"class {label[:50]!a} cannot be saved: {what}; rename it")
