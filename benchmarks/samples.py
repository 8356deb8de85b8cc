"""docs/samples.png: real beside synthetic images of a reproduced project, one class per row.

Run `python -m benchmarks.samples docs/samples.png` after `dvc repro`.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment import ImageSet, load_generators
from augment.files import write_bytes
from augment.grids import grid, mosaic, png

ON_EACH_SIDE = 8
BETWEEN_PX = 32


def sheet(real: ImageSet, samples: dict[str, NDArray[np.uint8]]) -> Image.Image:
    """Real images on the left, samples uint8 (N, C, H, W) on the right, one class per row."""
    left = np.concatenate([real.of_class(label).images[:ON_EACH_SIDE] for label in samples])
    sides = [grid(images, ON_EACH_SIDE) for images in (left, np.concatenate(list(samples.values())))]
    return mosaic(sides, 2, BETWEEN_PX)


def main(out: Path) -> None:
    """Read data/prepared/train and models, write the picture."""
    generators = load_generators("models")
    samples = {label: generator.sample(ON_EACH_SIDE).numpy() for label, generator in generators.items()}
    write_bytes(out, png(sheet(ImageSet.load("data/prepared/train"), samples)))
    print(f"{out}: {len(samples)} classes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
