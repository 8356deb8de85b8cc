"""What a Ray cluster costs beside processes of this machine.

`python -m benchmarks.cluster [CLASSES] [STEPS]` trains as many classes (20) of 30 enlarged digits (28x28), a shared GAN
first, as params.yaml's defaults have it but with so many steps (120), by two processes and by a cluster of two machines
of one core each inside this machine, in turns, after both have started and imported all they need. It prints seconds of
starting, training and ending, the ratio of the trainings, and whether the weights are the same bits.
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.data.split.pool import join
from augment.gan.backend import Backend
from augment.gan.per_class import ClassTraining, TrainedClasses, train_classes
from augment.gan.settings import class_training
from augment.params import Train
from benchmarks.machines import Machines
from benchmarks.pools import images_of

SIDE, PER_CLASS, CORES = 28, 30, 2
CHECKPOINT_SECONDS = 30.0  # the default
SEEDS = (0, 1)
DEFAULTS = (20, 120)  # classes, steps


def set_of(classes: int) -> ImageSet:
    """So many classes, each of images of one digit that no other has, as far as these last."""
    every = images_of("digits", SIDE)
    parts = []
    for number in range(classes):
        own = every.of_class(every.classes[number % len(every.classes)])
        rows = (np.arange(PER_CLASS) + PER_CLASS * (number // len(every.classes))) % len(own)
        parts.append(replace(own.take(rows), labels=np.full(PER_CLASS, f"class {number}")))
    return join(*parts)


def training_of(images: ImageSet, steps: int) -> ClassTraining:
    """What params.yaml's defaults give, with so many steps of the shared GAN and of each class."""
    wanted = Train(shared_steps=steps, steps=steps)
    return class_training(wanted, images.counts(), flips="none", height=SIDE, width=SIDE, device="cpu")


def warm(number: int) -> int:
    """A unit that imports what the others need, and lasts until each process has one."""
    time.sleep(2.0)
    return number


def timed(images: ImageSet, training: ClassTraining, engine: Engine, seed: int) -> tuple[float, TrainedClasses]:
    """Seconds, with a work store that is new."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        backend = Backend(engine, "cpu", Path(folder), CHECKPOINT_SECONDS, quiet=True)
        (trained,) = train_classes(images, training, [seed], backend)
        return time.perf_counter() - began, trained


def same_bits(one: TrainedClasses, other: TrainedClasses) -> bool:
    """Whether all classes have the same weights."""
    return all(
        torch.equal(value, other.classes[label].whole().generator[name])
        for label, gan in one.classes.items()
        for name, value in gan.whole().generator.items()
    )


def main(classes: int, steps: int) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    images = set_of(classes)
    training = training_of(images, steps)
    began = time.perf_counter()
    machines = Machines()
    try:
        machines.add()
        engines = {"local": Engine("local", CORES), "ray": Engine("ray", address=machines.address)}
        assert engines["ray"].processes == CORES
        started = time.perf_counter() - began
        for engine in engines.values():
            engine.gather(warm, range(CORES))
            timed(images, training_of(images, 2), engine, 0)
        turns = [{kind: timed(images, training, engine, seed) for kind, engine in engines.items()} for seed in SEEDS]
    finally:
        began = time.perf_counter()
        machines.end()
    ended = time.perf_counter() - began
    print(f"{classes} classes of {PER_CLASS}, {SIDE}x{SIDE}, {steps} steps each and of the shared GAN; {CORES} cores\n")
    print("| turn | local, two processes, s | ray, two machines of one core, s | ratio | same bits |")
    print("|---|---|---|---|---|")
    for seed, turn in zip(SEEDS, turns, strict=True):
        (local, mine), (ray, other) = turn["local"], turn["ray"]
        print(f"| {seed} | {local:.1f} | {ray:.1f} | {ray / local:.2f} | {same_bits(mine, other)} |")
    print(f"\nThe cluster was there after {started:.1f} s, and gone after {ended:.1f} s.")


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], *map(str, DEFAULTS[len(sys.argv) - 1 :])]))
