"""What a GPU gives: whether its GANs are as good as the CPU's, then how fast they train, sample and are judged.

    python -m benchmarks.gpu [cuda|cpu]

One command of at most eight minutes, which prints tables with the hardware and the versions:

- the same generator on both, from the same latents: the largest difference, in grey levels;
- the same GANs trained on both: mean KID of their samples to held-out images, of each seed, and the difference of the
  means beside its standard error;
- milliseconds of a step: of the plain loop (`plain.py`), of one class, of ten in a stack, in fp32 and bf16, and of one
  class in either memory layout;
- launches in a step, and what a CUDA graph takes off a pass of D forth and back;
- images/s of sampling, and steps/s of a classifier, on the device and on the CPU.

`cpu` in the place of the device goes the same way on the CPU, which shows that it runs.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from augment.core.engine import Engine
from augment.core.environment import environment, resolve_device
from augment.core.processes import cores, keeping_freed_memory
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.networks.build import to_float
from augment.gan.per_class import generators_from, train_classes
from augment.gan.training.run import GanJob, augmentation, begin_run
from augment.gan.training.step import train_step
from augment.measure.classifiers import SmallCnn
from benchmarks.stacks import TURN_STEPS, TURNS, alone_seconds, jobs_for, median, plain_seconds, stack_seconds
from benchmarks.training import mean_kid, pool, settings_for

SIDE, CLASSES = 28, 10
QUALITY_CLASSES, QUALITY_STEPS, SEEDS = 4, 200, (0, 1, 2)
GREY_LEVELS = 127.5  # of a unit of a generator's output
BATCH, SAMPLES, ROUNDS = 64, 4096, 20
Row = tuple[str, ...]
Precision = Literal["bf16", "fp32"]


def print_table(title: str, columns: Row, rows: list[Row]) -> None:
    """As markdown."""
    lines = [columns, ("---",) * len(columns), *rows]
    print(f"\n{title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines), flush=True)


def largest_difference(device: str) -> float:
    """Of the images of one untrained generator, here and there, in grey levels."""
    (job,) = jobs_for(SIDE, 1, "cpu", TURN_STEPS)
    network = begin_run(job, to_float(torch.from_numpy(job.images)), None).players.generator.eval()
    z = torch.randn(BATCH, job.settings.latent, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        here = network(z)
        there = network.to(device)(z.to(device)).cpu()
    return float((here - there).abs().max()) * GREY_LEVELS


def kids(device: str, images: ImageSet, held_out: ImageSet) -> list[float]:
    """Mean KID of the classes' GANs that train on the device, of each seed."""
    training = settings_for(images, 32, QUALITY_STEPS, QUALITY_STEPS)
    engine = Engine("local", cores()) if device == "cpu" else Engine("serial")
    backend = Backend(engine, device, None, 30.0, stacked=device != "cpu", quiet=True)
    found = []
    for trained in train_classes(images, training, SEEDS, backend):
        made = generators_from(images, training, trained, device)
        found.append(mean_kid({label: made[label].network.cpu() for label in made}, held_out))
    return found


def quality_rows(device: str) -> list[Row]:
    """Of the CPU and of the device, and how far apart they are."""
    every, others = pool("digits", SIDE)
    chosen = every.classes[:QUALITY_CLASSES]
    images, held_out = (side.take(np.isin(side.labels, chosen)) for side in (every, others))
    here, there = (kids(where, images, held_out) for where in ("cpu", device))
    error = (statistics.variance(here) / len(here) + statistics.variance(there) / len(there)) ** 0.5
    apart = statistics.mean(there) - statistics.mean(here)
    rows: list[Row] = [
        (name, *(f"{value:.4f}" for value in found), f"{statistics.mean(found):.4f}")
        for name, found in (("CPU", here), (device, there))
    ]
    return [*rows, ("difference", *("" for _ in SEEDS), f"{apart:+.4f}, standard error {error:.4f}")]


def with_precision(jobs: list[GanJob], precision: Precision) -> list[GanJob]:
    """The same GANs, in this precision."""
    return [replace(job, settings=replace(job.settings, precision=precision)) for job in jobs]


def step_rows(device: str) -> list[Row]:
    """Milliseconds of a step of the plain loop over ten classes, of one class, and of ten in a stack."""
    rows: list[Row] = []
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    for precision in precisions:
        jobs = with_precision(jobs_for(SIDE, CLASSES, device, TURNS * TURN_STEPS), precision)
        plain, one, ten = CLASSES * plain_seconds(jobs[0]), stack_seconds(jobs[:1]), stack_seconds(jobs)
        metrics = (f"{1000 * seconds:.2f}" for seconds in (plain, one, ten))
        rows.append((precision, *metrics, f"{ten / one:.2f}", f"{plain / ten:.1f}"))
    return rows


def layout_rows(device: str) -> list[Row]:
    """Milliseconds of a step of one class by itself, in either layout of its networks."""
    job = jobs_for(SIDE, 1, device, TURNS * TURN_STEPS)[0]
    rows: list[Row] = [("as the project has it", f"{1000 * alone_seconds(job):.2f}")]
    for name, layout in (("contiguous", torch.contiguous_format), ("channels last", torch.channels_last)):
        run = begin_run(job, to_float(torch.from_numpy(job.images)).to(device), None)
        for network in (run.players.generator, run.players.discriminator):
            network.to(memory_format=layout)  # type: ignore[call-overload]

        def turn(run=run) -> None:  # type: ignore[no-untyped-def]
            for _ in range(TURN_STEPS):
                train_step(run.players, job.settings, run.data, run.seen, augmentation(job.settings, run.progress))

        rows.append((name, f"{1000 * median(turn, device) / TURN_STEPS:.2f}"))
    return rows


def launches(device: str) -> int:
    """Kernels that a step starts on a GPU, on a CPU operators; mean over a cycle of the penalty."""
    job = jobs_for(SIDE, 1, device, TURN_STEPS)[0]
    run = begin_run(job, to_float(torch.from_numpy(job.images)).to(device), None)
    every, augment = job.settings.penalty_every, augmentation(job.settings, run.progress)
    kinds = [torch.profiler.ProfilerActivity.CPU]
    kinds += [torch.profiler.ProfilerActivity.CUDA] if device == "cuda" else []
    with torch.profiler.profile(activities=kinds) as profile:
        for _ in range(every):
            train_step(run.players, job.settings, run.data, run.seen, augment)
    started = "cudaLaunchKernel" if device == "cuda" else "aten::"
    names: list[str] = [event.name for event in profile.events()]
    return sum(name.startswith(started) for name in names) // every


def graph_row(device: str) -> Row:
    """Milliseconds of a pass of D forth and back, plain and as a CUDA graph, which CPUs do not have."""
    job = jobs_for(SIDE, 1, device, TURN_STEPS)[0]
    discriminator = begin_run(job, to_float(torch.from_numpy(job.images)).to(device), None).players.discriminator
    x = torch.randn(2 * BATCH, *job.images.shape[1:], device=device, requires_grad=True)

    def passes(network: Callable[..., object]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(ROUNDS):
                scores = network(x)
                assert isinstance(scores, Tensor)
                scores.sum().backward()  # type: ignore[no-untyped-call]

        return run

    plain = f"{1000 * median(passes(discriminator), device) / ROUNDS:.3f}"
    if device != "cuda":
        return ("a pass of D", plain, "none")
    graphed = torch.cuda.make_graphed_callables(discriminator, (x,))
    return ("a pass of D", plain, f"{1000 * median(passes(graphed), device) / ROUNDS:.3f}")


def sampling_rate(device: str) -> float:
    """Images/s of a generator, in passes of `BATCH`."""
    job = jobs_for(SIDE, 1, "cpu", TURN_STEPS)[0]
    network = begin_run(job, to_float(torch.from_numpy(job.images)), None).players.generator.eval().to(device)
    z = torch.randn(BATCH, job.settings.latent, device=device)

    def run() -> None:
        with torch.no_grad():
            for _ in range(SAMPLES // BATCH):
                network(z).cpu()

    return SAMPLES / median(run, device)


def classifier_rate(device: str) -> float:
    """Steps/s of the small classifier."""
    network = SmallCnn(1, SIDE, SIDE, CLASSES).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, fused=True)
    images, targets = torch.rand(BATCH, 1, SIDE, SIDE, device=device), torch.arange(BATCH, device=device) % CLASSES

    def run() -> None:
        for _ in range(ROUNDS):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(network(images), targets).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    return ROUNDS / median(run, device)


@keeping_freed_memory()
def main(device: str) -> None:
    """Measure and print."""
    began = time.perf_counter()
    torch.set_num_threads(1)
    known = environment(device)
    print(f"{known['device']}, torch {known['torch']}, CUDA {torch.version.cuda}, Python {known['python']}")
    print(f"{cores()} cores ({known['processor']}, {known['cpu_capability']}), one thread each")
    print(f"\nThe same generator on both: at most {largest_difference(device):.3f} grey levels apart")
    print_table("GANs trained on both: mean KID", ("where", *map(str, SEEDS), "mean"), quality_rows(device))
    columns = ("precision", "plain loop, ten classes", "one class", "ten in a stack", "ten / one", "plain / ten")
    print_table("A step, ms", columns, step_rows(device))
    print_table("A step of one class, ms", ("networks", "ms"), layout_rows(device))
    print_table(f"{launches(device)} launches in a step", ("ms", "plain", "CUDA graph"), [graph_row(device)])
    rates: list[Row] = [
        (name, *(f"{rate(where):.0f}" for where in ("cpu", device)))
        for name, rate in (("images/s of sampling", sampling_rate), ("steps/s of a classifier", classifier_rate))
    ]
    print_table("Beside the training", ("what", "CPU, one thread", device), rows=rates)
    print(f"\n{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main(resolve_device(sys.argv[1] if len(sys.argv) > 1 else "cuda"))
