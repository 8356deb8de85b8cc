"""`augment export`: data/augmented, and samples of generators where they are asked for, in files that others read."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from augment.core.errors import AugmentError, BundleError, DataError, StoreError
from augment.core.files import read_json, write_text
from augment.core.progress import counted
from augment.core.whole_folder import is_free, whole_folder
from augment.data.delivered import Recipe, read_manifest, read_recipe
from augment.gan.bundle import load_generators
from augment.gan.generators import ClassGenerator
from augment.gan.generators.cards import CARD
from augment.gan.rows.generators import RowGenerators
from augment.sharing.card import data_card
from augment.sharing.images import SharedImage, delivered_images, sampled_images
from augment.sharing.parquet import require_parquet, write_parquet
from augment.sharing.shards import write_shards

Form = Literal["parquet", "webdataset"]
Writer = Callable[[Path, str, Iterable[SharedImage], Sequence[str]], None]
WRITERS: Mapping[Form, Writer] = {"parquet": write_parquet, "webdataset": write_shards}
NAMES = {"train": "train", "val": "validation", "test": "test"}  # what Hugging Face calls the splits


def run(out: Path, form: Form, data: Path, reports: Path, models: Path, count: int, seed: int) -> int:
    """Write a new folder `out` with data/ and a card; returns 0.

    data: as `assemble` writes it; reports: the folder of its verdict, which need not be there; count: samples of each
    generator of `models`, as a split of their own. Raises `AugmentError` for a library that is not installed,
    `DataError` for images that are missing or damaged and for a folder that holds something, `BundleError` for
    generators that are missing, damaged or of other classes, `StoreError` when the disk refuses.
    """
    if form == "parquet":
        require_parquet()
    rows, recipe = read_manifest(data), read_recipe(data)
    samples = _generators(models, recipe.classes) if count else {}
    found = {row["split"] for row in rows}
    splits = {split: name for split, name in NAMES.items() if split in found}
    verdict = _verdict_of(recipe, reports)
    card = data_card(form, splits, rows, recipe, data, verdict, samples, count)
    with _new_folder(out) as folder:
        (folder / "data").mkdir()
        for name, images in _images(data, splits, samples, recipe.classes, count, seed):
            WRITERS[form](folder / "data", name, images, recipe.classes)
        write_text(folder / CARD, card)
    made = Counter(row["synthetic"] for row in rows)
    drawn = f", {counted(count * len(samples), 'sample')}" if samples else ""
    print(f"{out}: {counted(made['0'], 'real image')}, {made['1']} made{drawn}, as {form}")
    print(f"Before you hand it on: {out / CARD} says what it holds and that it is not anonymous; fill in its licence")
    return 0


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """What is filled here is `out` in the end, or nothing is."""
    if not is_free(out):
        raise DataError(f"{out}: something stands there, and nothing of it is overwritten. Name a new folder")
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(out) as folder:
            yield folder
    except OSError as error:
        why = error.strerror or error
        what = f"{out}: cannot be written ({why}), and nothing was. Name another folder or free space"
        raise StoreError(what) from error


def _images(
    data: Path, splits: Mapping[str, str], samples: Mapping[str, ClassGenerator], classes: Sequence[str], count: int,
    seed: int,
) -> Iterator[tuple[str, Iterator[SharedImage]]]:  # fmt: skip
    """The images of each split under its name; none is read ahead of its turn."""
    for split, name in splits.items():
        yield name, delivered_images(data, split)
    if samples:
        index_of = {label: index for index, label in enumerate(classes)}
        yield "samples", sampled_images(samples, index_of, count, seed)


def _generators(models: Path, classes: Sequence[str]) -> Mapping[str, ClassGenerator]:
    generators = load_generators(models)
    if isinstance(generators, RowGenerators):
        raise AugmentError(f"{models}: its generators draw rows, which are no images to export; `augment sample`")
    if odd := [label for label in generators if label not in classes]:
        raise BundleError(f"{models}: has a generator of class {odd[0]!r}, the images are of {', '.join(classes)}")
    return generators


def _verdict_of(recipe: Recipe, reports: Path) -> Path | None:
    """verdict.json, where it speaks of what is delivered. Raises `DataError` where it speaks of something else."""
    path = reports / "evaluation" / "verdict.json"
    if not path.exists():
        return None
    arm = read_json(path, ("delivery",))["delivery"]["arm"]
    if arm is not None and arm != recipe.arm:
        raise DataError(f"{path}: speaks of images of arm {arm}, delivered are those of {recipe.arm}. Run `dvc repro`")
    return path
