"""Descriptions beside the images of a prepared split: descriptions.csv, bound by a hash as the images are."""

from collections.abc import Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.files import read_csv, read_json, write_csv
from augment.data.checksums import CHECKSUMS, check_files, write_checksums
from augment.data.imageset import FILES

DESCRIPTIONS = "descriptions.csv"
COLUMNS = ("index", "description")


def save_descriptions(folder: Path, descriptions: Sequence[str]) -> None:
    """Write the description of each image of a split, in their order; the split itself stands there."""
    rows = ({"index": at, "description": text} for at, text in enumerate(descriptions))
    write_csv(folder / DESCRIPTIONS, rows, COLUMNS)
    write_checksums(folder, (*FILES, DESCRIPTIONS))


def load_descriptions(folder: Path, count: int) -> list[str] | None:
    """What `save_descriptions` wrote for so many images; None where the set has none. Raises `DataError` when it is
    damaged."""
    if DESCRIPTIONS not in read_json(folder / CHECKSUMS):
        return None
    check_files(folder, (DESCRIPTIONS,))
    texts = [row["description"] for row in read_csv(folder / DESCRIPTIONS)]
    if len(texts) != count:
        raise DataError(f"{folder / DESCRIPTIONS}: {len(texts)} descriptions of {count} images. Run `dvc repro` again.")
    return texts
