"""Over-sampling by GANs in imbalanced-learn's way: `fit_resample` on images that are rows of pixels, or arrays."""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError, AugmentError
from augment.data.arguments import short
from augment.data.imageset import ImageSet
from augment.gan.api import train_generators
from augment.gan.generators import GeneratorSet
from augment.gan.rows.generators import RowGenerators
from augment.params.types import Flips
from augment.synthesis.training_code.datasets import SyntheticDataset
from augment.synthesis.training_code.row_resampling import positions_of, rows_from, trained_on

try:
    from imblearn.over_sampling.base import BaseOverSampler
except ImportError:  # the class is there all the same, and its first use says what to install
    BaseOverSampler = object


class GANOverSampler(BaseOverSampler):  # type: ignore[misc]
    """Over-samples images with a GAN of each class, as the samplers of imbalanced-learn do with rows of a table.

    sampling_strategy: which classes get how many, as in imbalanced-learn: "auto" or "not majority" raises all to the
    largest class; "minority", "not minority", "all"; a mapping label -> images after resampling; of two classes the
    ratio of the smaller to the larger, above 0 and at most 1; or a function of y that returns a mapping.
    random_state: None, a number, or a `numpy.random.RandomState`; equal numbers give equal images.
    image_shape: (C, H, W) of a row of pixels, in this order, C 1 or 3; None: X has it, or a row is a grey square.
    latent_transfer: whether three of four images of a minority class vary its own as images of majority classes do, and
    near copies of training images are drawn again, as `SyntheticDataset` does by `borrow_from`.
    kind: "images", or "rows" of a table, any numbers (n, columns), which come back in their units and ranges;
    categorical_features: of rows, positions of columns whose numbers are names, as SMOTENC takes them.
    flips, network, width, shared_steps, steps, device, store, progress: as `train_generators` takes them; of rows
    width, shared_steps and steps alone play a part.

    After `fit_resample` there are `sampling_strategy_` (label -> images added), `image_shape_` and, where images were
    added, `generators_`. Within cross-validation GANs are trained for every fold: minutes each. A class whose GAN
    failed is warned of and left as it was. Needs imbalanced-learn, of the extra `imblearn`.

    >>> import augment, numpy as np
    >>> X, y = np.random.default_rng(0).random((12, 64)), np.array(["dent"] * 8 + ["scratch"] * 4)  # 8x8 pixels
    >>> sampler = augment.GANOverSampler(random_state=0, width=4, shared_steps=8, steps=8)  # leave the last three out
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> X_resampled.shape, X_resampled.dtype, sampler.image_shape_
    ((16, 64), dtype('float64'), (1, 8, 8))
    >>> np.unique(y_resampled, return_counts=True)[1]
    array([8, 8])
    """

    def __init__(
        self,
        *,
        sampling_strategy: Any = "auto",
        random_state: Any = None,
        image_shape: Sequence[int] | None = None,
        latent_transfer: bool = True,
        kind: Literal["images", "rows"] = "images",
        categorical_features: Sequence[int] | None = None,
        flips: Flips = "none",
        network: str = "dcgan",
        width: int = 32,
        shared_steps: int | Literal["auto"] = "auto",
        steps: int | Literal["auto"] = "auto",
        device: str = "auto",
        store: str | Path | None = None,
        progress: bool = False,
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.image_shape = image_shape
        self.latent_transfer = latent_transfer
        self.kind = kind
        self.categorical_features = categorical_features
        self.flips = flips
        self.network = network
        self.width = width
        self.shared_steps = shared_steps
        self.steps = steps
        self.device = device
        self.store = store
        self.progress = progress

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:  # noqa: N803  (scikit-learn's names)
        """The images of X in their order and, after them, made ones, class by class; and their labels.

        X: (n, pixels), (n, H, W) or (n, C, H, W), any real dtype, which is kept: all but uint8 goes through 256 levels
        from its smallest value to its largest. A DataFrame and lists of rows come back as such. y: n labels.
        Raises `AugmentError` without imbalanced-learn, `ArgumentError`, ValueError or TypeError for what does not fit,
        and as `train_generators` does.
        """
        if BaseOverSampler is object:
            raise AugmentError("GANOverSampler needs imbalanced-learn: pip install 'gan-augment[imblearn]'")
        if self.kind not in ("images", "rows"):
            raise ArgumentError(f"kind must be 'images' or 'rows', got {short(self.kind)}")
        if self.kind == "rows":
            return super().fit_resample(X, y)  # type: ignore[no-any-return]
        shape = np.shape(X)
        if len(shape) <= 2:
            self.image_shape_ = _shape_of_rows(self.image_shape, shape)
            return super().fit_resample(X, y)  # type: ignore[no-any-return]
        self.image_shape_ = _shape_of_arrays(self.image_shape, shape)
        rows, labels = super().fit_resample(np.asarray(X).reshape(len(X), -1), y)
        return rows.reshape(-1, *shape[1:]), labels

    def _fit_resample(self, X: Any, y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:  # noqa: N803
        """Called by the base class with `sampling_strategy_` set. X: dense (n, pixels); y: labels (n,)."""
        if not isinstance(X, np.ndarray):
            raise TypeError(f"X must be dense, got {short(X)}: give X.toarray()")
        if self.kind == "images" and math.prod(self.image_shape_) != X.shape[1]:
            raise ArgumentError(f"image_shape={self.image_shape_} has not the {X.shape[1]} pixels of a row of X")
        if not any(self.sampling_strategy_.values()):
            return X.copy(), y.copy()
        from sklearn.utils import check_random_state  # noqa: PLC0415  (the base install has none)

        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        if self.kind == "rows":
            return self._with_rows(X, y, seed)
        low, high = float(X.min()), float(X.max())
        made, labels = self._made(_to_bytes(X, low, high).reshape(-1, *self.image_shape_), y, seed)
        return np.vstack([X, _from_bytes(made, X.dtype, low, high)]), np.concatenate([y, labels])

    def _with_rows(self, X: NDArray[Any], y: NDArray[Any], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:  # noqa: N803
        """X and y with rows of a table added, in the dtype of X."""
        classes, indices = np.unique(y, return_inverse=True)
        names, wanted = [str(label) for label in classes], self.sampling_strategy_
        of_rows, categorical = [names[index] for index in indices], positions_of(self.categorical_features)
        steps = (self.shared_steps, self.steps)
        generators = trained_on(X, of_rows, categorical, seed, self.width, *steps)
        self.generators_: RowGenerators | GeneratorSet = generators
        for name, reason in generators.failed.items():
            warnings.warn(f"class {name!r} is left as it is, since its GAN failed: {reason}", stacklevel=6)
        counts = {name: wanted.get(label, 0) for name, label in zip(names, classes, strict=True)}
        made, labels = rows_from(generators, {k: n for k, n in counts.items() if k in generators}, X.shape[1], seed)
        added = classes[[names.index(label) for label in labels]]
        kept = made if np.issubdtype(X.dtype, np.floating) else np.rint(made)
        return np.vstack([X, kept.astype(X.dtype)]), np.concatenate([y, added])

    def _made(self, images: NDArray[np.uint8], y: NDArray[Any], seed: int) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """Rows of pixels uint8 (m, pixels), class by class, and their labels."""
        classes, indices = np.unique(y, return_inverse=True)
        names = [str(label) for label in classes]
        generators = train_generators(
            images,
            indices.tolist(),
            classes=names,
            seed=seed,
            flips=self.flips,
            network=self.network,
            width=self.width,
            shared_steps=self.shared_steps,
            steps=self.steps,
            device=self.device,
            store=self.store,
            progress=self.progress,
        )
        self.generators_ = generators
        for name, reason in generators.failed.items():
            warnings.warn(f"class {name!r} is left as it is, since its GAN failed: {reason}", stacklevel=6)
        wanted = {str(label): number for label, number in self.sampling_strategy_.items()}
        numbers = np.arange(len(y)).astype(np.str_)
        real = ImageSet(images, np.array(names, np.str_)[indices], numbers, numbers) if self.latent_transfer else None
        counts = {name: wanted.get(name, 0) for name in generators}
        fakes = SyntheticDataset(generators, counts, borrow_from=real, seed=seed)
        made: NDArray[np.uint8] = fakes.images.as_subclass(Tensor).numpy().reshape(len(fakes), -1)
        return made, classes[fakes.targets]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags


def _shape_of_rows(stated: Sequence[int] | None, shape: Sequence[int]) -> tuple[int, int, int]:
    """(C, H, W) of rows of pixels. Raises `ArgumentError`."""
    pixels = shape[1] if len(shape) == 2 else 0
    side = math.isqrt(pixels)
    if stated is not None:
        return _stated_shape(stated)
    if side * side != pixels:
        raise ArgumentError(f"image_shape: {pixels} pixels are no grey square; state image_shape=(C, H, W), C 1 or 3, "
                         "each colour's pixels together")  # fmt: skip
    return 1, side, side


def _shape_of_arrays(stated: Sequence[int] | None, shape: Sequence[int]) -> tuple[int, int, int]:
    """(C, H, W) of images (n, H, W) or (n, C, H, W). Raises `ArgumentError`."""
    found = (1, *shape[1:]) if len(shape) == 3 else (*shape[1:],)
    if len(found) != 3 or found[0] not in (1, 3):
        last = ": X.transpose(0, 3, 1, 2)" if len(found) == 3 and found[2] in (1, 3) else ""
        raise ArgumentError(f"X must be (n, pixels), (n, H, W) or (n, C, H, W) with C 1 or 3, got {(*shape,)}{last}")
    if stated is not None and _stated_shape(stated) != found:
        raise ArgumentError(f"image_shape={(*stated,)}, and X is of images {found}; leave image_shape out")
    channels, height, width = found
    return channels, height, width


def _stated_shape(stated: Sequence[int]) -> tuple[int, int, int]:
    sides = tuple(stated) if isinstance(stated, tuple | list) else ()
    if len(sides) != 3 or sides[0] not in (1, 3) or not all(isinstance(side, int | np.integer) for side in sides):
        raise ArgumentError(f"image_shape must be (C, H, W) with C 1 or 3, got {short(stated)}")
    channels, height, width = map(int, sides)
    return channels, height, width


def _to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """uint8 as it is; else the level, of 256 from low to high, that is nearest."""
    if values.dtype == np.uint8:
        return values
    if low == high:
        return np.zeros(values.shape, np.uint8)
    levels: NDArray[np.uint8] = np.rint((values.astype(np.float64) - low) / (high - low) * 255).astype(np.uint8)
    return levels


def _from_bytes(levels: NDArray[np.uint8], dtype: np.dtype[Any], low: float, high: float) -> NDArray[Any]:
    """What `_to_bytes` takes apart, in its dtype."""
    if dtype == np.uint8:
        return levels
    values = low + levels.astype(np.float64) / 255 * (high - low)
    return (values if np.issubdtype(dtype, np.floating) else np.rint(values)).astype(dtype)
