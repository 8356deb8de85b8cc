"""docs/samples.png: real beside synthetic images of a reproduced project, one class per row.

Run `python -m benchmarks.samples docs/samples.png` after `dvc repro`.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment import ImageSet, load_generators
from augment.files import write_bytes
from augment.grids import grid, png

ON_EACH_SIDE = 8
BETWEEN_PX = 32


def picture(real: ImageSet, samples: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """uint8 (H, W, C): real images on the left, samples on the right."""
    left = np.concatenate([real.of_class(label).images[:ON_EACH_SIDE] for label in samples])
    sides = [grid(images, ON_EACH_SIDE) for images in (left, np.concatenate(list(samples.values())))]
    gap = np.full((len(sides[0]), BETWEEN_PX, sides[0].shape[2]), 255, dtype=np.uint8)
    return np.concatenate([sides[0], gap, sides[1]], axis=1)


def main(out: Path) -> None:
    """Read data/prepared/train and models, write the picture."""
    generators = load_generators("models")
    samples = {label: generator.sample(ON_EACH_SIDE).numpy() for label, generator in generators.items()}
    write_bytes(out, png(picture(ImageSet.load("data/prepared/train"), samples)))
    print(f"{out}: {len(samples)} classes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
