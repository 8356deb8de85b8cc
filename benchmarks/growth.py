"""How the cost of a run grows with classes, images and samples, each case in processes of its own.

`python -m benchmarks.growth` makes sets of noise (28x28, grey), ingests an IDX file of them, trains their GANs with few
steps, and draws samples into shards. Prints processor seconds of all processes, the factor over the case before beside
the factor of its size, and their peak memory; what is shared counts once.

`python -m benchmarks.growth ingest|train|sample CLASSES COUNT FOLDER` is one case, and prints its seconds.
"""

import os
import struct
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.gan.backend import Backend
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.gan.per_class import generators_from, train_classes
from augment.gan.settings import class_training
from augment.params import Ingest, Train
from augment.sharing.samples import write_samples
from benchmarks.pipeline import run

SIDE = 28
SHARED_STEPS, STEPS = 100, 100
CLASSES = (10, 100, 1000)  # of 20 images each
COUNTS = (1_000, 10_000, 100_000)  # images, in 10 classes
SAMPLES = (1_000, 10_000, 100_000, 1_000_000)  # of 10 classes
PER_CLASS = 20


def noise(classes: int, images: int) -> ImageSet:
    """Smooth random images, so that no two are near duplicates."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (images, 1, SIDE // 4, SIDE // 4), dtype=np.uint8)
    labels = np.array([f"class {number % classes:04d}" for number in range(images)])
    names = np.array([str(number) for number in range(images)])
    return ImageSet(coarse.repeat(4, axis=2).repeat(4, axis=3), labels, names, names)


def ingest(classes: int, images: int, folder: Path) -> float:
    """Decode, check, group, split and write one case; returns its processor seconds."""
    write_idx(noise(classes, images), folder)
    began = processor_seconds()
    prepare(Ingest(source="idx", path=str(folder), max_file_mb=1000), 0, folder / "prepared")
    return processor_seconds() - began


def write_idx(made: ImageSet, folder: Path) -> None:
    """As the half called train, with labels of one byte."""
    numbers = np.unique(made.labels, return_inverse=True)[1].astype(np.uint8)
    (folder / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(made)) + numbers.tobytes())
    header = struct.pack(">IIII", 0x803, len(made), SIDE, SIDE)
    (folder / "train-images-idx3-ubyte").write_bytes(header + made.images.tobytes())


def train(classes: int, images: int, folder: Path) -> float:
    """The GANs of one case, a shared one, then one per class, in a work store and as bundles, as the stage writes them;
    returns their processor seconds."""
    made = noise(classes, images)
    wanted = Train(shared_steps=SHARED_STEPS, steps=STEPS)
    training = class_training(wanted, made.counts(), flips="none", height=SIDE, width=SIDE, device="cpu")
    began = processor_seconds()
    backend = Backend(Engine("local", cores()), "cpu", folder / "store", 30.0)
    (trained,) = train_classes(made, training, [0], backend)
    generators_from(made, training, trained, backend.device).save(folder / "models")
    return processor_seconds() - began


def sample(classes: int, samples: int, folder: Path) -> float:
    """So many samples of all classes together into shards; returns their processor seconds."""
    network = build(Architecture("dcgan", 1, SIDE, SIDE, latent=64, features=32), 0)[0]
    generators = GeneratorSet({f"class {number:04d}": ClassGenerator(f"class {number:04d}", network)
                               for number in range(classes)})  # fmt: skip
    generators.save(folder / "models")
    began = processor_seconds()
    of_each = samples // classes
    write_samples(folder / "out", "webdataset", folder / "models", generators, list(generators), of_each, 0)
    return processor_seconds() - began


def processor_seconds() -> float:
    """Of this process and of those that it has started, whether they are still there or not."""
    ended, children = os.times(), psutil.Process().children(recursive=True)
    running = sum(sum(child.cpu_times()[:2]) for child in children)
    return time.process_time() + ended.children_user + ended.children_system + running


def measured(what: str, classes: int, count: int) -> tuple[float, float]:
    """Processor seconds of a case, without imports and noise, and peak MiB with them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.growth", what, str(classes), str(count), folder]
        _, peak, output = run(command, Path.cwd())
    return float(output.split()[-1]), peak


def table(what: str, cases: list[tuple[int, int]]) -> None:
    """One row for each case, and how it grew."""
    print(f"\n| {what}: classes | images | seconds | grew by | its size by | peak MiB |\n|---|---|---|---|---|---|")
    before: tuple[tuple[int, int], float] | None = None
    for case in cases:
        seconds, peak = measured(what, *case)
        grew = f"{seconds / before[1]:.1f}" if before else ""
        size = f"{max(now / then for now, then in zip(case, before[0], strict=True)):.1f}" if before else ""
        print(f"| {case[0]} | {case[1]} | {seconds:.1f} | {grew} | {size} | {peak:.0f} |", flush=True)
        before = case, seconds


def main(arguments: list[str]) -> None:
    """One case, or all of them as tables."""
    cases = {"ingest": ingest, "train": train, "sample": sample}
    match arguments:
        case [what, classes, count, folder]:
            print(cases[what](int(classes), int(count), Path(folder)))
        case _:
            table("ingest", [(10, images) for images in COUNTS])
            table("train", [(10, images) for images in COUNTS])
            table("train", [(classes, classes * PER_CLASS) for classes in CLASSES])
            table("sample", [(10, samples) for samples in SAMPLES])


if __name__ == "__main__":
    main(sys.argv[1:])
