"""Synthetic images in a training loop of your own, as a data set to add."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from augment.core.errors import ArgumentError
from augment.core.progress import counted, first_few
from augment.data.arguments import require_memory, sequence_argument, short, whole_number
from augment.data.imageset import ImageSet
from augment.gan.generators import MAX_SAMPLES, GeneratorSet
from augment.gan.generators.notebook import SHOWN_LABELS, notebook_html, size_text
from augment.gan.upscale.upscaler import Upscaler
from augment.synthesis.larger import Enlarger, dataset_size, enlargers, originals_argument
from augment.synthesis.samplers import samplers
from augment.synthesis.training_code.arguments import (
    Bytes,
    Range,
    class_order,
    params_argument,
    range_argument,
    refuse_numbers,
    scaled,
)

MAX_SCALED = 50  # no range in use, nor one after normalising, reaches as far
TOO_LARGE = (
    "SyntheticDataset: transform gives floats up to {:g}. If the real images are in 0 to 1, divide by 255, or give "
    "value_range=(0, 1) and a transform of floats."
)
Counts = int | Mapping[str, int] | Literal["balance"]


class SyntheticDataset(Dataset[tuple[Any, Any]]):
    """Synthetic images to add to a real data set; items are (image CHW, class index), uint8 or in a range you state.

    counts: how many to add: a number for each class, a mapping label -> number, or "balance", which
    raises every class to the largest of `real_labels`.
    real_labels: the labels of the real data set, as names or as indices into `classes`; for "balance".
    classes: class names in the order of the indices; without it, `generators.classes`. Where classes are called by
    numbers that are not their indices, indices need it.
    borrow_from: the images that the generators were trained on, data/prepared/train; three of four samples of a
    minority class then vary as images of majority classes do (latent transfer), as by default those in data/augmented.
    It takes seconds, at 64 px minutes.
    params: the run's params.yaml, whose `generate.sources` and `generate.borrowed` then say where samples come from, as
    for data/augmented: so the classes that are translated there are here, too. Needs ruamel.yaml, of the extra
    `pipeline`. Without it no class is.
    originals: the images of `borrow_from` once more, larger, from `load_originals`. All samples of a minority class
    then vary one of them, and are its original, edited as the sample changes the small picture. Others are enlarged.
    A classifier may take these traces for the class where only some classes get samples.
    size: without originals, enlarges all samples: a number is the shorter side, or (height, width).
    upscaler: enlarges, as `train_upscaler` made it of the training images; without it samples are enlarged bicubically.
    value_range: that of the real images, where they are floats: (0, 1) or (-1, 1) makes these float32 in it. Without
    it they are uint8 from 0 to 255, and a batch that joins them with floats is refused (`ArgumentError`).
    transform, target_transform: applied to each image (CHW) and index (int), like the real set's own; one that makes
    floats up to 255 is warned of. A batch holds either numbers or tensors as indices: beside a TensorDataset, whose
    indices are tensors, give target_transform=torch.tensor.

    The k-th image of a class depends on (seed, label, k) alone, one by latent transfer on the training images too. All
    images are made at once, so worker processes share them and need no generator: `images` is uint8 (N, C, H, W),
    `targets` lists the class indices. Raises `ArgumentError` or TypeError for what does not fit the generators, and for
    enlarged images that would take over 8 GiB.

    >>> import augment, torch
    >>> from torch.utils.data import ConcatDataset, DataLoader, TensorDataset
    >>> images, labels = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8), [0] * 8 + [1] * 4
    >>> generators = augment.train_generators(
    ...     images, labels, classes=["dent", "scratch"], width=4, shared_steps=8, steps=8
    ... )
    >>> real = TensorDataset(images, torch.tensor(labels))
    >>> fakes = augment.SyntheticDataset(generators, counts="balance", real_labels=labels)
    >>> len(fakes), fakes[0][0].shape, fakes[0][1]
    (4, torch.Size([1, 8, 8]), 1)
    >>> fakes = augment.SyntheticDataset(generators, counts={"scratch": 4}, target_transform=torch.tensor)
    >>> loader = DataLoader(ConcatDataset([real, fakes]), batch_size=16, shuffle=True)
    >>> torch.bincount(next(iter(loader))[1])
    tensor([8, 8])
    >>> augment.SyntheticDataset(generators, 5, size=32).images.shape
    torch.Size([10, 1, 32, 32])
    """

    def __init__(
        self,
        generators: GeneratorSet,
        counts: Counts,
        *,
        real_labels: Iterable[str | int] | Tensor | None = None,
        classes: Sequence[str] | None = None,
        borrow_from: ImageSet | None = None,
        params: str | PathLike[str] | None = None,
        originals: ImageSet | None = None,
        size: int | tuple[int, int] | None = None,
        upscaler: Upscaler | None = None,
        value_range: Range | None = None,
        seed: int = 0,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        self.classes, seed = class_order(generators, classes), whole_number("seed", seed)
        self.value_range = range_argument(value_range, "or leave it out for uint8")
        self.transform = _function("transform", transform)
        self.target_transform = _function("target_transform", target_transform)
        named = _wanted(counts, self.classes, real_labels, classes)
        wanted = {label: number for label, number in named.items() if number}
        _require_generators(generators, wanted)
        channels, *working = next(iter(generators.values())).shape if generators else (1, 0, 0)
        large = originals_argument(originals, borrow_from)
        shape = (sum(wanted.values()), channels, *dataset_size(size, large, (working[0], working[1])))
        if [*shape[2:]] != working:
            require_memory("SyntheticDataset", shape, "give less as counts, a smaller size, or take SyntheticMix")
        sampling = enlargers(
            samplers(generators, borrow_from, seed, params_argument(params), large), borrow_from, large, upscaler
        )
        self.images = _images(sampling, wanted, shape, seed).as_subclass(Bytes)
        self.targets = [self.classes.index(label) for label, number in wanted.items() for _ in range(number)]

    def __len__(self) -> int:
        return len(self.targets)

    def __repr__(self) -> str:
        counts = Counter(self.targets)
        numbers = [f"{counts[index]} {label!r}" for index, label in enumerate(self.classes) if counts[index]]
        of = f": {first_few(numbers, SHOWN_LABELS)}" if numbers else ""
        return f"SyntheticDataset({counted(len(self), 'image')} {size_text(self.images.shape[1:])}{of})"

    def _repr_html_(self) -> str:
        images, targets = self.images.as_subclass(Tensor), torch.tensor(self.targets)
        return notebook_html(
            repr(self), {self.classes[index]: images[targets == index] for index in Counter(self.targets)}
        )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        index = whole_number("index", index)
        target, image = self.targets[index], self.images[index]
        if self.value_range is not None:
            image = scaled(image, self.value_range)
        shown = self.transform(image) if self.transform is not None else image
        if self.transform is None and self.value_range is None:
            shown = image.as_subclass(Bytes)
        elif isinstance(shown, Tensor) and shown.is_floating_point() and shown.numel() and shown.max() > MAX_SCALED:
            warnings.warn(TOO_LARGE.format(float(shown.max())), stacklevel=2)
        return shown, self.target_transform(target) if self.target_transform is not None else target


def _images(sampling: Mapping[str, Enlarger], wanted: Mapping[str, int], shape: tuple[int, ...], seed: int) -> Tensor:
    """uint8 of this shape (N, C, H, W): so many samples of each class."""
    images, at = torch.empty(shape, dtype=torch.uint8, device="cpu"), 0
    for label, number in wanted.items():
        samples = sampling[label].sampler.sample(number, seed=seed)
        sampling[label].fill(images[at : at + number], samples, seed=seed)
        at += number
    return images


def _function(name: str, function: Any) -> Any:
    if function is not None and not callable(function):
        raise TypeError(f"{name} must be a function, got {short(function)}")
    return function


def _require_generators(generators: GeneratorSet, wanted: Mapping[str, int]) -> None:
    for label, number in wanted.items():
        if label not in generators:
            reason = generators.failed.get(label, "none was trained")
            raise ArgumentError(
                f"{number} images of {label!r} wanted, and it has no generator ({reason}); "
                "give counts as a mapping without it"
            )


def _wanted(counts: Counts, classes: list[str], real_labels: Any, stated: object) -> dict[str, int]:
    """Images to add of each class, in the order of the classes; stated: the argument that gave the order, or None."""
    if isinstance(counts, str) and counts == "balance":
        if real_labels is None:
            raise ArgumentError('counts="balance" needs real_labels, the labels of the real data set')
        plain = sequence_argument("real_labels", real_labels.tolist() if _is_array(real_labels) else real_labels)
        if not all(isinstance(label, str) for label in plain):
            refuse_numbers(classes, stated)
        have = Counter(_name(label, classes) for label in plain)
        largest = max(have.values(), default=0)
        return {label: largest - have[label] for label in classes}
    if isinstance(counts, bool) or not isinstance(counts, int | np.integer | Mapping):
        raise ArgumentError(f'counts must be a number, a mapping label -> number, or "balance", got {short(counts)}')
    if isinstance(counts, Mapping):
        unknown = [label for label in counts if label not in classes]
        if unknown:
            raise ArgumentError(f"counts names {unknown[:5]}, and the classes are {classes}")
        asked = {label: counts.get(label, 0) for label in classes}
    else:
        asked = dict.fromkeys(classes, counts)
    return {label: whole_number("counts", number, 0, MAX_SAMPLES) for label, number in asked.items()}


def _is_array(labels: object) -> bool:
    if isinstance(labels, Tensor) and (labels.device.type == "meta" or labels.layout != torch.strided):
        raise TypeError(f"real_labels must be a tensor with values, got one of {labels.layout} on {labels.device}")
    return hasattr(labels, "tolist")


def _name(label: Any, classes: list[str]) -> str:
    if isinstance(label, Tensor | np.generic | np.ndarray) and label.ndim == 0:
        label = label.item()
    if isinstance(label, str):
        if label in classes:
            return label
    elif isinstance(label, int | float) and not isinstance(label, bool) and label in range(len(classes)):
        return classes[int(label)]
    raise ArgumentError(f"real_labels holds {short(label)}; the classes are {classes}")
