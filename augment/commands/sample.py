"""`augment sample`: samples of trained generators as PNG or tar files, or side by side in one picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np

from augment.core.errors import AugmentError, BundleError
from augment.core.files import folder_name, write_csv
from augment.core.grids import write_grid
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.rows.generators import RowGenerators

MAX_GRID_SAMPLES = 10_000


def run(
    models: Path, label: str | None, count: int, seed: int, out: Path | None, form: Literal["png", "webdataset"],
    grid: Path | None,
) -> int:  # fmt: skip
    """Write `count` samples of one class, or of all where label is None; returns 0.

    out: folder for files of this form. grid: file for one picture of all samples. Raises `AugmentError` when nothing is
    to be written or a picture would hold too many, `BundleError` when a generator is missing, and as `write_samples`.
    """
    if out is None and grid is None:
        raise AugmentError("sample: nothing to write; give -o FOLDER for files or --grid FILE for one picture")
    found: object = load_generators(models)
    if isinstance(found, RowGenerators):
        if out is None or grid is not None or form != "png":
            option = "--grid" if grid is not None else "--format"
            raise AugmentError(f"sample: {models} draws rows: no {option} for these; give -o FOLDER for CSV files")
        return _write_rows(found, label, count, seed, out)
    generators = cast(GeneratorSet, found)
    chosen = _chosen(generators, models, label)
    if grid is not None and count * len(chosen) > MAX_GRID_SAMPLES:
        raise AugmentError(
            f"--grid: one picture holds at most {MAX_GRID_SAMPLES} samples, asked for are {count} of each of "
            f"{len(chosen)} classes; lower -n, name one --class, or use -o"
        )
    if out is not None:
        from augment.sharing.samples import write_samples  # noqa: PLC0415  (a picture needs none of it)

        write_samples(out, form, models, generators, chosen, count, seed)
        others = sum(1 for _ in out.glob("*/*.png")) - count * len(chosen) if form == "png" else 0
        beside = f", beside {others} of other calls" if others else ""
        print(f"{count} samples of each of {len(chosen)} classes in {out}{beside}")
    if grid is not None:
        write_grid(grid, np.concatenate([generators[one].sample(count, seed=seed).numpy() for one in chosen]))
        print(f"{grid}: {count} samples of {', '.join(chosen)}")
    return 0


def _write_rows(generators: RowGenerators, label: str | None, count: int, seed: int, out: Path) -> int:
    """One CSV file for each class, in the user's columns."""
    if label is not None and label not in generators:
        raise BundleError(f"--class {label!r}: there is no such generator. There are: {', '.join(generators)}")
    for name in generators if label is None else [label]:
        schema = generators[name].encoding.schema
        rows = [schema.texts(row) for row in generators[name].rows(count, seed=seed).tolist()]
        write_csv(out / f"{folder_name(name)}.csv", rows, [column.name for column in schema.columns])
    print(f"{count} rows of each of {len(generators) if label is None else 1} classes in {out}")
    return 0


def _chosen(generators: GeneratorSet, models: Path, label: str | None) -> Sequence[str]:
    if not generators:
        raise BundleError(f"{models}: no class has a generator; all of {', '.join(generators.classes)} failed")
    if label is None:
        return list(generators)
    if label not in generators:
        reason = generators.failed.get(label)
        why = f"its GAN failed ({reason})" if reason else "there is no such class"
        raise BundleError(f"--class {label!r}: {why}. There are: {', '.join(generators)}")
    return [label]
