"""What the playground's page shows of a set of generators, as values that JSON takes, and the picks it writes."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import AugmentError, BundleError
from augment.core.grids import picture, png
from augment.core.words import printable
from augment.data.imageset import ImageSet
from augment.explore.directions import directions
from augment.explore.places import Place, place_of
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.latent_transfer import latent_transfers
from augment.gan.networks.build import Generator
from augment.gan.rows.generators import RowGenerators
from augment.measure.features import pixels
from augment.measure.metrics import nearest
from augment.synthesis.picks import FILE, Choice, Picks, drawn_with, read_picks
from augment.synthesis.samplers import Mixture, Sampler, class_samplers
from augment.synthesis.selection import are_copies, copy_threshold
from augment.synthesis.transplant.settings import NO_TRANSPLANT, TransplantSettings
from augment.synthesis.transplant.transplant import transplants

SLIDERS = 6
NEAREST = 5  # training images beside a sample


@dataclass(frozen=True)
class Playground:
    """Generators, what samples each class, and where picks go.

    samplers: by label, as `generate` samples where the training images are there; train: None where they are not, and
    then nothing can be picked; limits: label -> the distance of a copy; seed: that `generate` draws with; picks: as
    they stood at the start.
    """

    generators: GeneratorSet
    samplers: Mapping[str, Sampler]
    train: ImageSet | None
    limits: Mapping[str, float]
    seed: int
    models: Path
    folder: Path
    picks: Picks
    directions_of: dict[Generator, Tensor] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """The classes that can be sampled; a request names one by its position."""
        return list(self.generators)

    def state(self) -> dict[str, Any]:
        """What the page begins with."""
        counts = self.train.counts() if self.train else {}
        return {
            "classes": [{"label": _shown(label), "images": counts.get(label)} for label in self.labels],
            "failed": [_shown(label) for label in self.generators.failed],
            "size": "x".join(map(str, next(iter(self.generators.values())).shape[1:])),
            "seed": self.seed,
            "sliders": min(SLIDERS, next(iter(self.generators.values())).network.architecture.latent),
            "file": _shown(str(self.folder / FILE)) if self.train else None,
            "picks": self.counts(self._read()),
        }

    def samples(self, label: str, seed: int, start: int, count: int) -> dict[str, Any]:
        """Samples start to start + count - 1: their pictures, whether they are near copies, and what was picked."""
        images = self.samplers[label].sample(count, seed=seed, start=start).numpy()
        copies = self._copies(label, images)
        picks = self._read()
        return {
            "samples": [
                {
                    "number": start + index,
                    "image": data_uri(image),
                    "copy": bool(copies[index]),
                    "choice": picks.choice(label, (seed, start + index)),
                }
                for index, image in enumerate(images)
            ]
        }

    def closer(self, label: str, seed: int, number: int, moves: Sequence[float]) -> dict[str, Any]:
        """One sample, moved along the directions, with the training images of its class that are nearest."""
        sampler = self.samplers[label]
        image = sampler.sample(1, seed=seed, start=number)[0].numpy()
        place = place_of(sampler, image, seed, number)
        if place is not None and any(moves):
            image = place.image(self._directions(place), moves)
        borrowed = isinstance(sampler, Mixture) and bool(sampler.is_transferred(1, number)[0])
        shown = {"image": data_uri(image), "movable": place is not None, "borrowed": borrowed}
        return {**shown, "copy": bool(self._copies(label, image[None])[0]), **self._neighbours(label, image)}

    def choose(self, label: str, sample: tuple[int, int], choice: Choice) -> dict[str, Any]:
        """Write a person's word on a sample to selection.json. Raises `AugmentError` without training images, for a
        near copy that is to be kept, and where generators or file have been changed meanwhile."""
        if self.train is None:
            raise AugmentError("samples can be picked only where data/prepared/train of these generators is")
        seed, number = sample
        if choice == "kept" and self._copies(label, self.samplers[label].sample(1, seed=seed, start=number).numpy())[0]:
            raise AugmentError("a near copy of a training image is never delivered")
        picks = self._read().with_choice(label, sample, choice)
        picks.write(self.folder)
        return {"picks": self.counts(picks)}

    def counts(self, picks: Picks) -> list[list[int]]:
        """How many samples of each class were kept and rejected with the seed of `generate`."""
        own = picks.of_seed(self.seed)
        return [[len(own[label].kept), len(own[label].rejected)] if label in own else [0, 0] for label in self.labels]

    def _read(self) -> Picks:
        """The picks as they stand by now: another page may have written."""
        picks = read_picks(self.folder, self.models, self.generators.classes, self.picks.drawn)
        if picks.models != self.picks.models:
            raise AugmentError("the generators have been trained anew since this page was opened: start it again")
        return picks

    def _copies(self, label: str, images: NDArray[np.uint8]) -> NDArray[np.bool_]:
        if self.train is None:
            return np.zeros(len(images), dtype=np.bool_)
        _, distances = nearest(pixels(images), pixels(self.train.of_class(label).images))
        return are_copies(distances, self.limits[label], min(images.shape[2:]))

    def _neighbours(self, label: str, image: NDArray[np.uint8]) -> dict[str, Any]:
        if self.train is None:
            return {"nearest": [], "limit": None}
        known = self.train.of_class(label)
        distances = np.linalg.norm(pixels(image[None]) - pixels(known.images), axis=1)
        order = np.argsort(distances, kind="stable")[:NEAREST]
        found = [
            {
                "image": data_uri(known.images[position]),
                "distance": round(float(distances[position]), 4),
                "source": _shown(str(known.sources[position])),
            }
            for position in order
        ]
        return {"nearest": found, "limit": round(self.limits[label], 4)}

    def _directions(self, place: Place) -> Tensor:
        if place.network not in self.directions_of:
            latent = place.network.architecture.latent
            self.directions_of[place.network] = directions(place.network, latent, SLIDERS)
        return self.directions_of[place.network]


def open_playground(
    models: Path,
    prepared: Path,
    folder: Path,
    seed: int,
    transfer_share: float,
    settings: TransplantSettings = NO_TRANSPLANT,
) -> Playground:
    """The generators of a folder, with the training images in `prepared` where they are those of the generators.

    folder: of selection.json; seed, transfer_share, settings: as `generate` draws. Raises `BundleError` where no class
    has a generator, `DataError` for a damaged training set and a selection.json that does not fit.
    """
    generators = load_generators(models)
    if isinstance(generators, RowGenerators):
        raise AugmentError(f"{models}: its generators draw rows, which are no pictures to explore; `augment sample`")
    if not generators:
        raise BundleError(f"{models}: no class has a generator; all of {', '.join(generators.classes)} failed")
    train = ImageSet.load(prepared) if prepared.exists() else None
    shape = next(iter(generators.values())).shape
    if train is not None and (train.classes != sorted(generators.classes) or train.images.shape[1:] != shape):
        train = None  # of another project
    samplers: Mapping[str, Sampler] = dict(generators)
    if train is not None:
        shared = generators.shared if transfer_share > 0 else None
        transfers = settings.without_own({} if shared is None else latent_transfers(shared, train, seed))
        carrying, _ = transplants(train, None, settings, seed, generators.translators)
        samplers = class_samplers(generators, train, transfers, transfer_share, carrying)
    limits = {label: copy_threshold(train.of_class(label).images) for label in generators} if train else {}
    picks = read_picks(folder, models, generators.classes, drawn_with(transfer_share, settings))
    return Playground(generators, samplers, train, limits, seed, models, folder, picks)


def data_uri(image: NDArray[np.uint8]) -> str:
    """uint8 (C, H, W) as a PNG within the page."""
    return f"data:image/png;base64,{base64.b64encode(png(picture(image))).decode()}"


def _shown(text: str) -> str:
    return printable(text, line=True)
