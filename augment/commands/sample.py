"""`augment sample`: samples of trained generators as PNG files, or side by side in one picture."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from augment.core.errors import AugmentError, BundleError
from augment.core.files import folder_name
from augment.core.grids import write_grid, write_picture
from augment.gan.bundle import load_generators
from augment.gan.generators import CHUNK, ClassGenerator, GeneratorSet

MAX_GRID_SAMPLES = 10_000


def run(models: Path, label: str | None, count: int, seed: int, out: Path | None, grid: Path | None) -> int:
    """Write `count` samples of one class, or of all where label is None; returns 0.

    out: folder for PNG files, one sub-folder per class. grid: file for one picture of all samples.
    Raises `AugmentError` when nothing is to be written or a picture would hold too many, `BundleError` when a
    generator is missing.
    """
    if out is None and grid is None:
        raise AugmentError("sample: nothing to write; give -o FOLDER for PNG files or --grid FILE for one picture")
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
