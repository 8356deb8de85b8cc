"""Samples of a class whose defects are carried onto good images, and where that applies: found, not asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet
from augment.gan.translate.placing import centres, place_of_centred
from augment.gan.translate.translator import Translator
from augment.synthesis.transplant.carrying import Draws, Translated
from augment.synthesis.transplant.context import fitting_places
from augment.synthesis.transplant.defects import Good, Likeness, Way, defects_of, known_good, likeness
from augment.synthesis.transplant.patches import patch_bank
from augment.synthesis.transplant.settings import LENDER_TIMES, MIN_PX, TransplantSettings, lender_of

MAX_LENT, MAX_HELD = 300, 40  # good images that are lent, and of these compared with the others
MIN_USABLE, USABLE_SHARE = 2, 0.5  # of the images of a class: fewer, and what is found is no defect
MAX_SHIFT, MAX_TURN, MAX_SCALE = 0.25, 0.15, 1.2  # half sides; radians; times, or one divided by it
NO_LENDER = "no class is rich enough to lend its images (docs/transplants.md)"
Mirrors = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Transplant:
    """All that makes samples of one class from a lender's images.

    label: of the class
    changes: float (k, C, H, W), what is carried; masks: float (k, 1, H, W), where; positions: int64 (k,), which image
    of the class each is of
    judged_changes: changes at the judged size
    lent: uint8 (M, C, H, W), and which training image each is, int64 (M,)
    places: of each change float (n, 5) as `fitting_places` gives them; empty: on any lent image, near its own place
    translator: draws defects of its own where those would be carried; None: they are, as they are
    """

    label: str
    changes: Tensor
    masks: Tensor
    judged_changes: Tensor
    positions: NDArray[np.int64]
    lent: NDArray[np.uint8]
    lenders: NDArray[np.int64]
    places: tuple[Tensor, ...]
    mirrors: Mirrors
    translator: Translator | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        channels, height, width = self.lent.shape[1:]
        return channels, height, width

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W): images start to start + n - 1 of this seed."""
        drawn = self.draws(n, seed=seed, start=start)
        working = Translated(self.changes, self.positions, drawn, self.translator)
        return torch.from_numpy(working.onto(self.lent_to(drawn)))

    def lent_to(self, draws: Draws) -> NDArray[np.uint8]:
        """The images that defects are carried onto, uint8 (n, C, H, W)."""
        at = {int(position): number for number, position in enumerate(self.lenders)}
        return self.lent[np.array([at[int(one)] for one in draws.lender], dtype=np.int64)]

    def translated(self, draws: Draws) -> Translated:
        """The drawn samples at the judged size."""
        return Translated(self.judged_changes, self.positions, draws, self.translator)

    def draws(self, n: int, *, seed: int = 0, start: int = 0) -> Draws:
        """How each sample is made; that of image i depends on (seed, i) alone."""
        drawn = [self._draw(numpy_rng(seed, "translated", self.label, index)) for index in range(start, start + n)]
        source, lender = (np.array([one[at] for one in drawn], dtype=np.int64) for at in (0, 1))
        place = np.array([one[2] for one in drawn], dtype=np.float32).reshape(-1, 6)
        made = Draws(source, lender, place, np.empty((n, 0), dtype=np.float32))
        if self.translator is None:
            return made
        latents = self.translator.latents(n, seed=seed, start=start).numpy()
        return replace(made, place=self.centred_places(made), latents=latents)

    def centred_places(self, draws: Draws) -> NDArray[np.float32]:
        """Where defects that stand in the middle come to the drawn places, float32 (n, 6)."""
        at = {int(position): number for number, position in enumerate(self.positions)}
        middle = centres(self.masks)[[at[int(one)] for one in draws.source]]
        _, height, width = self.shape
        moved = place_of_centred(torch.from_numpy(draws.place), middle, height / width)
        return moved.numpy().astype(np.float32)

    def sources(self, n: int, *, seed: int = 0, start: int = 0) -> NDArray[np.int64]:
        """Which image of the class each sample's defect is of, int64 (n,)."""
        return self.draws(n, seed=seed, start=start).source

    def _draw(self, rng: np.random.Generator) -> tuple[int, int, tuple[float, ...]]:
        at = int(rng.integers(len(self.positions)))
        source = int(self.positions[at])
        if self.places:
            which, *shift_and_mirror = self.places[at][int(rng.integers(len(self.places[at])))].tolist()
            return source, int(self.lenders[int(which)]), (*shift_and_mirror, 0.0, 1.0)
        lender, sides = int(rng.choice(self.lenders)), self.mirrors[int(rng.integers(len(self.mirrors)))]
        scale, turn = float(MAX_SCALE ** rng.uniform(-1, 1)), rng.uniform(-MAX_TURN, MAX_TURN)
        return source, lender, (*rng.uniform(-MAX_SHIFT, MAX_SHIFT, 2), *sides, turn, scale)


@dataclass(frozen=True)
class Finding:
    """Whether a class's defects can be carried onto a lender's images. reason: why not, empty where they can; usable:
    of so many `images` a defect was found; way: how twins are found."""

    label: str
    lender: str
    way: Way | Literal[""]
    images: int
    usable: int
    reason: str


def transplants(
    train: ImageSet,
    larger: ImageSet | None,
    settings: TransplantSettings,
    seed: int,
    translators: Mapping[str, Translator] = MappingProxyType({}),
) -> tuple[dict[str, Transplant], list[Finding]]:
    """Of each class that can be translated, and what was found of each that was tried.

    larger: the same images as large as they are judged, None: as they are. translators: of classes that are to have
    one, learnt from what is carried in these. Of a class that was asked for and is not
    tried the reason is told.
    """
    lender, untried = lender_of(train.counts(), settings.normal), list(_untried(train, settings))
    if lender is None or not settings.may_apply(train):
        return {}, untried
    lenders = _some(np.flatnonzero(train.labels == lender), MAX_LENT, seed)
    lent = _floats(train.images[lenders])
    like, tried = likeness(lent, _held(len(lent))), [train.of_class(label) for label in settings.tried(train.counts())]
    if like.way is None:
        return {}, [*(Finding(own.classes[0], lender, "", len(own), 0, _unlike(like)) for own in tried), *untried]
    good = known_good(lent, _held(len(lent)), like.way)
    made, findings = dict[str, Transplant](), list[Finding]()
    for own in tried:
        one = _transplant(own.classes[0], own.images, train.images[lenders], lenders, good, settings.flips)
        reason = _refusal(len(one.positions), own.images)
        findings.append(Finding(one.label, lender, like.way, len(own), len(one.positions), reason))
        if not reason:
            by = translators.get(one.label) if settings.source_of(one.label) == "learned" else None
            drawn = replace(one, translator=by)
            made[one.label] = drawn if larger is None else _judged(drawn, larger)
    return made, [*findings, *untried]


def _untried(train: ImageSet, settings: TransplantSettings) -> Iterator[Finding]:
    """The classes that were asked for and are not tried, each with the reason."""
    counts = train.counts()
    lender = lender_of(counts, settings.normal)
    is_small, tried = min(train.images.shape[2:]) < MIN_PX, settings.tried(counts)
    for label, count in counts.items():
        if not settings.translates(label) or label == lender or (label in tried and not is_small):
            continue
        reason = NO_LENDER if lender is None else f"its images are more than 1 in {LENDER_TIMES} of the lender's"
        yield Finding(label, "", "", count, 0, f"images are smaller than {MIN_PX} px" if is_small else reason)


def _transplant(
    label: str, images: NDArray[np.uint8], lent: NDArray[np.uint8], lenders: NDArray[np.int64], good: Good, flips: str
) -> Transplant:
    """images: of the class, uint8 (n, C, H, W); lent: the lender's."""
    found, allowed = defects_of(_floats(images), good), mirrors_of(flips)
    usable, places = found.usable, tuple[Tensor, ...]()
    if good.way == "patches":
        bank = patch_bank(good.images)
        places = tuple(
            fitting_places(twin, mask, bank, allowed)
            for twin, mask in zip(found.twins[usable], found.masks[usable], strict=True)
        )
    positions = np.flatnonzero(usable.numpy()).astype(np.int64)
    changes = found.changes[usable]
    return Transplant(
        label, changes, found.masks[usable], changes, positions, lent, lenders.astype(np.int64), places, allowed
    )


def changes_at(one: Transplant, larger: ImageSet) -> Tensor:
    """What is carried, found anew on the same training images at another size, float (k, C, H, W); enlarged where no
    defect is found there, so that no good image stands for a defect."""
    lent = _floats(larger.images[one.lenders])
    good = known_good(lent, _held(len(lent)), "patches" if one.places else "neighbours")
    found = defects_of(_floats(larger.of_class(one.label).images[one.positions]), good)
    enlarged = F.interpolate(one.changes, found.changes.shape[2:], mode="bilinear", align_corners=False)
    return torch.where(found.usable[:, None, None, None], found.changes, enlarged)


def _judged(one: Transplant, larger: ImageSet) -> Transplant:
    if one.translator is not None:
        return one
    return replace(one, judged_changes=changes_at(one, larger))


def _held(lent: int) -> Tensor:
    """Which of so many lent images are compared with the others."""
    return torch.arange(min(MAX_HELD, lent // 2))


def mirrors_of(flips: str) -> Mirrors:
    """Mirrored across and down, 1 or -1, as `ingest.flips` allows."""
    across = (1, -1) if flips in ("horizontal", "both") else (1,)
    down = (1, -1) if flips in ("vertical", "both") else (1,)
    return tuple((one, other) for one in across for other in down)


def _refusal(usable: int, images: NDArray[np.uint8]) -> str:
    if usable >= max(MIN_USABLE, USABLE_SHARE * len(images)):
        return ""
    height, width = images.shape[2:]
    return f"a compact defect was found in {usable} of {len(images)} images at {height}x{width} px"


def _unlike(like: Likeness) -> str:
    return f"good images have no twins: the nearest leave {like.left:.0%} of what they differ by"


def _some(positions: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most so many, in a drawn order."""
    return numpy_rng(seed, "lent").permutation(positions)[:most]


def _floats(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).float() / 255
