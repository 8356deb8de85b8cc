"""How large what is delivered is: at the working size, at one larger size, or as large as originals are stored."""

from collections.abc import Collection
from dataclasses import dataclass

from augment.core.engine import Engine, engine_of
from augment.data.originals import Originals, known_originals
from augment.data.sizes import Size, delivered_size, read_sizes
from augment.params import Params
from augment.params.arms import MADE_PER_CLASS, Arm
from pipeline.common import PREPARED


@dataclass(frozen=True)
class Delivery:
    """size: (H, W) of all images; native: each original is as it is stored, and samples as large as what they vary

    originals: None at the working size; engine: by which files are made of them
    """

    size: Size
    native: bool
    originals: Originals | None
    engine: Engine

    @property
    def size_of_edits(self) -> Size | None:
        """Of originals that are edited, None for each its own: but pictures that are cropped or padded do not show what
        an original shows as it is stored."""
        as_stored = self.native and self.originals is not None and self.originals.ingest.fit == "stretch"
        return None if as_stored else self.size

    def chosen(self, rows: list[dict[str, str]]) -> list[dict[str, str]]:
        """Rows of a class's samples that are delivered: at a larger size as many as were judged, edits alone if any."""
        if self.originals is None:
            return rows
        return ([row for row in rows if row["source_image"]] or rows)[:MADE_PER_CLASS]


def delivery_of(params: Params, arms: Collection[Arm]) -> Delivery:
    """What `assemble.size` asks for; arms: those that ran, of which some may have seen larger images than GANs work at.

    Raises `DataError` where data/prepared is not what `ingest` wrote.
    """
    working, native = read_sizes(PREPARED)
    chosen = params.delivers(arms)
    size = delivered_size(chosen, native, working, params.evaluate.backbone_side)
    as_stored = chosen == "native" and params.ingest.source in ("folder", "list")
    larger = as_stored or size != working
    originals, compute = known_originals(PREPARED, params.ingest) if larger else None, params.compute
    engine = engine_of(compute.engine, compute.jobs, compute.address).here  # where originals lie
    return Delivery(size, as_stored, originals, engine)
