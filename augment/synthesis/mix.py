"""Synthetic images in a training loop of your own, mixed into each batch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from augment.core.errors import ArgumentError
from augment.core.seeds import derive_seed, torch_rng
from augment.data.arguments import short, whole_number
from augment.data.imageset import ImageSet
from augment.data.sizes import larger_size, same_aspect
from augment.gan.generators import CHUNK, GeneratorSet
from augment.synthesis.arguments import Range, class_order, range_argument, refuse_numbers, scaled
from augment.synthesis.larger import Enlarger, enlargers, originals_argument
from augment.synthesis.samplers import Mixture, samplers

MIXTURE_CHUNK = 4 * CHUNK  # of a mixture: a quarter of it is the generator's own, which makes whole chunks
_RANGE_TOLERANCE = 1e-3  # rounding of half precision at the ends of a range


class SyntheticMix:
    """Replaces each image of a batch, with probability `p`, by a synthetic one of its own class.

    Call it as `images, labels = mix(images, labels)` before anything that normalises or augments.
    images: (N, C, H, W), uint8, or floats in the `value_range` that you state, (0, 1) or (-1, 1);
    labels: class indices (N,). The result has the same dtype, range and device; the batch given is
    left as it was. Images of a class whose GAN failed stay real. No synthetic image comes twice from one mix.
    A batch may be larger than the generators' images, of the same aspect: samples are then enlarged, bicubically.
    classes, borrow_from, originals: as `SyntheticDataset` takes them; where classes are called by numbers that are not
    their indices, `classes` must be stated. With originals a batch is of their size, and a sample that varies one of
    them becomes its edit.
    Equal seeds and equal batches give equal results. In a worker of a DataLoader (within `collate_fn`, say) the draws
    hang on the worker's seed too, which differs from worker to worker and from epoch to epoch and follows from torch's
    global generator. Raises `ArgumentError` or TypeError for anything that does not fit.

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
    >>> mix(torch.zeros(12, 1, 32, 32, dtype=torch.uint8), labels)[0].shape
    torch.Size([12, 1, 32, 32])
    """

    def __init__(
        self,
        generators: GeneratorSet,
        p: float,
        *,
        classes: Sequence[str] | None = None,
        borrow_from: ImageSet | None = None,
        originals: ImageSet | None = None,
        value_range: Range | None = None,
        seed: int = 0,
    ) -> None:
        number = isinstance(p, int | float | np.integer | np.floating) and not isinstance(p, bool)
        if not (number and 0 <= p <= 1):
            raise ArgumentError(f"p is a probability from 0 to 1, got {short(p)}")
        self.p, self.value_range = p, range_argument(value_range, "mix before you normalise")
        self.classes, self._seed = class_order(generators, classes), whole_number("seed", seed)
        refuse_numbers(self.classes, classes)
        self._originals = originals_argument(originals, borrow_from)
        sampling = enlargers(samplers(generators, borrow_from, self._seed), borrow_from, self._originals)
        self._enlargers = {
            self.classes.index(label): enlarger for label, enlarger in sampling.items() if label in self.classes
        }
        self._begin(None)

    def _begin(self, worker_seed: int | None) -> None:
        """Draw from the first sample on, of this process or of a worker of a DataLoader."""
        seed = self._seed if worker_seed is None else derive_seed(self._seed, "worker", worker_seed)
        self._streams = {index: _Stream(enlarger, seed) for index, enlarger in self._enlargers.items()}
        self._rng, self._worker_seed = torch_rng(seed, "mix"), worker_seed

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        self._check(images, labels)
        worker = get_worker_info()
        if worker is not None and worker.seed != self._worker_seed:
            self._begin(worker.seed)
        chosen = torch.rand(len(images), generator=self._rng, device="cpu") < self.p
        targets = labels.cpu()
        mixed = images.clone()
        for index, stream in self._streams.items():
            where = (chosen & (targets == index)).nonzero().squeeze(1)
            if len(where):
                mixed[where.to(images.device)] = self._scaled(stream.take(len(where), images.shape[2:]), images)
        return mixed, labels

    def _scaled(self, fakes: Tensor, images: Tensor) -> Tensor:
        """uint8 to the dtype, range and device of the batch."""
        if images.dtype == torch.uint8:
            return fakes.to(images.device)
        assert self.value_range is not None
        return scaled(fakes, self.value_range).to(images)

    def _check(self, images: Tensor, labels: Tensor) -> None:
        if not (isinstance(images, Tensor) and isinstance(labels, Tensor)):
            kinds = f"{type(images).__name__}, {type(labels).__name__}"
            raise ArgumentError(f"images and labels must be tensors, got {kinds}")
        for name, tensor in (("images", images), ("labels", labels)):
            if tensor.layout != torch.strided or tensor.device.type == "meta":
                raise ArgumentError(f"{name} must be a tensor with values, got {tensor.layout} on {tensor.device}")
        shape = next(iter(self._streams.values())).enlarger.sampler.shape if self._streams else images.shape[1:]
        _check_shape(images.shape, shape, self._originals)
        whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
        if labels.shape != images.shape[:1] or not whole:
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
        lowest, highest = self.value_range[0] - _RANGE_TOLERANCE, self.value_range[1] + _RANGE_TOLERANCE
        if not (low >= lowest and high <= highest):  # so that NaN is outside
            outside = f"outside value_range={self.value_range}; mix before you normalise"
            raise ArgumentError(f"images go from {low:g} to {high:g}, {outside}")


class _Stream:
    """The samples of one class, one after the other, made a chunk at a time, and enlarged when they are taken."""

    def __init__(self, enlarger: Enlarger, seed: int) -> None:
        self.enlarger, self.seed, self.made = enlarger, seed, 0
        self.chunk = MIXTURE_CHUNK if isinstance(enlarger.sampler, Mixture) else CHUNK
        self.ready = torch.empty((0, *enlarger.sampler.shape), dtype=torch.uint8, device="cpu")

    def take(self, number: int, size: torch.Size) -> Tensor:
        """The next `number` samples, uint8 (number, C, *size)."""
        start, sampler = self.made - len(self.ready), self.enlarger.sampler
        while len(self.ready) < number:
            self.ready = torch.cat([self.ready, sampler.sample(self.chunk, seed=self.seed, start=self.made)])
            self.made += self.chunk
        taken, self.ready = self.ready[:number], self.ready[number:]
        made = torch.empty((number, sampler.shape[0], *size), dtype=torch.uint8, device="cpu")
        self.enlarger.fill(made, taken, seed=self.seed, start=start)
        return made


def _check_shape(batch: Sequence[int], sample: Sequence[int], originals: ImageSet | None) -> None:
    """batch: (N, C, H, W); sample: (C, h, w). Raises `ArgumentError` where samples cannot stand in such a batch."""
    made = f"images are {(*batch,)}, the generators make (N, {', '.join(map(str, sample))})"
    if len(batch) != 4 or batch[1] != sample[0]:
        raise ArgumentError(f"{made}: give batches of as many channels")
    (high, wide), (height, width) = batch[2:], sample[1:]
    if originals is not None:
        if (high, wide) != originals.images.shape[2:]:
            of = " x ".join(map(str, originals.images.shape[2:]))
            raise ArgumentError(f"{made}, and originals are {of}: give batches or load_originals the other's size")
    elif high < height or wide < width:
        raise ArgumentError(f"{made}: enlarge the batch, or train generators of smaller images (ingest.size)")
    elif not same_aspect((high, wide), (height, width)):
        fitting = " x ".join(map(str, larger_size(min(high, wide), (height, width))))
        raise ArgumentError(f"{made}, of another aspect: bring the batch to {fitting}, or to any size of that aspect")
