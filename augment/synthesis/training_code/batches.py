"""The parts of a mix: a batch that fits, the class of each label, and the samples that come next."""

from collections.abc import Sequence

import torch
from torch import Tensor

from augment.core.errors import ArgumentError
from augment.data.imageset import ImageSet
from augment.data.sizes import larger_size, same_aspect
from augment.gan.generators import CHUNK
from augment.synthesis.larger import Enlarger
from augment.synthesis.samplers import Mixture
from augment.synthesis.training_code.arguments import Range

MIXTURE_CHUNK = 4 * CHUNK  # of a mixture: a quarter of it is the generator's own, which makes whole chunks
_RANGE_TOLERANCE = 1e-3  # rounding of half precision at the ends of a range
_SHARE_TOLERANCE, _SUM_TOLERANCE = 1e-3, 1e-2  # the same, of one share and of the sum of a row
NO_CLASS = -1


class SampleStream:
    """The samples of one class, one after the other, made a chunk at a time, and enlarged when they are taken."""

    def __init__(self, enlarger: Enlarger, seed: int) -> None:
        self.enlarger, self.seed, self.made = enlarger, seed, 0
        self.chunk = MIXTURE_CHUNK if isinstance(enlarger.sampler, Mixture) else CHUNK
        self.ready = torch.empty((0, *enlarger.sampler.shape), dtype=torch.uint8, device="cpu")

    def take(self, number: int, size: torch.Size) -> Tensor:
        """The next `number` samples, uint8 (number, C, *size)."""
        start, sampler = self.taken, self.enlarger.sampler
        while len(self.ready) < number:
            self.ready = torch.cat([self.ready, sampler.sample(self.chunk, seed=self.seed, start=self.made)])
            self.made += self.chunk
        taken, self.ready = self.ready[:number], self.ready[number:]
        made = torch.empty((number, sampler.shape[0], *size), dtype=torch.uint8, device="cpu")
        self.enlarger.fill(made, taken, seed=self.seed, start=start)
        return made

    @property
    def taken(self) -> int:
        """How many samples were taken."""
        return self.made - len(self.ready)

    def go_to(self, taken: int) -> None:
        """Go on as if so many samples were taken."""
        self.made = taken // self.chunk * self.chunk
        self.ready = torch.empty((0, *self.enlarger.sampler.shape), dtype=torch.uint8, device="cpu")
        if taken > self.made:
            self.ready = self.enlarger.sampler.sample(self.chunk, seed=self.seed, start=self.made)[taken - self.made :]
            self.made += self.chunk


def classes_of(labels: Tensor) -> Tensor:
    """The class index of each image, int64 (N,) on the CPU, `NO_CLASS` where a row of shares blends several.

    labels: class indices (N,), or float (N, K). A row says one class where one share is largest and all others are
    equal: one-hot, or smoothed (Szegedy et al. 2016, arXiv:1512.00567, section 7).
    """
    if labels.ndim == 1:
        return labels.cpu()
    shares, classes = labels.detach().cpu().double().sort(dim=1, descending=True)
    second = shares[:, min(1, labels.shape[1] - 1)]
    others_equal = second - shares[:, -1] <= _SHARE_TOLERANCE
    is_one = others_equal & ((shares[:, 0] - second > _SHARE_TOLERANCE) | (labels.shape[1] == 1))
    return classes[:, 0].where(is_one, NO_CLASS)


def check_batch(
    images: Tensor,
    labels: Tensor,
    classes: int,
    sample: Sequence[int] | None,
    originals: ImageSet | None,
    value_range: Range | None,
) -> None:
    """Raises `ArgumentError` for a batch that cannot be mixed.

    classes: how many there are; sample: (C, h, w) of one, None: there is no generator; originals: as `SyntheticMix`
    takes them.
    """
    if not (isinstance(images, Tensor) and isinstance(labels, Tensor)):
        kinds = f"{type(images).__name__}, {type(labels).__name__}"
        raise ArgumentError(f"images and labels must be tensors, got {kinds}")
    for name, tensor in (("images", images), ("labels", labels)):
        if tensor.layout != torch.strided or tensor.device.type == "meta":
            raise ArgumentError(f"{name} must be a tensor with values, got {tensor.layout} on {tensor.device}")
    _check_shape(images.shape, images.shape[1:] if sample is None else sample, originals)
    _check_labels(labels, len(images), classes)
    if images.dtype != torch.uint8 and len(images):
        _check_values(images, value_range)


def _check_labels(labels: Tensor, images: int, classes: int) -> None:
    soft = labels.is_floating_point() and labels.shape == (images, classes)
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if not soft and not (whole and labels.shape == (images,)):
        found = f"{labels.dtype} {tuple(labels.shape)}"
        raise ArgumentError(f"labels must be class indices ({images},), or floats ({images}, {classes}), got {found}")
    if soft and images:
        sums, least = labels.detach().double().sum(1), float(labels.min())
        if not (least >= -_SHARE_TOLERANCE and bool(((sums - 1).abs() <= _SUM_TOLERANCE).all())):  # so that NaN is out
            raise ArgumentError(f"labels: every row must be shares from 0 that add up to 1; they go from {least:g}, "
                             f"and rows add up to {float(sums.min()):g} to {float(sums.max()):g}")  # fmt: skip
    if soft or not images:
        return
    first, last = min(labels.tolist()), max(labels.tolist())
    if not 0 <= first <= last < classes:
        raise ArgumentError(f"labels go from {first} to {last}, and there are {classes} classes")


def _check_values(images: Tensor, value_range: Range | None) -> None:
    if not images.is_floating_point():
        raise ArgumentError(f"images are {images.dtype}; give uint8, or floats with value_range")
    if value_range is None:
        raise ArgumentError(f"images are {images.dtype}; state value_range=(0, 1) or (-1, 1)")
    low, high = float(images.min()), float(images.max())
    lowest, highest = value_range[0] - _RANGE_TOLERANCE, value_range[1] + _RANGE_TOLERANCE
    if not (low >= lowest and high <= highest):  # so that NaN is outside
        outside = f"outside value_range={value_range}; mix before you normalise"
        raise ArgumentError(f"images go from {low:g} to {high:g}, {outside}")


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
