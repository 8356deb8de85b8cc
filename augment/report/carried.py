"""The page's section on defects that were carried onto good images: each class in words, and a picture of how."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from augment.core.files import folder_name, read_rows
from augment.data.checksums import check_files
from augment.report.pictures import data_uri

COLUMNS = ("label", "lender", "translated", "images", "usable", "reason", "learned")
FINDINGS = "transplants.csv"


@dataclass(frozen=True)
class CarriedClass:
    """words: what was found of a class that was to be translated; picture: a data URI, empty where it was not."""

    label: str
    words: str
    picture: str


def read_carried(synthetic: Path) -> list[CarriedClass]:
    """None where no class was to be translated. Raises `DataError` for files that are not those that were written."""
    if not (synthetic / FINDINGS).exists():
        return []
    rows = read_rows(synthetic / FINDINGS, COLUMNS)
    pictures = {row["label"]: f"{folder_name(row['label'])}-carried.png" for row in rows if row["translated"] == "1"}
    check_files(synthetic, [FINDINGS, *pictures.values()])
    return [CarriedClass(row["label"], _words(row), _picture(synthetic, pictures.get(row["label"]))) for row in rows]


def _words(row: Mapping[str, str]) -> str:
    if row["translated"] == "1":
        found = f"One compact defect was found on {row['usable']} of {row['images']} images"
        if row["learned"] == "1":
            return f"{found}; a network of the class learnt them, and draws the like onto images of {row['lender']}."
        return f"{found}, and carried onto images of {row['lender']}."
    return f"Not carried onto {row['lender'] or 'other images'}: {row['reason']}."


def _picture(synthetic: Path, name: str | None) -> str:
    if name is None:
        return ""
    with Image.open(synthetic / name, formats=["PNG"]) as picture:
        return data_uri(picture.copy(), lossless=True)
