"""How fast GANs train, beside the plain way, in one run.

`python -m benchmarks.training [FOLDER]` trains ten classes of 50 images, of the built-in digits enlarged or of a
folder of class folders, at 28 and 32 px and in batches of 32 and 64:

- images/s of the plain loop (`plain.py`) and of the project, same networks, loss, penalties and augmentation;
- the share of this machine's matrix-multiply rate that training reaches, in the training dtype, in as many
  processes, counting the floating point operations of its convolutions and products by torch's counter;
- seconds until the mean KID of the classes falls below a bound: of a plain DCGAN loop (non-saturating, from scratch,
  no penalty, no augmentation, no average) and of the project at growing budgets, its shared stage included.

Prints a table, and as last line of standard output the figures at 28 px and batches of 32 as JSON.
"""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from augment.data.imageset import ImageSet
from augment.engine import Engine, cores
from augment.gan.adaptive import first_probability
from augment.gan.bundle import generators_from
from augment.gan.classes import ClassTraining, Workplace, class_job, train_classes
from augment.gan.fit import architecture_of, augmentation, begin, play
from augment.gan.networks import Generator, to_float, to_uint8
from augment.gan.settings import class_training
from augment.gan.state import Progress
from augment.gan.training import GanSettings
from augment.measure.features import random_convolutions
from augment.measure.metrics import kid
from augment.params import Train
from benchmarks.plain import train_plainly
from benchmarks.pools import draw, images_of

CLASSES, PER_CLASS, HELD_OUT = 10, 50, 120
CASES = ((28, 32), (28, 64), (32, 32), (32, 64))  # pixels, batch size
STEPS = 60  # of each class, for the throughput
KID_BOUND = 0.010  # mean over classes, held-out images against samples, random convolutions
PLAIN_LOOKS = (250, 500, 1000, 2000, 4000, 8000)
BUDGETS = ((100, 25), (200, 50), (400, 100), (800, 200), (2000, 400))  # shared and class steps
DCGAN_RATE, DCGAN_BETAS = 2e-4, (0.5, 0.999)  # Radford et al. 2015, section 4


def pool(where: str, side: int) -> tuple[ImageSet, ImageSet]:
    """Training and held-out images of ten classes."""
    every = images_of(where, side)
    classes = every.classes[:CLASSES]
    return draw(every, dict.fromkeys(classes, PER_CLASS), HELD_OUT, 0, classes)


def settings_for(train: ImageSet, batch_size: int, steps: int, shared: int | None) -> ClassTraining:
    """What params.yaml's defaults give, with these steps."""
    wanted = Train(
        batch_size=batch_size, steps=steps, shared_steps=shared or 1, transfer="shared" if shared else "none"
    )
    _, _, height, width = train.images.shape
    return class_training(wanted, train.classes, flips="none", height=height, width=width, device="cpu")


def project_seconds(train: ImageSet, training: ClassTraining, place: Workplace) -> tuple[float, dict[str, Generator]]:
    """Wall seconds of all classes' GANs, and their generators."""
    began = time.perf_counter()
    (results,) = train_classes(train, training, [0], place)
    seconds = time.perf_counter() - began
    made = generators_from(train, training.classes, results, "cpu")
    return seconds, {label: made[label].network for label in made}


def plain_throughput(train: ImageSet, settings: GanSettings) -> float:
    """Images/s of the plain loop over all classes."""
    seconds = sum(
        train_plainly(to_float(torch.from_numpy(train.of_class(label).images)), settings, 0, betas=(0.0, 0.99))
        for label in train.classes
    )
    return len(train.classes) * settings.steps * settings.batch_size / seconds


def flops_per_image(train: ImageSet, settings: GanSettings) -> float:
    """Of convolutions and products, mean over one cycle of the penalty."""
    job = class_job(train, train.classes[0], settings, 0, None, "cpu", "counted")
    game = begin(job, architecture_of(job))
    data, chances = to_float(torch.from_numpy(job.images)), torch.from_numpy(job.weights)
    augment = augmentation(settings, Progress(first_probability(settings.augmentation, len(data))))
    with FlopCounterMode(display=False) as counter:
        for _ in range(settings.penalty_every):
            play(game, settings, data, chances, augment)
    return float(counter.get_total_flops()) / (settings.penalty_every * settings.batch_size)


def product_rate(dtype: torch.dtype) -> float:
    """Floating point operations per second of a large matrix product in this process."""
    side, rounds = 1024, 20
    a, b = (torch.randn(side, side).to(dtype) for _ in range(2))
    a @ b
    began = time.perf_counter()
    for _ in range(rounds):
        a @ b
    return 2 * side**3 * rounds / (time.perf_counter() - began)


def machine_rate(settings: GanSettings, engine: Engine) -> float:
    """The same in as many processes at once as train, summed."""
    dtype = torch.bfloat16 if settings.precision == "bf16" else torch.float32
    return sum(rate for _, rate in engine.map(product_rate, [dtype] * engine.jobs))


def mean_kid(generators: dict[str, Generator], held_out: ImageSet) -> float:
    """Over classes, of 200 samples each."""
    return float(np.mean([class_kid(generator, held_out, label) for label, generator in generators.items()]))


@torch.no_grad()
def class_kid(generator: Generator, held_out: ImageSet, label: str) -> float:
    """Of 200 samples of one class, drawn with the statistics of their own batch while training goes on."""
    z = torch.randn(200, generator.architecture.latent, generator=torch.Generator().manual_seed(1))
    samples = to_uint8(generator(z)).numpy()
    return kid(real=random_convolutions(held_out.of_class(label).images), fake=random_convolutions(samples))


def plain_seconds_to_kid(train: ImageSet, held_out: ImageSet, settings: GanSettings) -> float:
    """Every class until its own KID is below the bound, one after the other; infinite when one never gets there."""
    total = 0.0
    for label in train.classes:
        reached: list[float] = []

        def look(
            generator: Generator, step: int, seconds: float, label: str = label, reached: list[float] = reached
        ) -> bool:
            found = class_kid(generator, held_out, label)
            if found < KID_BOUND:
                reached.append(seconds)
            print(f"plain: class {label} step {step}: KID {found:.4f}, {seconds:.0f} s", file=sys.stderr)
            return bool(reached)

        images = to_float(torch.from_numpy(train.of_class(label).images))
        train_plainly(images, settings, 0, betas=DCGAN_BETAS, look_at=PLAIN_LOOKS, look=look)
        total += reached[0] if reached else float("inf")
    return total


def seconds_to_kid(train: ImageSet, held_out: ImageSet, place: Workplace) -> float:
    """The smallest budget whose classes reach the bound on average."""
    for shared, steps in BUDGETS:
        seconds, generators = project_seconds(train, settings_for(train, 32, steps, shared), place)
        found = mean_kid(generators, held_out)
        print(f"project: {shared} + {steps} steps: KID {found:.4f}, {seconds:.0f} s", file=sys.stderr)
        if found < KID_BOUND:
            return seconds
    return float("inf")


def main(where: str) -> None:
    """Measure and print."""
    torch.set_num_threads(cores())
    place = Workplace(Engine("local", cores()), "cpu", None, 30.0)
    figures = {}
    print("| size | batch | plain images/s | images/s | ratio | share of the matrix rate |")
    print("|---|---|---|---|---|---|")
    for side, batch_size in CASES:
        train, _ = pool(where, side)
        training = settings_for(train, batch_size, STEPS, None)
        settings = training.classes[train.classes[0]]
        plain = plain_throughput(train, replace(settings, steps=STEPS // 2))
        project_seconds(train, settings_for(train, batch_size, 2, None), place)  # starts the processes
        seconds, _ = project_seconds(train, training, place)
        ours = CLASSES * STEPS * batch_size / seconds
        share = ours * flops_per_image(train, settings) / machine_rate(settings, place.engine)
        figures[side, batch_size] = (plain, ours, ours / plain, share)
        print(f"| {side} | {batch_size} | {plain:.0f} | {ours:.0f} | {ours / plain:.2f} | {share:.3f} |", flush=True)
    train, held_out = pool(where, 28)
    dcgan = replace(
        settings_for(train, 32, PLAIN_LOOKS[-1], None).classes[train.classes[0]],
        loss="non_saturating", gamma=0.0, augmentation=0.0, learning_rate=DCGAN_RATE, precision="fp32",
    )  # fmt: skip
    ours_seconds = seconds_to_kid(train, held_out, place)
    plain_seconds = plain_seconds_to_kid(train, held_out, dcgan)
    print(f"\nseconds to KID {KID_BOUND}: plain {plain_seconds:.0f}, project {ours_seconds:.0f}")
    plain, ours, ratio, share = figures[CASES[0]]
    print(
        json.dumps(
            {
                "naive_images_per_s": round(plain, 1),
                "images_per_s": round(ours, 1),
                "ratio": round(ratio, 2),
                "gemm_share": round(share, 3),
                "naive_seconds_to_kid": round(plain_seconds, 1),
                "seconds_to_kid": round(ours_seconds, 1),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "digits")
