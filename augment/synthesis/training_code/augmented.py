"""data/augmented in a training loop of your own: its images, drawn and augmented as the verdict says."""

from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, WeightedRandomSampler

from augment.core.errors import ArgumentError, AugmentError, DataError
from augment.core.files import Row, read_file
from augment.core.seeds import torch_rng
from augment.data.arguments import flag_argument, path_argument, sequence_argument, short, size_argument, whole_number
from augment.data.decoding import decode, fitting
from augment.data.delivered import Recipe, read_manifest, read_recipe, real_rows, require_images
from augment.data.entries import SPLITS
from augment.data.sources.disk import Rejected

MAX_FILE_BYTES = 2**31
Size = int | tuple[int, int]
Pixels = NDArray[np.uint8]


def load_augmented(
    folder: str | PathLike[str],
    split: str = "train",
    *,
    size: Size | None = None,
    transform: Callable[[Tensor], Any] | None = None,
    classes: Sequence[str] | None = None,
    verify: bool = False,
) -> "AugmentedDataset":
    """One split of data/augmented, as `assemble` wrote it; items are (image uint8 (C, H, W), class index).

    size: None gives images as they are stored; a number resizes the shorter side to it and crops the centre, to a
    square; (height, width) resizes to that. Smaller images are antialiased. C is 1 or 3, the same for all.
    transform: applied to each image. classes: labels in the order of your indices, at least those of the folder;
    without it, `recipe.classes`. verify: whether every file is compared with the manifest's hash first.

    No image is read before it is asked for. Raises `DataError` for a folder, manifest or image that is missing or
    damaged, `ArgumentError` or TypeError for arguments that do not fit.

    >>> import augment
    >>> train = augment.load_augmented("data/augmented", size=224)
    >>> train.classes, len(train), int(train.synthetic.sum())
    (['dent', 'scratch'], 8, 2)
    >>> image, target = train[0]
    >>> image.shape, image.dtype, train.classes[target]
    (torch.Size([1, 224, 224]), torch.uint8, 'dent')
    """
    place, chosen_size = path_argument("folder", folder), None if size is None else size_argument(size)
    order = None if classes is None else _order_argument(classes)
    _check_arguments(split, transform, verify)
    rows = [row for row in read_manifest(place) if row["split"] == split]
    if not rows:
        raise DataError(f"{place}: its manifest.csv has no images of split {split}. Name another.")
    require_images(place, rows, verify=verify)
    return AugmentedDataset(place, rows, read_recipe(place), order, chosen_size, transform)


class AugmentedDataset(Dataset[tuple[Any, int]]):
    """What `load_augmented` gives, which says what its arguments are; it can be pickled where `transform` can.

    classes: labels in the order of the indices; targets: the class index of each image; weights: float64 (N,), how
    often to draw each, 1 on average; synthetic: bool (N,); sources: where each image came from; recipe: recipe.json.

    >>> import augment
    >>> from torch.utils.data import DataLoader
    >>> train = augment.load_augmented("data/augmented", size=224)
    >>> change = train.augmentation()
    >>> loader = DataLoader(train, batch_size=4, sampler=train.sampler(seed=0))
    >>> for images, targets in loader:
    ...     images = change(images / 255)
    >>> images.shape, len(train.real_only())
    (torch.Size([4, 1, 224, 224]), 6)
    """

    def __init__(
        self,
        folder: Path,
        rows: Sequence[Row],
        recipe: Recipe,
        classes: Sequence[str] | None,
        size: Size | None,
        transform: Callable[[Tensor], Any] | None,
    ) -> None:
        self.folder, self.recipe, self.size, self.transform = folder, recipe, size, transform
        self.classes = list(recipe.classes if classes is None else classes)
        index_of = {label: index for index, label in enumerate(self.classes)}
        unknown = sorted({row["label"] for row in rows} - index_of.keys())
        if unknown:
            named, kind = ("recipe.json", DataError) if classes is None else ("classes", ArgumentError)
            raise kind(f"{named} names {self.classes}, and images of {folder} are of {unknown[:5]}; name those too")
        self.targets = [index_of[row["label"]] for row in rows]
        weights = np.array([float(row["weight"]) for row in rows])
        if not weights.any():
            raise DataError(f"{folder}: every weight in manifest.csv is 0. Run `dvc repro -f assemble`.")
        self.weights = torch.from_numpy(weights / weights.mean())
        self.synthetic = np.array([row["synthetic"] == "1" for row in rows], dtype=bool)
        self.sources = [row["source"] for row in rows]
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        row = self._rows[whole_number("index", index)]
        image = torch.from_numpy(self._pixels(row["path"]))
        shown = image if self.transform is None else self.transform(image)
        if self.size is None and type(shown) is Tensor:
            shown = shown.as_subclass(OfItsOwnSize)
        return shown, self.targets[index]

    def _pixels(self, path: str) -> Pixels:
        """uint8 (C, H, W)."""
        try:
            content = read_file(self.folder / path, MAX_FILE_BYTES)
            pixels = decode.pixels_of(content, path, background=self.recipe.background, white=self.recipe.white)
        except (OSError, Rejected) as error:
            what = error.detail if isinstance(error, Rejected) else error.strerror
            raise DataError(f"{self.folder / path}: {what}. Run `dvc repro -f assemble`.") from error
        pixels = fitting.to_grey(pixels) if self.recipe.channels == 1 else pixels
        planes = (pixels if self.size is None else resized(pixels, self.size)).transpose(2, 0, 1)
        return np.array(np.broadcast_to(planes, (self.recipe.channels, *planes.shape[1:])), order="C")

    def sampler(self, seed: int = 0) -> WeightedRandomSampler:
        """Draws as many images as there are, as often as `weights` say. Its `generator` has the state, to be kept in a
        checkpoint: `sampler.generator.get_state()` before an epoch, and `set_state`."""
        rng = torch_rng(whole_number("seed", seed), "augmented")
        return WeightedRandomSampler(self.weights.tolist(), len(self), generator=rng)

    def augmentation(self) -> Callable[[Tensor], Tensor]:
        """What the verdict augments with, for a float batch (N, C, H, W) in [0, 1]; for none, what leaves it as it is.

        Where it names blends across classes (mixup_cutmix) these are the classical moves beneath them: blends change
        labels too (`augment.measure.augmentations.mixup_or_cutmix`). Needs kornia, of the extra `pipeline`.
        """
        name = self.recipe.augmentation
        if name is None:
            return _unchanged
        try:
            from augment.measure.augmentations import augment_batch  # noqa: PLC0415  (the base install has no kornia)
        except ImportError as error:
            raise AugmentError(
                f"augmentation {name} needs {error.name}: pip install 'gan-augment[pipeline]'"
            ) from error
        return partial(augment_batch, augmentation=name, flips=self.recipe.flips)

    def real_only(self) -> "AugmentedDataset":
        """The same without synthetic images; in train, weights balance the classes."""
        rows, recipe = real_rows(self._rows), self.recipe.real_alone()
        return AugmentedDataset(self.folder, rows, recipe, self.classes, self.size, self.transform)


class OfItsOwnSize(Tensor):
    """An image that stands in a batch with others of its size alone; all that is made of it is a plain tensor."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.stack and args and len({part.shape for part in args[0]}) > 1:
            sizes = " and ".join(str(tuple(part.shape)) for part in args[0][:2])
            raise ArgumentError(
                f"images of several sizes, such as {sizes}, stand in one batch: give load_augmented size=224 or "
                "size=(height, width), or your loader a collate_fn of its own"
            )
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))


def resized(pixels: Pixels, size: Size) -> Pixels:
    """(H, W, C) to (height, width, C), or to a square: the shorter side resized to a number, then the centre."""
    if not isinstance(size, int):
        return pixels if pixels.shape[:2] == size else fitting.resize(pixels, *size)
    scale = size / min(pixels.shape[:2])
    height, width = (max(size, round(side * scale)) for side in pixels.shape[:2])
    pixels = pixels if scale == 1 else fitting.resize(pixels, height, width)
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]


def _unchanged(images: Tensor) -> Tensor:
    return images


def _check_arguments(split: object, transform: object, verify: object) -> None:
    """Raises TypeError for another kind, `ArgumentError` for a split that there is not."""
    if not isinstance(split, str) or split not in SPLITS:
        raise ArgumentError(f"split must be one of {', '.join(SPLITS)}, got {short(split)}")
    if transform is not None and not callable(transform):
        raise TypeError(f"transform must be a function, got {short(transform)}")
    flag_argument("verify", verify)


def _order_argument(classes: object) -> list[str]:
    order = sequence_argument("classes", classes)
    if not all(isinstance(label, str) for label in order) or len(set(order)) < len(order):
        raise ArgumentError(f"classes must be labels, each once, got {short(order)}")
    return order
