"""How fast GANs train, beside the plain way, in one run.

`python -m benchmarks.training [FOLDER]` trains ten classes of 50 images, of the built-in digits enlarged or of a
folder of class folders, at 28 and 32 px and in batches of 32 and 64:

- images/s of the plain loop (`plain.py`) and of the project, same networks, loss, penalties and augmentation;
- the share of this machine's matrix-multiply rate that training reaches, in the training dtype, in as many
  processes, counting the floating point operations of its convolutions and products by torch's counter;
- seconds until the mean KID of the classes falls below each of three bounds: of a plain DCGAN loop (non-saturating,
  from scratch, no penalty, no augmentation, no average) and of the project at growing budgets, its shared stage
  included.

Prints tables, and as last line of standard output the figures at 28 px, batches of 32 and the first bound as JSON;
null stands for a bound that was never reached.
"""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.networks.build import Generator, to_float, to_uint8
from augment.gan.per_class import ClassTraining, class_job, generators_from, train_classes
from augment.gan.settings import class_training
from augment.gan.training.run import GanSettings, augmentation, begin_run
from augment.gan.training.step import train_step
from augment.measure.features import random_convolutions
from augment.measure.metrics import kid
from augment.params import Train
from benchmarks.plain import train_plainly
from benchmarks.pools import draw, images_of

CLASSES, PER_CLASS, HELD_OUT = 10, 50, 120
CASES = ((28, 32), (28, 64), (32, 32), (32, 64))  # pixels, batch size
STEPS, PLAIN_STEPS = 400, 100  # of each class, for the throughput: ours has looks, so it runs as long as by default
KID_BOUNDS = (0.010, 0.005, 0.0025)  # mean over classes, held-out images against samples, random convolutions
PLAIN_LOOKS = (50, 100, 200, 400, 800, 1600)
BUDGETS = ((25, 6), (50, 12), (100, 25), (200, 50), (400, 100), (800, 200), (1600, 400))  # shared and class steps
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
    return class_training(wanted, train.counts(), flips="none", height=height, width=width, device="cpu")


def project_seconds(train: ImageSet, training: ClassTraining, backend: Backend) -> tuple[float, dict[str, Generator]]:
    """Wall seconds of all classes' GANs, and their generators."""
    began = time.perf_counter()
    (trained,) = train_classes(train, training, [0], backend)
    seconds = time.perf_counter() - began
    made = generators_from(train, training, trained, "cpu")
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
    run = begin_run(job, torch.from_numpy(job.images), None)
    augment = augmentation(settings, run.progress)
    with FlopCounterMode(display=False) as counter:
        for _ in range(settings.penalty_every):
            train_step(run.players, settings, run.data, run.seen, augment)
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


def plain_course(train: ImageSet, held_out: ImageSet, settings: GanSettings) -> list[tuple[float, float]]:
    """Seconds and mean KID of all classes, one after the other, after each of `PLAIN_LOOKS` steps."""
    seconds, found = np.zeros((2, len(PLAIN_LOOKS)))
    for label in train.classes:

        def look(generator: Generator, step: int, took: float, label: str = label) -> None:
            at = PLAIN_LOOKS.index(step)
            seconds[at] += took
            found[at] += class_kid(generator, held_out, label) / len(train.classes)

        images = to_float(torch.from_numpy(train.of_class(label).images))
        train_plainly(images, settings, 0, betas=DCGAN_BETAS, look_at=PLAIN_LOOKS, look=look)
    return list(zip(seconds.tolist(), found.tolist(), strict=True))


def project_course(train: ImageSet, held_out: ImageSet, backend: Backend) -> list[tuple[float, float]]:
    """Seconds and mean KID of all classes, each of `BUDGETS` trained from the beginning."""
    course = []
    for shared, steps in BUDGETS:
        seconds, generators = project_seconds(train, settings_for(train, 32, steps, shared), backend)
        course.append((seconds, mean_kid(generators, held_out)))
    return course


def first_below(course: list[tuple[float, float]], bound: float) -> float | None:
    """Seconds at which the KID was first below the bound; None: never."""
    return next((seconds for seconds, found in course if found < bound), None)


def print_courses(plain: list[tuple[float, float]], ours: list[tuple[float, float]]) -> None:
    """Both ways to the bounds, and what was seen on the way."""
    for name, course in (("plain loop", plain), ("project", ours)):
        seen = ", ".join(f"{found:.4f} after {seconds:.0f} s" for seconds, found in course)
        print(f"\nKID of the {name}: {seen}")
    print("\n| KID below | plain s | project s | ratio |\n|---|---|---|---|")
    for bound in KID_BOUNDS:
        slow, fast = first_below(plain, bound), first_below(ours, bound)
        ratio = f"{slow / fast:.1f}" if slow and fast else ""
        print(f"| {bound} | {seconds_text(slow)} | {seconds_text(fast)} | {ratio} |")


def rounded(seconds: float | None) -> float | None:
    """For the last line; null stands for never."""
    return None if seconds is None else round(seconds, 1)


def seconds_text(seconds: float | None) -> str:
    """For the table."""
    return "never" if seconds is None else f"{seconds:.1f}"


def throughput(where: str, side: int, batch_size: int, backend: Backend) -> tuple[float, float, float]:
    """Images/s of the plain loop and of the project, and the project's share of the matrix rate."""
    train, _ = pool(where, side)
    training = settings_for(train, batch_size, STEPS, None)
    settings = training.classes[train.classes[0]]
    plain_throughput(train, replace(settings, steps=2))  # warms it
    plain = plain_throughput(train, replace(settings, steps=PLAIN_STEPS))
    project_seconds(train, settings_for(train, batch_size, 2, None), backend)  # starts the processes
    seconds, _ = project_seconds(train, training, backend)
    ours = CLASSES * STEPS * batch_size / seconds
    return plain, ours, ours * flops_per_image(train, settings) / machine_rate(settings, backend.engine)


def courses(where: str, backend: Backend) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The ways of the plain DCGAN loop and of the project to a low KID, at 28 px."""
    train, held_out = pool(where, 28)
    dcgan = replace(
        settings_for(train, 32, PLAIN_LOOKS[-1], None).classes[train.classes[0]],
        loss="non_saturating", gamma=0.0, augmentation=0.0, learning_rate=DCGAN_RATE, precision="fp32",
    )  # fmt: skip
    return plain_course(train, held_out, dcgan), project_course(train, held_out, backend)


def main(where: str) -> None:
    """Measure and print."""
    torch.set_num_threads(cores())
    backend = Backend(Engine("local", cores()), "cpu", None, 30.0)
    metrics = {}
    print("| size | batch | plain images/s | images/s | ratio | share of the matrix rate |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        plain, ours, share = metrics[case] = throughput(where, *case, backend)
        print(f"| {case[0]} | {case[1]} | {plain:.0f} | {ours:.0f} | {ours / plain:.2f} | {share:.3f} |", flush=True)
    plain_way, our_way = courses(where, backend)
    print_courses(plain_way, our_way)
    plain, ours, share = metrics[CASES[0]]
    print(
        json.dumps(
            {
                "naive_images_per_s": round(plain, 1),
                "images_per_s": round(ours, 1),
                "ratio": round(ours / plain, 2),
                "gemm_share": round(share, 3),
                "naive_seconds_to_kid": rounded(first_below(plain_way, KID_BOUNDS[0])),
                "seconds_to_kid": rounded(first_below(our_way, KID_BOUNDS[0])),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "digits")
