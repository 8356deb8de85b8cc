"""Samples of a training loop at a larger size: edits of originals where one varies a training image, else enlarged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError
from augment.data.arguments import short, size_argument
from augment.data.imageset import ImageSet
from augment.data.sizes import Size, larger_size
from augment.gan.upscale.upscaler import Upscaler
from augment.synthesis.native import Varied, native_samples, upscaled
from augment.synthesis.samplers import Mixture, Sampler
from augment.synthesis.transplant.transplant import Transplant

PART_VALUES = 2**22  # of the images that are made in one go, at least one: copies of all would fill the memory


@dataclass(frozen=True)
class Enlarger:
    """Of one class: its sampler, and the images that its samples vary.

    pictures, originals: the whole training set as ImageSets, small and large; None: samples are enlarged. own: which of
    them are of the class, int64 (m,); upscaler: enlarges, None: bicubically
    """

    sampler: Sampler
    pictures: ImageSet | None
    originals: ImageSet | None
    own: NDArray[np.int64]
    upscaler: Upscaler | None = None

    def fill(self, made: Tensor, samples: Tensor, *, seed: int, start: int = 0) -> None:
        """Samples start to start + n - 1 of this seed, uint8 (n, C, h, w), go into `made`, uint8 (n, C, H, W)."""
        if made.shape == samples.shape:
            made.copy_(samples)
            return
        if self.originals is not None and isinstance(self.sampler, Transplant):
            self._carry(made, self.originals.images, self.sampler, seed, start)
            return
        source = self._sources(len(samples), seed, start)
        no_images = np.empty((0, *made.shape[1:]), dtype=np.uint8)
        pictures = no_images if self.pictures is None else self.pictures.images
        originals = no_images if self.originals is None else self.originals.images
        size = max(1, PART_VALUES // max(1, made[:1].numel()))
        for at in range(0, len(samples), size):
            part = slice(at, at + size)
            varied = Varied(samples[part].numpy(), source[part], pictures)
            made[part] = torch.from_numpy(native_samples(varied, originals, self._enlarge))

    def _carry(self, made: Tensor, originals: NDArray[np.uint8], sampler: Transplant, seed: int, start: int) -> None:
        """The same defects onto the same images, as large as originals are."""
        how = sampler.translated(sampler.draws(len(made), seed=seed, start=start))
        size = max(1, PART_VALUES // max(1, made[:1].numel()))
        for at in range(0, len(made), size):
            part = how.take(slice(at, at + size))
            made[at : at + size] = torch.from_numpy(part.onto(originals[part.draws.lender]))

    def _enlarge(self, samples: NDArray[np.uint8], size: tuple[int, ...]) -> NDArray[np.uint8]:
        """Of samples that vary no training image."""
        return upscaled(samples, size) if self.upscaler is None else self.upscaler(samples, size).numpy()

    def _sources(self, n: int, seed: int, start: int) -> NDArray[np.int64]:
        """Which training image each sample varies, -1 for none."""
        if self.originals is None or not isinstance(self.sampler, Mixture):
            return np.full(n, -1, dtype=np.int64)
        found = self.sampler.sources(n, seed=seed, start=start)
        return np.where(found < 0, -1, self.own[found])


def enlargers(
    samplers: Mapping[str, Sampler],
    train: ImageSet | None,
    originals: ImageSet | None,
    upscaler: Upscaler | None = None,
) -> dict[str, Enlarger]:
    """Of each class; with originals edits alone where a class has any, as in data/augmented (`edits_alone`). train,
    originals: as `originals_argument` takes them. Raises TypeError or `ArgumentError` for no fitting upscaler."""
    for sampler in samplers.values():
        check_upscaler(upscaler, sampler.shape[0])
    labels = np.array([], dtype=np.str_) if train is None else train.labels
    return {
        label: Enlarger(
            replace(sampler, transfer_share=1.0) if originals and isinstance(sampler, Mixture) else sampler,
            train, originals, np.flatnonzero(labels == label), upscaler,
        )
        for label, sampler in samplers.items()
    }  # fmt: skip


def originals_argument(originals: object, train: object) -> ImageSet | None:
    """Raises `ArgumentError` for what is not the training images once more, larger."""
    if originals is None:
        return None
    again = "augment.load_originals(size=224) gives them"
    if not isinstance(originals, ImageSet):
        raise ArgumentError(f"originals must be an ImageSet, got {short(originals)}; {again}")
    if not isinstance(train, ImageSet):
        raise ArgumentError(
            "originals need borrow_from, the images that the generators were trained on, smaller: "
            "augment.ImageSet.load('data/prepared/train')"
        )
    (_, channels, high, wide), (_, other, height, width) = originals.images.shape, train.images.shape
    same = np.array_equal(originals.labels, train.labels) and np.array_equal(originals.sources, train.sources)
    if not same or channels != other:
        found = f"{len(originals)} images {originals.images.shape[1:]} of {short(originals.classes)}"
        raise ArgumentError(
            f"originals are {found}: not the images of borrow_from, {len(train)} of {other} channels, with the same "
            f"labels and sources in the same order; {again}"
        )
    if high < height or wide < width or (high, wide) == (height, width):
        raise ArgumentError(f"originals are {high} x {wide}, borrow_from {height} x {width}: give larger ones; {again}")
    return originals


def check_upscaler(upscaler: object, channels: int) -> None:
    """Raises TypeError or `ArgumentError` for what enlarges no images of so many channels; None is none."""
    if upscaler is not None and not isinstance(upscaler, Upscaler):
        raise TypeError(f"upscaler must be an augment.Upscaler, as train_upscaler makes, got {short(upscaler)}")
    if upscaler is not None and upscaler.network.shape.channels != channels:
        of = upscaler.network.shape.channels
        raise ArgumentError(f"upscaler is of images with {of} channels, the generators' have {channels}")


def dataset_size(size: object, originals: ImageSet | None, working: Size) -> Size:
    """(height, width) that images are made at. Raises TypeError or `ArgumentError`, also where size and originals
    differ."""
    of_originals = working if originals is None else originals.images.shape[2:]
    if size is None or not min(working):  # of no generator at all
        return of_originals
    chosen = larger_size(size_argument(size), working)
    if originals is not None and chosen != of_originals:
        raise ArgumentError(
            f"size={short(size)} is {chosen}, and originals are {of_originals}: give load_originals the size"
        )
    return chosen
