"""Real images as a backbone sees them: each as it is, and augmented views of the training images, looked at once.

All arms and repeats draw from the same rows, so a repeat costs no further look at a real image. Rows are found by the
content of an image, and what was seen is kept in the work store.
"""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from augment.core.engine import Engine, SharedArray
from augment.core.files import SEEN_STORE, sha256_json
from augment.core.seeds import derive_seed, global_torch_rng
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.judged import JudgedImages, content
from augment.measure.augmentations import augment_of
from augment.measure.backbone.backbone import Chosen, described, identity, load_backbone
from augment.params.arm_row import Augmentation
from augment.project.sealed import HASH_DIGITS, is_sealed, write_sealed

AUGMENTATION: Augmentation = "randaugment"  # of views
VIEWS_PER_CLASS, MIN_VIEWS, MAX_VIEWS = 500, 4, 60  # of a class about so many; of an image
ROWS_OF_UNIT, UNIT_VALUES = 512, 2**25  # looked at by one unit of work, but 32 at least
AHEAD_IMAGES, AHEAD_VALUES = 512, 2**23  # augmented in one go, but 16 at least
STORE = SEEN_STORE
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """How images are looked at: the backbone, the flips that the data allows, the seed of the views, and what is shown
    in the place of real working-size pictures, None where these are all there is."""

    backbone: Chosen
    flips: str
    seed: int
    judged: JudgedImages | None = None

    def shown(self, images: UInt8) -> UInt8:
        """What the backbone is shown of real images."""
        return images if self.judged is None else self.judged.of(images)


@dataclass(frozen=True)
class SeenImages:
    """key: of what was looked at, and how
    places: an image's content -> the row of it as it is, and how many views follow
    features: float32 (rows, D), pooled; activations: float16 (rows, ...), before the layers that are trained on
    """

    key: str
    places: Mapping[bytes, tuple[int, int]]
    features: SharedArray
    activations: SharedArray

    def plain(self, images: UInt8) -> Rows:
        """Rows (N,) of the images as they are."""
        return np.array([self.places[content(image)][0] for image in images], dtype=np.int64)

    def views(self, images: UInt8) -> tuple[Rows, Rows]:
        """Rows of all views of the images, and which image (a position) each is of."""
        found = [self.places[content(image)] for image in images]
        owners = np.repeat(np.arange(len(found)), [count for _, count in found])
        rows = [np.arange(first + 1, first + 1 + count) for first, count in found]
        return np.concatenate([np.zeros(0, np.int64), *rows]), owners

    def close(self) -> None:
        self.features.close()
        self.activations.close()


def see_images(trains: Sequence[ImageSet], others: Sequence[UInt8], look: Look, engine: Engine) -> SeenImages:
    """Look at training images, with views, and at other images as they are. Raises `ParamsError` without a backbone."""
    wanted: dict[bytes, tuple[NDArray[np.uint8], int]] = {}
    for images in others:
        wanted |= {content(image): (image, 0) for image in images}
    for train in trains:
        counts = train.counts()
        for image, label in zip(train.images, train.labels.tolist(), strict=True):
            wanted.setdefault(content(image), (image, 0))
            wanted[content(image)] = (image, max(wanted[content(image)][1], views_of(counts[label])))
    views = [count for _, count in wanted.values()]
    firsts = np.cumsum([0, *(1 + count for count in views)])[:-1].tolist()
    places = dict(zip(wanted, zip(firsts, views, strict=True), strict=True))
    known = [AUGMENTATION, identity(look.backbone), look.flips, look.seed, _contents(wanted, look), views]
    key = sha256_json(known)[:32]
    features, activations = _kept(STORE / f"{key}.seen", list(wanted.values()), look, engine)
    return SeenImages(key, places, SharedArray(features), SharedArray(activations))


def views_of(images_of_class: int) -> int:
    """Views of each image of a class: more where it has few images."""
    return int(np.clip(round(VIEWS_PER_CLASS / images_of_class), MIN_VIEWS, MAX_VIEWS))


def _contents(wanted: Mapping[bytes, tuple[UInt8, int]], look: Look) -> list[str]:
    """What is shown of each image, in hexadecimal digits."""
    if look.judged is None:
        return [key.hex() for key in wanted]
    return [content(look.judged.images.array[look.judged.rows[key]]).hex() for key in wanted]


def see_made(images: UInt8, look: Look, seed: int, augmented: bool) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Features (N, D) and activations (N, ...) of made images, each seen once: augmented as views of real images are,
    or as it is."""
    shown = augmented_once(images, look.flips, seed) if augmented else images
    parts = list(described(load_backbone(look.backbone), shown))
    seen, early = (np.concatenate([part[at] for part in parts]) for at in (1, 0))
    return seen, np.ascontiguousarray(early)  # channels last from the network, which safetensors would store wrongly


def _kept(
    path: Path, wanted: Sequence[tuple[NDArray[np.uint8], int]], look: Look, engine: Engine
) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    """Features and activations, from the work store, or looked at now and kept there."""
    if is_sealed(path, path.stem):
        path.touch()  # used just now
        with path.open("rb") as kept:
            kept.seek(HASH_DIGITS)
            return np.load(kept, allow_pickle=False), np.load(kept, allow_pickle=False)
    units: list[tuple[list[tuple[NDArray[np.uint8], int]], Look, int]] = []
    rows, part = 0, []
    values = look.shown(wanted[0][0][None]).size if wanted else 1
    most = min(ROWS_OF_UNIT, max(32, UNIT_VALUES // values))
    for image, views in wanted:
        part.append((image, views))
        rows += 1 + views
        if rows >= most:
            units.append((part, look, len(units)))
            rows, part = 0, []
    units += [(part, look, len(units))] if part else []
    parts = engine.gather(_see_part, units, "backbone")
    features, activations = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    del parts
    write_sealed(path, path.stem, *_saved(features), *_saved(activations), durable=False)
    return features, activations


def _saved(array: NDArray[Any]) -> tuple[bytes, memoryview]:
    """What `np.save` writes of an array in C order; the array itself is not copied."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue(), array.reshape(-1).view(np.uint8).data


def _see_part(
    unit: tuple[list[tuple[NDArray[np.uint8], int]], Look, int],
) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
    wanted, look, number = unit
    counts = [1 + views for _, views in wanted]
    shown = look.shown(np.stack([image for image, _ in wanted])).repeat(counts, axis=0)
    is_view = np.concatenate([np.arange(1 + views) > 0 for _, views in wanted])
    shown[is_view] = augmented_once(shown[is_view], look.flips, derive_seed(look.seed, "views", number))
    return see_made(shown, look, 0, augmented=False)


def augmented_once(images: UInt8, flips: str, seed: int) -> UInt8:
    """Each image augmented once, uint8 (N, C, H, W)."""
    augment = augment_of(AUGMENTATION, flips, *images.shape[1:])
    assert augment is not None
    ahead = min(AHEAD_IMAGES, max(16, AHEAD_VALUES // max(1, math.prod(images.shape[1:]))))
    changed = np.empty_like(images)
    with global_torch_rng(seed), torch.no_grad():
        for at in range(0, len(images), ahead):
            shown = torch.from_numpy(images[at : at + ahead]).float() / 255
            changed[at : at + ahead] = (augment(shown) * 255).round().to(torch.uint8).numpy()
    return changed
