"""How the cost of a run grows with classes and images, each case in processes of its own.

`python -m benchmarks.growth` makes sets of noise (28x28, grey), trains their GANs with few steps, and ingests an IDX
file of the same images. Prints seconds, the factor over the case before beside the factor of its size, and peak
memory of all processes.

`python -m benchmarks.growth train|ingest CLASSES IMAGES FOLDER` is one case, and prints its seconds.
"""

import struct
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.data.cleaning import examine
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.per_class import train_classes
from augment.gan.settings import class_training
from augment.params import Ingest, Train
from benchmarks.pipeline import run

SIDE = 28
SHARED_STEPS, STEPS = 100, 100
CLASSES = (10, 30, 100)  # of 20 images each
IMAGES = (1_000, 10_000, 100_000)  # in 10 classes
PER_CLASS = 20


def noise(classes: int, images: int) -> ImageSet:
    """Smooth random images, so that no two are near duplicates."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (images, 1, SIDE // 4, SIDE // 4), dtype=np.uint8)
    labels = np.array([f"class {number % classes:03d}" for number in range(images)])
    names = np.array([str(number) for number in range(images)])
    return ImageSet(coarse.repeat(4, axis=2).repeat(4, axis=3), labels, names, names)


def train(classes: int, images: int) -> None:
    """The GANs of one case: a shared one, then one per class."""
    made = noise(classes, images)
    wanted = Train(shared_steps=SHARED_STEPS, steps=STEPS)
    training = class_training(wanted, made.counts(), flips="none", height=SIDE, width=SIDE, device="cpu")
    began = time.perf_counter()
    train_classes(made, training, [0], Backend(Engine("local", cores()), "cpu", None, 30.0))
    print(time.perf_counter() - began)


def ingest(classes: int, images: int, folder: Path) -> None:
    """Decode, check and group one case."""
    made = noise(classes, images)
    numbers = np.unique(made.labels, return_inverse=True)[1].astype(np.uint8)
    (folder / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, images) + numbers.tobytes())
    header = struct.pack(">IIII", 0x803, images, SIDE, SIDE)
    (folder / "train-images-idx3-ubyte").write_bytes(header + made.images.tobytes())
    began = time.perf_counter()
    examine(Ingest(source="idx", path=str(folder), max_file_mb=1000))
    print(time.perf_counter() - began)


def measured(what: str, classes: int, images: int) -> tuple[float, float]:
    """Seconds of a case, without imports and noise, and peak MiB with them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.growth", what, str(classes), str(images), folder]
        _, peak, output = run(command, Path.cwd())
    return float(output.split()[-1]), peak


def table(what: str, cases: list[tuple[int, int]]) -> None:
    """One row for each case, and how it grew."""
    found = [measured(what, *case) for case in cases]
    print(f"\n| {what}: classes | images | seconds | grew by | its size by | peak MiB |\n|---|---|---|---|---|---|")
    before: list[str] = ["", *(f"{b[0] / a[0]:.1f}" for a, b in pairwise(found))]
    sizes = ["", *(f"{max(b[0] / a[0], b[1] / a[1]):.1f}" for a, b in pairwise(cases))]
    for (classes, images), (seconds, peak), grew, size in zip(cases, found, before, sizes, strict=True):
        print(f"| {classes} | {images} | {seconds:.1f} | {grew} | {size} | {peak:.0f} |", flush=True)


def main(arguments: list[str]) -> None:
    """One case, or all of them as tables."""
    match arguments:
        case ["train", classes, images, _]:
            train(int(classes), int(images))
        case ["ingest", classes, images, folder]:
            ingest(int(classes), int(images), Path(folder))
        case _:
            table("train", [(classes, classes * PER_CLASS) for classes in CLASSES])
            table("train", [(10, images) for images in IMAGES])
            table("ingest", [(10, images) for images in IMAGES])


if __name__ == "__main__":
    main(sys.argv[1:])
