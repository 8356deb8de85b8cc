"""What sampling costs: seconds until the first 64 images of a fresh process, and images a second of one core.

    python -m benchmarks.sampling

Ten untrained generators of the default network, in colour. Rates are of the processor's own seconds, the best of five,
so that other work on the machine counts for little; the rate of a product of matrices says what the core could do.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from augment import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

SIDES = (8, 28, 32, 64)
FIRST_IMAGES, MANY_IMAGES = 64, 2560
RUNS = 5
MATRIX_SIDE = 512
FIRST = """
import time
import torch
began = time.perf_counter()
import augment
augment.load_generators({folder!r}).sample({images})
print(time.perf_counter() - began)
"""


def generators(side: int) -> GeneratorSet:
    """Ten classes with weights as they are drawn."""
    plan = Architecture("dcgan", 3, side, side, latent=64, features=32)
    return GeneratorSet({str(number): ClassGenerator(str(number), build(plan, number)[0]) for number in range(10)})


def first_seconds(folder: Path) -> float:
    """Of a fresh process, beyond the import of torch, until it has loaded the folder and drawn its first images."""
    code = FIRST.format(folder=str(folder), images=FIRST_IMAGES)
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(RUNS))


def processor_seconds(call: Callable[[], object]) -> float:
    """The fewest of some calls after one that warms up."""
    seconds = []
    for _ in range(RUNS + 1):
        began = time.process_time()
        call()
        seconds.append(time.process_time() - began)
    return min(seconds[1:])


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    matrix = torch.randn(MATRIX_SIDE, MATRIX_SIDE)
    gigaflops = 2 * MATRIX_SIDE**3 / processor_seconds(lambda: matrix @ matrix) / 1e9
    print(f"product of matrices: {gigaflops:.0f} Gflop/s")
    print("| side | first 64 images, s | images/s of one class | images/s of all in turns |")
    print("|---|---|---|---|")
    for side in SIDES:
        made = generators(side)
        with tempfile.TemporaryDirectory() as folder:
            made.save(folder)
            first = first_seconds(Path(folder))
        one = MANY_IMAGES / processor_seconds(partial(made["0"].sample, MANY_IMAGES))
        every = MANY_IMAGES / processor_seconds(partial(made.sample, MANY_IMAGES))
        print(f"| {side} | {first:.2f} | {one:.0f} | {every:.0f} |", flush=True)


if __name__ == "__main__":
    main()
