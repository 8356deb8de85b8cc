"""What a stack of GANs gains, on this machine's CPU or GPU.

`python -m benchmarks.stacks [cpu|cuda] [MEMBERS ...]` trains so many GANs (1 and 10) of 50 enlarged digits each, with
what params.yaml's defaults give, in this process and one thread, and prints

- milliseconds of one step of all models: of the plain loop (`plain.py`, fp32, one after the other), of the
  project one after the other, and in a stack, with its stacking and parting at the end of an interval;
- seconds of whole runs of 100 steps, checks included;
- milliseconds of the discriminator's second layer in a stack, forward and backward: as a grouped convolution
  (what the project does), in the other memory layout, as unfolded patches and a batched product, and
  as a loop over models.
"""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.core.environment import environment, resolve_device
from augment.core.processes import keeping_freed_memory
from augment.gan.networks.build import to_float
from augment.gan.per_class import class_job
from augment.gan.settings import class_training
from augment.gan.training.players import ADAM_BETAS
from augment.gan.training.run import GanJob, augmentation, begin_run, never_ends
from augment.gan.training.stacked_trainer import end_stack, fit_stacked, slots_of, train_interval
from augment.gan.training.step import train_step
from augment.gan.training.trainer import fit
from augment.params import Train
from benchmarks.plain import train_plainly
from benchmarks.training import pool

SIDES = (8, 28)  # pixels
MEMBERS = (1, 10)
RUN_STEPS = 100
TURNS, TURN_STEPS = 10, 20  # of a run; an interval is timed
LAYER_REPEATS = 10
REPEATS = 3


def jobs_for(side: int, count: int, device: str, steps: int) -> list[GanJob]:
    """As many GANs, of the ten digits and of further repeats of them."""
    train, _ = pool("digits", side)
    wanted = Train(transfer="none", steps=steps)
    training = class_training(wanted, train.counts(), flips="none", height=side, width=side, device=device)
    labels = [train.classes[number % len(train.classes)] for number in range(count)]
    return [
        class_job(train, label, training.classes[label], number, None, device, f"{label} {number}")
        for number, label in enumerate(labels)
    ]


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds of a GPU, until it has done the work; else of the processor, which a busy machine changes less."""
    if device == "cpu":
        began = time.process_time()
        work()
        return time.process_time() - began
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def median(work: Callable[[], object], device: str) -> float:
    """Of `REPEATS` timings, after one that warms up."""
    work()
    return statistics.median(timed(work, device) for _ in range(REPEATS))


def plain_seconds(job: GanJob) -> float:
    """Of a step of the plain loop."""
    images = to_float(torch.from_numpy(job.images)).to(job.device)
    settings = replace(job.settings, steps=TURN_STEPS)

    def run() -> None:
        train_plainly(images, settings, 0, betas=ADAM_BETAS)

    return median(run, job.device) / TURN_STEPS


def alone_seconds(job: GanJob) -> float:
    """Of a step of one GAN by itself."""
    run = begin_run(job, torch.from_numpy(job.images).to(job.device), None)

    def turn() -> None:
        for _ in range(TURN_STEPS):
            train_step(run.players, job.settings, run.data, run.seen, augmentation(job.settings, run.progress))

    return median(turn, job.device) / TURN_STEPS


def stack_seconds(jobs: list[GanJob]) -> float:
    """Of a step of all in one stack."""
    data = torch.cat([torch.from_numpy(job.images) for job in jobs]).to(jobs[0].device)
    none = [None] * len(jobs)
    models = slots_of(jobs, data, none, none, [never_ends] * len(jobs))

    def turn() -> None:
        end_stack(models, train_interval(models, data, lambda: False, lambda step, steps: None))

    return median(turn, jobs[0].device) / TURN_STEPS


def grouped(x: Tensor, weight: Tensor, models: int) -> Tensor:
    """x float (N, K C, H, W), weight (K D, C, 4, 4) -> (N, K D, H / 2, W / 2)."""
    return F.conv2d(x, weight, stride=2, padding=1, groups=models)


def unfolded(x: Tensor, weight: Tensor, models: int) -> Tensor:
    """The same as patches and one batched product."""
    count, _, height, width = x.shape
    patches = F.unfold(x, 4, stride=2, padding=1).view(count, models, -1, height * width // 4)
    made = torch.einsum("nkcp,kdc->nkdp", patches, weight.view(models, -1, patches.shape[2]))
    return made.reshape(count, -1, height // 2, width // 2)


def looped(x: Tensor, weight: Tensor, models: int) -> Tensor:
    """The same, one model after the other."""
    pairs = zip(x.chunk(models, dim=1), weight.chunk(models), strict=True)
    return torch.cat([F.conv2d(own, theirs, stride=2, padding=1) for own, theirs in pairs], dim=1)


def layer_seconds(
    form: Callable[[Tensor, Tensor, int], Tensor], layout: torch.memory_format, models: int, device: str
) -> float:
    """Of a layer from 32 to 64 channels at 14x14, of 64 images of each model, in bf16."""
    x, weight = (
        torch.randn(shape, device=device, dtype=torch.bfloat16).to(memory_format=layout).requires_grad_()
        for shape in ((64, models * 32, 14, 14), (models * 64, 32, 4, 4))
    )

    def rounds() -> None:
        for _ in range(LAYER_REPEATS):
            form(x, weight, models).float().sum().backward()  # type: ignore[no-untyped-call]

    return median(rounds, device) / LAYER_REPEATS


def print_steps(device: str, numbers: tuple[int, ...]) -> None:
    """The table of single steps."""
    print("| images | precision | models | plain | alone | stack | stack / one | alone / stack | plain / stack |")
    print("|---|---|---|---|---|---|---|---|---|")
    for side in SIDES:
        one = stack_seconds(jobs_for(side, 1, device, TURNS * TURN_STEPS))
        for models in numbers:
            jobs = jobs_for(side, models, device, TURNS * TURN_STEPS)
            plain, alone = (models * seconds(jobs[0]) for seconds in (plain_seconds, alone_seconds))
            stack = stack_seconds(jobs)
            ratios = f"{stack / one:.2f} | {alone / stack:.2f} | {plain / stack:.2f}"
            metrics = " | ".join(f"{1000 * seconds:.1f}" for seconds in (plain, alone, stack))
            print(f"| {side}x{side} | {jobs[0].settings.precision} | {models} | {metrics} | {ratios} |", flush=True)


def print_runs(device: str, numbers: tuple[int, ...]) -> None:
    """The table of whole runs."""
    print("\n| images | models | one alone | all in a stack | stack / one |\n|---|---|---|---|---|")
    for side in SIDES:
        alone = median(partial(fit, jobs_for(side, 1, device, RUN_STEPS)[0]), device)
        for models in numbers:
            stack = median(partial(whole_run, jobs_for(side, models, device, RUN_STEPS)), device)
            print(f"| {side}x{side} | {models} | {alone:.2f} | {stack:.2f} | {stack / alone:.2f} |", flush=True)


def whole_run(jobs: list[GanJob]) -> None:
    """All of them, from the first step to the last."""
    for _ in fit_stacked(jobs):
        pass


def print_layers(device: str, numbers: tuple[int, ...]) -> None:
    """The table of the layer's forms."""
    print("\n| models | grouped, channels last | grouped, contiguous | unfolded | looped |\n|---|---|---|---|---|")
    for models in numbers:
        forms = (
            layer_seconds(grouped, torch.channels_last, models, device),
            layer_seconds(grouped, torch.contiguous_format, models, device),
            layer_seconds(unfolded, torch.contiguous_format, models, device),
            layer_seconds(looped, torch.channels_last, models, device),
        )
        print(f"| {models} | " + " | ".join(f"{1000 * seconds:.1f}" for seconds in forms) + " |", flush=True)


@keeping_freed_memory()
def main(device: str, numbers: tuple[int, ...]) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    print(f"{environment(device)['device']}, torch {torch.__version__}, one thread\n")
    print_steps(device, numbers)
    print_runs(device, numbers)
    print_layers(device, numbers)


if __name__ == "__main__":
    where = resolve_device(sys.argv[1] if len(sys.argv) > 1 else "auto")
    main(where, tuple(map(int, sys.argv[2:])) or MEMBERS)
