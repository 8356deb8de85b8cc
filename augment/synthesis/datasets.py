"""Synthetic images in a training loop of your own: as a data set to add, or mixed into each batch."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from augment.core.errors import ArgumentError
from augment.core.seeds import torch_rng
from augment.data.imageset import ImageSet
from augment.gan.generators import CHUNK, GeneratorSet
from augment.synthesis.samplers import Mixture, Sampler, samplers

Counts = int | Mapping[str, int] | Literal["balance"]
Range = tuple[float, float]

RANGES: tuple[Range, ...] = ((0.0, 1.0), (-1.0, 1.0))
MIXTURE_CHUNK = 4 * CHUNK  # of a mixture: a quarter of it is the generator's own, which makes whole chunks
_RANGE_TOLERANCE = 1e-3  # rounding of half precision at the ends of a range


class SyntheticDataset(Dataset[tuple[Any, Any]]):
    """Synthetic images to add to a real data set; items are (uint8 CHW, class index).

    counts: how many to add: a number for each class, a mapping label -> number, or "balance", which
    raises every class to the largest of `real_labels`.
    real_labels: the labels of the real data set, as names or as indices into `classes`; for "balance".
    classes: class names in the order of the indices; without it, `generators.classes`.
    borrow_from: the images that the generators were trained on, data/prepared/train; three of four samples of a
    minority class then vary as images of majority classes do (latent transfer), as by default those in data/augmented.
    It takes seconds, at 64 px minutes.
    transform, target_transform: applied to each image (uint8 CHW) and index (int), like the real set's
    own. A batch holds either numbers or tensors as indices: beside a TensorDataset, whose indices are
    tensors, give target_transform=torch.tensor.

    The k-th image of a class depends on (seed, label, k) alone, one by latent transfer on the training images too. All
    images are made at once, so worker processes share them and need no generator: `images` is uint8 (N, C, H, W),
    `targets` lists the class indices. Raises `ArgumentError` for what does not fit the generators.

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
    """

    def __init__(
        self,
        generators: GeneratorSet,
        counts: Counts,
        *,
        real_labels: Iterable[str | int] | Tensor | None = None,
        classes: Sequence[str] | None = None,
        borrow_from: ImageSet | None = None,
        seed: int = 0,
        transform: Callable[[Tensor], Any] | None = None,
        target_transform: Callable[[int], Any] | None = None,
    ) -> None:
        self.classes = _class_order(generators, classes)
        self.transform, self.target_transform = transform, target_transform
        wanted = {label: number for label, number in _wanted(counts, self.classes, real_labels).items() if number}
        for label, number in wanted.items():
            if label not in generators:
                reason = generators.failed.get(label, "none was trained")
                raise ArgumentError(
                    f"{number} images of {label!r} wanted, and it has no generator ({reason}); "
                    "give counts as a mapping without it"
                )
        shape = next(iter(generators.values())).shape if generators else (1, 0, 0)
        sampling = samplers(generators, borrow_from, seed)
        parts = [sampling[label].sample(number, seed=seed) for label, number in wanted.items()]
        self.images = torch.cat([torch.empty((0, *shape), dtype=torch.uint8, device="cpu"), *parts])
        self.targets = [self.classes.index(label) for label, number in wanted.items() for _ in range(number)]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = self.images[index], self.targets[index]
        return (
            self.transform(image) if self.transform is not None else image,
            self.target_transform(target) if self.target_transform is not None else target,
        )


class SyntheticMix:
    """Replaces each image of a batch, with probability `p`, by a synthetic one of its own class.

    Call it as `images, labels = mix(images, labels)` before anything that normalises or augments.
    images: (N, C, H, W), uint8, or floats in the `value_range` that you state, (0, 1) or (-1, 1);
    labels: class indices (N,). The result has the same dtype, range and device; the batch given is
    left as it was. Images of a class whose GAN failed stay real. No synthetic image comes twice from one mix; call it
    in the training loop, since each worker of a DataLoader would have a copy that begins anew.
    classes, borrow_from: as `SyntheticDataset` takes them.
    Equal seeds and equal batches give equal results. Raises `ArgumentError` for anything that does not fit.

    >>> import augment, torch
    >>> images, labels = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8), torch.tensor([0] * 8 + [1] * 4)
    >>> generators = augment.train_generators(images, labels, width=4, shared_steps=8, steps=8)
    >>> mix = augment.SyntheticMix(generators, p=0.5, seed=0)
    >>> mixed, labels = mix(images, labels)
    >>> mixed.shape, mixed.dtype
    (torch.Size([12, 1, 8, 8]), torch.uint8)
    >>> halves = augment.SyntheticMix(generators, p=0.5, value_range=(0, 1))
    >>> halves(images / 255, labels)[0].dtype
    torch.float32
    """

    def __init__(
        self,
        generators: GeneratorSet,
        p: float,
        *,
        classes: Sequence[str] | None = None,
        borrow_from: ImageSet | None = None,
        value_range: Range | None = None,
        seed: int = 0,
    ) -> None:
        if not (isinstance(p, int | float | np.number) and 0 <= p <= 1):
            raise ArgumentError(f"p is a probability from 0 to 1, got {p!r}")
        if value_range is not None and tuple(value_range) not in RANGES:
            raise ArgumentError(f"value_range must be (0, 1) or (-1, 1), got {value_range}; mix before you normalise")
        self.p, self.value_range = p, value_range
        self.classes = _class_order(generators, classes)
        self._streams = {
            self.classes.index(label): _Stream(sampler, seed)
            for label, sampler in samplers(generators, borrow_from, seed).items()
            if label in self.classes
        }
        self._rng = torch_rng(seed, "mix")

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        self._check(images, labels)
        chosen = torch.rand(len(images), generator=self._rng, device="cpu") < self.p
        targets = labels.cpu()
        mixed = images.clone()
        for index, stream in self._streams.items():
            where = (chosen & (targets == index)).nonzero().squeeze(1)
            if len(where):
                mixed[where.to(images.device)] = self._scaled(stream.take(len(where)), images)
        return mixed, labels

    def _scaled(self, fakes: Tensor, images: Tensor) -> Tensor:
        """uint8 to the dtype, range and device of the batch."""
        if images.dtype == torch.uint8:
            return fakes.to(images.device)
        assert self.value_range is not None
        low, high = self.value_range
        return (fakes.float() / 255 * (high - low) + low).to(images)

    def _check(self, images: Tensor, labels: Tensor) -> None:
        if not (isinstance(images, Tensor) and isinstance(labels, Tensor)):
            kinds = f"{type(images).__name__}, {type(labels).__name__}"
            raise ArgumentError(f"images and labels must be tensors, got {kinds}")
        shape = next(iter(self._streams.values())).sampler.shape if self._streams else images.shape[1:]
        if images.shape[1:] != shape:
            made = f"(N, {', '.join(map(str, shape))})"
            raise ArgumentError(f"images are {tuple(images.shape)}, the generators make {made}")
        if labels.shape != images.shape[:1] or labels.is_floating_point():
            given = f"{labels.dtype} {tuple(labels.shape)}"
            raise ArgumentError(f"labels must be class indices ({len(images)},), got {given}")
        first, last = min(labels.tolist(), default=0), max(labels.tolist(), default=0)
        if len(labels) and not 0 <= first <= last < len(self.classes):
            raise ArgumentError(f"labels go from {first} to {last}, and there are {len(self.classes)} classes")
        if images.dtype == torch.uint8 or not len(images):
            return
        if not images.is_floating_point():
            raise ArgumentError(f"images are {images.dtype}; give uint8, or floats with value_range")
        if self.value_range is None:
            raise ArgumentError(f"images are {images.dtype}; state value_range=(0, 1) or (-1, 1)")
        low, high = float(images.min()), float(images.max())
        if low < self.value_range[0] - _RANGE_TOLERANCE or high > self.value_range[1] + _RANGE_TOLERANCE:
            outside = f"outside value_range={self.value_range}; mix before you normalise"
            raise ArgumentError(f"images go from {low:g} to {high:g}, {outside}")


class _Stream:
    """The samples of one class, one after the other, made a chunk at a time."""

    def __init__(self, sampler: Sampler, seed: int) -> None:
        self.sampler, self.seed, self.made = sampler, seed, 0
        self.chunk = MIXTURE_CHUNK if isinstance(sampler, Mixture) else CHUNK
        self.ready = torch.empty((0, *sampler.shape), dtype=torch.uint8, device="cpu")

    def take(self, number: int) -> Tensor:
        """The next `number` samples, uint8 (number, C, H, W)."""
        while len(self.ready) < number:
            self.ready = torch.cat([self.ready, self.sampler.sample(self.chunk, seed=self.seed, start=self.made)])
            self.made += self.chunk
        taken, self.ready = self.ready[:number], self.ready[number:]
        return taken


def _class_order(generators: GeneratorSet, classes: Sequence[str] | None) -> list[str]:
    """The class order. Raises `ArgumentError` for a class that the generators were not trained for."""
    order = generators.classes if classes is None else list(classes)
    unknown = [label for label in order if label not in generators.class_to_idx]
    if unknown or len(set(order)) < len(order):
        theirs = f"which are of {generators.classes}; name each class once"
        raise ArgumentError(f"classes={order} do not fit the generators, {theirs}")
    return order


def _wanted(counts: Counts, classes: list[str], real_labels: Iterable[str | int] | Tensor | None) -> dict[str, int]:
    """Images to add of each class, in the order of the classes."""
    if counts == "balance":
        if real_labels is None:
            raise ArgumentError('counts="balance" needs real_labels, the labels of the real data set')
        plain: Any = real_labels.tolist() if hasattr(real_labels, "tolist") else real_labels
        have = Counter(_name(label, classes) for label in plain)
        largest = max(have.values(), default=0)
        return {label: largest - have[label] for label in classes}
    if isinstance(counts, str) or not isinstance(counts, int | np.integer | Mapping):
        raise ArgumentError(f'counts must be a number, a mapping label -> number, or "balance", got {counts!r}')
    if isinstance(counts, int | np.integer):
        wanted = dict.fromkeys(classes, int(counts))
    else:
        unknown = [label for label in counts if label not in classes]
        if unknown:
            raise ArgumentError(f"counts names {unknown[:5]}, and the classes are {classes}")
        wanted = {label: counts.get(label, 0) for label in classes}
    if not all(isinstance(number, int | np.integer) for number in wanted.values()):
        raise ArgumentError(f"counts must be whole numbers, got {counts!r}")
    if any(number < 0 for number in wanted.values()):
        raise ArgumentError(f"counts must not be negative, got {counts!r}")
    return wanted


def _name(label: str | int | Tensor, classes: list[str]) -> str:
    if isinstance(label, str):
        if label in classes:
            return label
    elif int(label) == label and 0 <= label < len(classes):
        return classes[int(label)]
    raise ArgumentError(f"real_labels holds {label!r}; the classes are {classes}")
