"""What generators may be made of: images, each other, labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError, DataError
from augment.data.arguments import short
from augment.data.sources.labels import label_faults


def check_parts(generators: Any, failed: Any, shared: Any, words: Any) -> None:
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
    if words is not None and not all(hasattr(words, name) for name in ("read", "sample", "shape")):
        raise TypeError(f"words must be a WordGenerator, got {short(words)}")
    shapes = {tuple(generator.shape) for generator in [*(one for _, one in every), *([] if words is None else [words])]}
    if len(shapes) > 1:
        raise ArgumentError(f"generators draw images of different sizes: {sorted(shapes)}; a set has one")


def check_labels(labels: Sequence[str]) -> None:
    """Raises `ArgumentError` for labels that no bundle can bear, alone or beside each other."""
    for label, _, what in label_faults(labels)[:1]:
        raise ArgumentError(f"class {label[:50]!a} cannot be saved: {what}; rename it")


def images_argument(name: str, images: Any) -> NDArray[np.uint8]:
    """The images of an argument as an array uint8 (N, C, H, W). Raises `DataError`."""
    whole = images.layout == torch.strided and images.device.type != "meta" if isinstance(images, Tensor) else True
    if isinstance(images, Tensor) and images.dtype == torch.uint8 and whole:
        images = images.cpu().numpy()
    if isinstance(images, list | tuple) and all(isinstance(image, np.ndarray) for image in images):
        images = np.stack(images) if len({image.shape for image in images}) == 1 else images
    form = isinstance(images, np.ndarray) and not isinstance(images, np.ma.MaskedArray) and images.ndim == 4
    if not form or images.dtype != np.uint8 or images.shape[1] not in (1, 3):
        found = f"{images.dtype} {tuple(images.shape)}" if isinstance(images, np.ndarray | Tensor) else short(images)
        masked = " with a mask" if isinstance(images, np.ma.MaskedArray) else ""
        raise DataError(f"{name} must be uint8 (N, C, H, W) with 1 or 3 channels, found {found}{masked}")
    pixels: NDArray[np.uint8] = images
    return pixels
