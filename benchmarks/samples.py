"""Pictures for the docs: real images beside synthetic ones of a reproduced project, one class per row.

`python -m benchmarks.samples OUT.png` after `dvc repro`, in its folder: real training images, samples of each class's
own GAN before any filter, and, with `--chosen`, those that `generate` chose (data/synthetic, borrowed variation
included).
"""

import sys
from pathlib import Path

import numpy as np

from augment import ImageSet, load_generators
from augment.core.files import write_bytes
from augment.core.grids import grid, mosaic, png
from augment.report.pictures import read_kept

SHOWN = 8  # images of a class in each column
BETWEEN_PX = 32


def main(out: Path, with_chosen: bool) -> None:
    """Read the project in the working folder, write the picture."""
    real, generators = ImageSet.load("data/prepared/train"), load_generators("models")
    columns = [{label: real.of_class(label).images[:SHOWN] for label in generators}]
    columns += [{label: generator.sample(SHOWN).numpy() for label, generator in generators.items()}]
    if with_chosen:
        made = read_kept(Path("data/synthetic"), real, SHOWN)
        columns.append({label: own.images for label, own in made.items()})
    labels = [label for label in generators if all(len(column.get(label, ())) == SHOWN for column in columns)]
    sides = [grid(np.concatenate([column[label] for label in labels]), SHOWN) for column in columns]
    write_bytes(out, png(mosaic(sides, len(sides), BETWEEN_PX)))
    print(f"{out}: {len(labels)} classes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--chosen" in sys.argv[2:])
