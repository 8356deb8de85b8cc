"""Photographs as people have them, ingested to a small working size, and what the stages before `assemble` leave."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import read_csv, write_csv, write_json
from augment.core.grids import write_picture
from augment.data.checksums import write_checksums
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.params import Params, check
from pipeline.assemble import assemble

RAW, PREPARED, SYNTHETIC = Path("data/raw"), Path("data/prepared"), Path("data/synthetic")
WORKING = (16, 12)
SIZES = ((40, 30), (60, 45), (50, 50))  # height, width, one after the other
COUNTS = {"dent": 12, "ok": 24}
ARMS = ("none", "probe", "gan_half_filtered")


def photo(position: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Smooth and unlike all others, (H, W, 3)."""
    coarse = Image.fromarray(np.random.default_rng(position).integers(0, 256, (5, 4, 3), dtype=np.uint8))
    return np.array(coarse.resize((size[1], size[0]), Image.Resampling.BICUBIC))


def take_photos(counts: Mapping[str, int] = COUNTS) -> dict[str, NDArray[np.uint8]]:
    """Classes of PNGs in data/raw; by path."""
    taken = {}
    for place, (label, count) in enumerate(counts.items()):
        for number in range(count):
            position = 100 * place + number
            path = RAW / label / f"{number:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            taken[f"{label}/{number:02}.png"] = photo(position, SIZES[number % 3])
            Image.fromarray(taken[f"{label}/{number:02}.png"]).save(path)
    return taken


def settings(delivers: Any = "auto", jobs: int = 1, **ingest: Any) -> Params:
    """delivers: `assemble.size`; jobs: processes; ingest: its section."""
    usual = {"source": "folder", "path": str(RAW), "size": WORKING}
    return check({"ingest": usual | ingest, "assemble": {"size": delivers}, "compute": {"jobs": jobs}})


def ingest(params: Params) -> ImageSet:
    """The training images."""
    prepare(params.ingest, 0, PREPARED)
    return ImageSet.load(PREPARED / "train")


def keep_samples(train: ImageSet, of: Mapping[str, Sequence[int | None]], base: str = "probe") -> None:
    """Samples, darker training images, by which image of its class each varies; and a verdict for them."""
    rows = []
    for label, varied in of.items():
        own = np.flatnonzero(train.labels == label)
        for index, number in enumerate(varied):
            file = f"{label}/{index:06d}.png"
            digest = write_picture(SYNTHETIC / file, train.images[own[number or 0]] // 2 + index)
            source = "" if number is None else own[number]
            rows.append({"file": file, "label": label, "sha256": digest, "source_image": source})
    write_csv(SYNTHETIC / "manifest.csv", rows, ("file", "label", "sha256", "source_image"))
    write_checksums(SYNTHETIC, ["manifest.csv"])
    write_json(Path("reports/metrics.json"), {"policy": "gan_half_filtered"})
    write_json(Path("data/experiment/experiment.json"), {"base": base, "arms": ARMS})


def delivered(params: Params) -> list[dict[str, str]]:
    """Rows of data/augmented/manifest.csv, once the stage has run."""
    assemble(params)
    return read_csv(Path("data/augmented/manifest.csv"))


def pixels(path: str | Path) -> NDArray[np.uint8]:
    """As any reader sees them, (H, W) or (H, W, C)."""
    with Image.open(path) as image:
        return np.array(image)
