"""data/augmented as files: manifest.csv of all images, metadata.csv in the folder of each split, recipe.json.

metadata.csv is the table of an image folder of Hugging Face: its `file_name` begins where the table stands.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from augment.core.errors import DataError
from augment.core.files import Row, Rows, is_formula, read_csv, read_file, write_csv, write_json
from augment.data.checksums import check_file
from augment.data.entries import SPLITS
from augment.params.arm_row import Augmentation, Family
from augment.params.arms import ARM_ROWS, BALANCED_ARM, Arm
from augment.params.types import Flips

MANIFEST, METADATA, RECIPE = "manifest.csv", "metadata.csv", "recipe.json"
AUGMENTED_MANIFEST_COLUMNS = ("path", "label", "split", "synthetic", "weight", "source", "sha256")
METADATA_COLUMNS = ("file_name", "label", "synthetic", "weight")
MAX_RECIPE_BYTES = 10_000_000
_ANEW = "Run `dvc repro -f assemble`."


class Recipe(BaseModel):
    """recipe.json: the best way to train on this folder that the verdict names, and how its files are read.

    classes: labels in the order of their indices; arm: whose images and weights these are; family, augmentation: its
    classifier, and how that augments, None for images as they are; flips: those that the data allows; synthetic: their
    number. channels: 1 or 3, of all images; background: grey level behind transparent pixels; white: largest value that
    a depth of over 8 bits stores -> the value that becomes 255
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    arm: Arm
    family: Family
    augmentation: Augmentation | None
    flips: Flips
    synthetic: int
    channels: Literal[1, 3]
    background: int
    white: Mapping[int, int]

    def real_alone(self) -> "Recipe":
        """The same way without synthetic images: that of the arm which they were added to."""
        way = (self.family, self.augmentation)
        base = next((row.name for row in ARM_ROWS if row.base and (row.family, row.augmentation) == way), BALANCED_ARM)
        return self.model_copy(update={"arm": base, "synthetic": 0})


def write_tables(folder: Path, rows: Sequence[Mapping[str, Any]], recipe: Recipe) -> None:
    """All three files beside images that stand there. rows: of manifest.csv."""
    write_csv(folder / MANIFEST, rows, AUGMENTED_MANIFEST_COLUMNS)
    for split in dict.fromkeys(row["split"] for row in rows):
        of_split = [_metadata(row) for row in rows if row["split"] == split]
        write_csv(folder / split / METADATA, of_split, METADATA_COLUMNS)
    write_json(folder / RECIPE, recipe.model_dump(mode="json"))


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of metadata.csv. A name that a spreadsheet would run begins with ./ and is the same path to every reader,
    which an apostrophe before it would not be."""
    inside = f"{row['split']}/"
    name = row["path"].removeprefix(inside) if row["path"].startswith(inside) else f"../{row['path']}"
    name = f"./{name}" if is_formula(name) else name
    # A reader takes the kind of a column from each split's own table.
    return {"file_name": name, "label": row["label"], "synthetic": row["synthetic"], "weight": float(row["weight"])}


def read_manifest(folder: Path) -> Rows:
    """The rows of its manifest.csv. Raises `DataError` when it is not what `assemble` writes."""
    path = folder / MANIFEST
    if not path.exists() and any(folder.glob("train.*")):
        raise DataError(f"{folder}: it holds rows of a table, not images: read train.csv or train.npz there as it is, "
                        "with its columns `synthetic` and `weight`.")  # fmt: skip
    if not path.exists():
        raise DataError(f"{path}: there is none. Run `dvc repro` first, or name the folder that it has written.")
    rows = read_csv(path)
    if not rows or set(AUGMENTED_MANIFEST_COLUMNS) - set(rows[0]):
        raise DataError(f"{path}: needs the columns {', '.join(AUGMENTED_MANIFEST_COLUMNS)}. {_ANEW}")
    for row in rows:
        if row["path"].startswith("/") or ".." in row["path"].split("/"):
            raise DataError(f"{path}: {row['path']!r} leads out of the folder. {_ANEW}")
        if row["split"] not in SPLITS or row["synthetic"] not in ("0", "1") or not _is_weight(row["weight"]):
            wanted = f"a split of {', '.join(SPLITS)}, synthetic of 0 or 1, and a weight of at least 0"
            raise DataError(f"{path}: the row of {row['path']!r} needs {wanted}. Correct it, or: {_ANEW}")
    return rows


def read_recipe(folder: Path) -> Recipe:
    """Raises `DataError` when recipe.json is missing or not what `assemble` writes."""
    path = folder / RECIPE
    try:
        return Recipe.model_validate_json(read_file(path, MAX_RECIPE_BYTES))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). {_ANEW}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(": ".join(filter(None, (str(path), where, f"{first['msg']}. {_ANEW}")))) from error


def require_images(folder: Path, rows: Rows, *, verify: bool) -> None:
    """Raises `DataError` where images of the manifest are gone; with verify, also where one is not what was written."""
    gone = [row["path"] for row in rows if not (folder / row["path"]).is_file()]
    if gone:
        what = f"{len(gone)} of the {len(rows)} images in {MANIFEST} are not there, for example {gone[0]}"
        raise DataError(f"{folder}: {what}. {_ANEW}")
    for row in rows if verify else ():
        if row["sha256"]:  # an image that a person added has none
            check_file(folder / row["path"], row["sha256"])


def real_rows(rows: Rows) -> list[Row]:
    """The rows without synthetic images; weights balance the classes of train, 1 on average."""
    kept = [row for row in rows if row["synthetic"] == "0"]
    counts = Counter(row["label"] for row in kept if row["split"] == "train")
    balanced = {label: str(sum(counts.values()) / (len(counts) * count)) for label, count in counts.items()}
    return [{**row, "weight": balanced[row["label"]]} if row["split"] == "train" else row for row in kept]


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) < float("inf")
    except ValueError:
        return False
