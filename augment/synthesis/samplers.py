"""Where a class's samples come from: its own generator and, in minority classes, latent transfer, without copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.engine import Engine, standalone
from augment.core.errors import ArgumentError
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.latent_transfer import MAX_DRAWS, LatentTransfer, latent_transfers, min_sample_distance, near_copies
from augment.params import Params
from augment.synthesis.transplant.repeats import transplants_of_repeats
from augment.synthesis.transplant.settings import NO_TRANSPLANT, TransplantSettings, transplant_settings
from augment.synthesis.transplant.transplant import Transplant, transplants

DEFAULT_TRANSFER_SHARE = 0.75  # the default of generate.borrowed


class Sampler(Protocol):
    """What a generator and a mixture have in common: of one seed image i is always the same, however many are asked."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed."""


@dataclass(frozen=True)
class CopyFree:
    """Samples of which one that is nearly a training image is drawn again, as those by latent transfer are.

    A GAN of ten photographs knows them by heart, and a quarter of its samples are copies of them.

    known: uint8 (N, C, H, W); min_distance: of a sample from each of them, as `near_copies` takes it.
    """

    generator: Sampler
    known: NDArray[np.uint8]
    min_distance: float

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.generator.shape

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        first, *others = self.seeds(seed)
        images = self.generator.sample(n, seed=first, start=start)
        for other in others:
            copies = near_copies(images, self.known, self.min_distance)
            if not copies.any():
                break
            images[copies] = self.generator.sample(n, seed=other, start=start)[copies]
        return images

    def seeds(self, seed: int) -> list[int]:
        """The seeds of the generator that a sample of `seed` is drawn with, first what is tried first."""
        return [seed, *(derive_seed(seed, "again", number) for number in range(1, MAX_DRAWS))]


@dataclass(frozen=True)
class Mixture:
    """A generator's samples in one sequence with those of latent transfer, which are a share of it, spread evenly."""

    generator: Sampler
    transfer: LatentTransfer
    transfer_share: float

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.generator.shape

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        transferred = torch.from_numpy(self.is_transferred(n, start))
        before = int(np.floor(start * self.transfer_share))  # so many of the earlier ones are transferred
        images = torch.empty((n, *self.shape), dtype=torch.uint8, device="cpu")
        images[~transferred] = self.generator.sample(int((~transferred).sum()), seed=seed, start=start - before)
        images[transferred] = self.transfer.sample(int(transferred.sum()), seed=seed, start=before)
        return images

    def is_transferred(self, n: int, start: int = 0) -> NDArray[np.bool_]:
        """Which of these images are made by latent transfer, bool (n,)."""
        before: NDArray[np.float64] = np.floor(np.arange(start, start + n + 1) * self.transfer_share)
        return np.diff(before).astype(np.bool_)

    def sources(self, n: int, *, seed: int = 0, start: int = 0) -> NDArray[np.int64]:
        """Which training image of the class each sample varies, int64 (n,), -1 where it is the generator's own."""
        transferred = self.is_transferred(n, start)
        before = int(np.floor(start * self.transfer_share))
        found = np.full(n, -1, dtype=np.int64)
        found[transferred] = self.transfer.sources(int(transferred.sum()), seed=seed, start=before)
        return found


def samplers(
    generators: GeneratorSet,
    train: ImageSet | None,
    seed: int,
    chosen: Params | None = None,
    larger: ImageSet | None = None,
) -> dict[str, Sampler]:
    """What samples each class that has a generator: the generator alone, or as the pipeline does.

    train: the images that the generators were trained on, None: no latent transfer. chosen: the settings that say where
    samples come from, None: the defaults. larger: as `transplants` takes them. Raises `ArgumentError` for other images,
    and for generators without the shared one, which latent transfer needs.
    """
    if train is None:
        if chosen is not None:
            raise ArgumentError("params need borrow_from, the images that the generators were trained on")
        return dict(generators)
    if not isinstance(train, ImageSet):
        raise ArgumentError(
            f"borrow_from must be an ImageSet, got {type(train).__name__}: augment.ImageSet.load(folder)"
        )
    settings, share, of_run = NO_TRANSPLANT, DEFAULT_TRANSFER_SHARE, seed
    if chosen is not None:
        settings, share, of_run = transplant_settings(chosen), chosen.generate.borrowed, chosen.seed
    if generators.shared is None:
        raise ArgumentError("borrow_from needs the generator of all classes (models/_shared), and these have none: "
                         "they were trained without transfer, or from a pinned base")  # fmt: skip
    if not _trained_on(generators.shared, train):
        raise ArgumentError(
            f"borrow_from has {len(train)} images {train.images.shape[1:]} of {train.classes}, not those "
            "that the generators were trained on: give data/prepared/train of the same run, or the arguments of "
            "train_generators as an ImageSet"
        )
    with standalone():
        carrying, _ = transplants(train, larger, settings, of_run, generators.translators)
        is_sought = share > 0 and _needs_transfer(train, carrying)
        transfers = latent_transfers(generators.shared, train, seed) if is_sought else {}
        return class_samplers(generators, train, settings.without_own(transfers), share, carrying)


def _trained_on(shared: ClassGenerator, train: ImageSet) -> bool:
    """By the fingerprint that the generator bears, with the set's groups or those that `train_generators` gives."""
    numbers = np.array([str(number) for number in range(len(train))], np.str_)
    ungrouped = ImageSet(train.images, train.labels, numbers, numbers)
    return shared.training.get("images_sha256") in (train.fingerprint(), ungrouped.fingerprint())


def class_samplers(
    generators: GeneratorSet,
    train: ImageSet,
    transfers: Mapping[str, LatentTransfer],
    transfer_share: float,
    translating: Mapping[str, Transplant] = MappingProxyType({}),
) -> dict[str, Sampler]:
    """Each class's generator; of a minority class without near copies, and mixed with its latent transfer; a class that
    is translated has samples of that kind alone, also where its GAN failed."""
    by_class: dict[str, Sampler] = dict(generators)
    for label in by_class.keys() & set(minority_classes(train.counts())):
        known = train.of_class(label).images
        by_class[label] = CopyFree(by_class[label], known, min_sample_distance(known))
    mixed: dict[str, Sampler] = {
        label: Mixture(sampler, transfers[label], transfer_share) if label in transfers else sampler
        for label, sampler in by_class.items()
    }
    sampled = mixed | dict(translating)
    return {label: sampled[label] for label in generators.classes if label in sampled}


def samplers_of_repeats(
    sets: Sequence[ImageSet],
    larger: Sequence[ImageSet] | None,
    generators: Sequence[GeneratorSet],
    seeds: Sequence[int],
    transfer_share: float,
    settings: TransplantSettings,
    engine: Engine,
) -> list[dict[str, Sampler]]:
    """As the pipeline samples each class, of each set and seed; transplants and latents are units of work."""
    carrying = transplants_of_repeats(
        sets, larger, settings, seeds, [known.translators for known in generators], engine
    )
    asked = [transfer_share > 0 and _needs_transfer(*unit) for unit in zip(sets, carrying, strict=True)]
    shared = [known.shared if needs else None for known, needs in zip(generators, asked, strict=True)]
    units = list(zip(shared, sets, seeds, strict=True))
    found = engine.gather(_transfers_of, units, "latents") if any(asked) else [{} for _ in seeds]
    return [
        class_samplers(known, train, settings.without_own(transfers), transfer_share, made)
        for known, train, transfers, made in zip(generators, sets, found, carrying, strict=True)
    ]


def _needs_transfer(train: ImageSet, carrying: Mapping[str, Transplant]) -> bool:
    """Whether a minority class is left that is not translated: the search takes as long as a GAN."""
    return not carrying.keys() >= {*minority_classes(train.counts())}


def _transfers_of(unit: tuple[ClassGenerator | None, ImageSet, int]) -> dict[str, LatentTransfer]:
    """Latent transfer for the classes of one seed; nothing where there is no shared generator."""
    shared, train, seed = unit
    return {} if shared is None else latent_transfers(shared, train, seed)
