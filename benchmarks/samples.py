"""Pictures for the docs: real images beside synthetic ones of a reproduced project, one class per row.

`python -m benchmarks.samples OUT.png` after `dvc repro`, in its folder: real training images, samples of each class's
own GAN before any filter, and, with `--chosen`, those that `generate` chose (data/synthetic, borrowed variation
included).
"""

import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment import ImageSet, load_generators
from augment.files import write_bytes
from augment.grids import grid, mosaic, png

SHOWN = 8  # images of a class in each column
BETWEEN_PX = 32
SYNTHETIC = Path("data/synthetic")


def chosen() -> dict[str, NDArray[np.uint8]]:
    """The first images of each class that were kept, uint8 (N, C, H, W)."""
    with (SYNTHETIC / "manifest.csv").open(newline="") as file:
        kept = [(row["label"], row["file"]) for row in csv.DictReader(file) if row["kept"] == "1"]
    files = {label: [name for own, name in kept if own == label][:SHOWN] for label, _ in kept}
    return {label: np.stack([read(SYNTHETIC / name) for name in names]) for label, names in files.items()}


def read(path: Path) -> NDArray[np.uint8]:
    """uint8 (C, H, W)."""
    pixels = np.asarray(Image.open(path))
    return np.moveaxis(pixels if pixels.ndim == 3 else pixels[..., None], -1, 0)


def main(out: Path, with_chosen: bool) -> None:
    """Read the project in the working folder, write the picture."""
    real, generators = ImageSet.load("data/prepared/train"), load_generators("models")
    columns = [{label: real.of_class(label).images[:SHOWN] for label in generators}]
    columns += [{label: generator.sample(SHOWN).numpy() for label, generator in generators.items()}]
    columns += [chosen()] if with_chosen else []
    labels = [label for label in generators if all(len(column.get(label, ())) == SHOWN for column in columns)]
    sides = [grid(np.concatenate([column[label] for label in labels]), SHOWN) for column in columns]
    write_bytes(out, png(mosaic(sides, len(sides), BETWEEN_PX)))
    print(f"{out}: {len(labels)} classes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--chosen" in sys.argv[2:])
