"""`augment sample`: samples of trained generators as PNG files, or side by side in one picture."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from augment.core.errors import AugmentError, BundleError
from augment.core.files import folder_name, write_csv
from augment.core.grids import write_grid, write_picture
from augment.gan.bundle import load_generators
from augment.gan.generators import CHUNK, ClassGenerator, GeneratorSet
from augment.gan.rows.generators import RowGenerators

MAX_GRID_SAMPLES = 10_000


def run(models: Path, label: str | None, count: int, seed: int, out: Path | None, grid: Path | None) -> int:
    """Write `count` samples of one class, or of all where label is None; returns 0.

    out: folder for PNG files, one sub-folder per class. grid: file for one picture of all samples.
    Raises `AugmentError` when nothing is to be written or a picture would hold too many, `BundleError` when a
    generator is missing.
    """
    if out is None and grid is None:
        raise AugmentError("sample: nothing to write; give -o FOLDER for PNG files or --grid FILE for one picture")
    found: object = load_generators(models)
    if isinstance(found, RowGenerators):
        return _write_rows(found, models, label, count, seed, out)
    chosen = _chosen(load_generators(models), models, label)
    if grid is not None and count * len(chosen) > MAX_GRID_SAMPLES:
        raise AugmentError(
            f"--grid: one picture holds at most {MAX_GRID_SAMPLES} samples, asked for are {count} of each of "
            f"{len(chosen)} classes; lower -n, name one --class, or use -o"
        )
    if out is not None:
        _write_files(chosen, count, seed, out)
    if grid is not None:
        write_grid(grid, np.concatenate([generator.sample(count, seed=seed).numpy() for generator in chosen]))
        print(f"{grid}: {count} samples of {', '.join(generator.label for generator in chosen)}")
    return 0


def _write_rows(
    generators: RowGenerators, models: Path, label: str | None, count: int, seed: int, out: Path | None
) -> int:
    """One CSV file for each class, in the user's columns."""
    if out is None:
        raise AugmentError(f"sample: {models} draws rows, which are no picture; give -o FOLDER for CSV files")
    if label is not None and label not in generators:
        raise BundleError(f"--class {label!r}: there is no such generator. There are: {', '.join(generators)}")
    for name in generators if label is None else [label]:
        schema = generators[name].encoding.schema
        rows = [schema.texts(row) for row in generators[name].rows(count, seed=seed).tolist()]
        write_csv(out / f"{folder_name(name)}.csv", rows, [column.name for column in schema.columns])
    print(f"{count} rows of each of {len(generators) if label is None else 1} classes in {out}")
    return 0


def _chosen(generators: GeneratorSet, models: Path, label: str | None) -> list[ClassGenerator]:
    if not generators:
        raise BundleError(f"{models}: no class has a generator; all of {', '.join(generators.classes)} failed")
    if label is None:
        return list(generators.values())
    if label not in generators:
        reason = generators.failed.get(label)
        why = f"its GAN failed ({reason})" if reason else "there is no such class"
        raise BundleError(f"--class {label!r}: {why}. There are: {', '.join(generators)}")
    return [generators[label]]


def _write_files(generators: Sequence[ClassGenerator], count: int, seed: int, out: Path) -> None:
    """As many samples in memory as one forward pass makes."""
    for generator, start in product(generators, range(0, count, CHUNK)):
        samples = generator.sample(min(CHUNK, count - start), seed=seed, start=start).numpy()
        for index, image in enumerate(samples, start):
            write_picture(out / folder_name(generator.label) / f"{seed}-{index:06d}.png", image)
    print(f"{count} samples of each of {len(generators)} classes in {out}")
