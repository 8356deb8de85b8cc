"""Which classes are asked to be translated, and which class lends its images."""

from collections.abc import Mapping
from dataclasses import dataclass

from augment.data.imageset import ImageSet
from augment.gan.latent_transfer import LatentTransfer
from augment.params import Params
from augment.params.types import CARRIED, Flips, SampleSource

MIN_LENT, LENDER_TIMES = 40, 3  # fewest good images of a lender, and how many times those of the class
MIN_PX = 16  # shorter side of the images


@dataclass(frozen=True)
class TransplantSettings:
    """sources: `generate.sources`; flips: `ingest.flips`; normal: `evaluate.normal`, the good class where it is
    known."""

    sources: SampleSource | Mapping[str, SampleSource] = "auto"
    flips: Flips = "none"
    normal: str | None = None

    def source_of(self, label: str) -> SampleSource:
        return self.sources if isinstance(self.sources, str) else self.sources.get(label, "auto")

    def translates(self, label: str) -> bool:
        """Whether its defects are to be carried, as they are or as a translator draws them."""
        return self.source_of(label) in CARRIED

    @property
    def learns(self) -> bool:
        """Whether any class is to have a translator."""
        return "learned" in ([self.sources] if isinstance(self.sources, str) else self.sources.values())

    def may_apply(self, train: ImageSet) -> bool:
        """Whether a class could be translated: one is far richer than others, and images are large enough."""
        return bool(self.tried(train.counts())) and min(train.images.shape[2:]) >= MIN_PX

    def tried(self, counts: Mapping[str, int]) -> list[str]:
        """The classes whose defects might be carried."""
        lender = lender_of(counts, self.normal)
        return [
            label
            for label, count in counts.items()
            if lender is not None and label != lender and LENDER_TIMES * count <= counts[lender]
            and self.translates(label)
        ]  # fmt: skip

    def without_own(self, transfers: Mapping[str, LatentTransfer]) -> dict[str, LatentTransfer]:
        """Latent transfers of the classes that may have them."""
        return {label: one for label, one in transfers.items() if self.source_of(label) != "own"}


NO_TRANSPLANT = TransplantSettings()


def transplant_settings(params: Params) -> TransplantSettings:
    return TransplantSettings(params.generate.sources, params.ingest.flips, params.evaluate.normal)


def lender_of(counts: Mapping[str, int], normal: str | None) -> str | None:
    """The class that lends good images, None where there is none: `evaluate.normal`, or the one class that is far
    richer than every other."""
    if normal is not None:
        return normal if counts.get(normal, 0) >= MIN_LENT else None
    largest = sorted(counts, key=lambda label: (-counts[label], label))
    if len(counts) < 2 or counts[largest[0]] < max(MIN_LENT, LENDER_TIMES * counts[largest[1]]):
        return None
    return largest[0]
