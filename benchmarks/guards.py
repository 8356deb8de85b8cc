"""How often the guards speak of healthy runs, and what they find of planted faults.

`python -m benchmarks.guards` trains 240 tiny GANs (2x2 to 20x16 pixels, 8 to 100 images, every loss) and
prints the share in which a guard spoke, with its 95 % Clopper-Pearson upper bound and the reasons. A leak of
the augmentation may be a true one, so the same runs without augmentation, where nothing can leak, tell how
often the leak detector is wrong. Then it plants every fault of `benchmarks.faults` and prints how often it
was found. Minutes, in one process.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import stats

from augment.data.sources.built_in import digits, slanted
from augment.gan.generators import network_from
from augment.gan.networks.build import to_float
from augment.gan.training.augmentation import Operation
from augment.gan.training.augmentation_leaks import MARKS, find_leaks
from augment.gan.training.losses import LossName
from augment.gan.training.run import GanJob, GanResult, GanSettings
from augment.gan.training.trainer import fit
from benchmarks.faults import FAULTS, leaking, planted

Size = Literal["2x2", "8x8", "20x16"]
COUNTS = (8, 30, 100)
SEEDS = range(4)
STEPS = 300
FAULTY = 6  # runs with each fault


def images_of(size: Size, count: int, seed: int) -> NDArray[np.uint8]:
    """`count` images of one class, uint8 (N, 1, H, W): screens, a digit, or a digit enlarged with faint noise."""
    rng = np.random.default_rng(seed)
    own: NDArray[np.uint8]
    if size == "2x2":
        screens, labels = slanted()
        own = screens[np.array(labels) == ("face", "noise")[seed % 2]]
    else:
        written, labels = digits()
        own = written[np.array(labels) == str(seed % 10)]
    own = own[rng.permutation(len(own))[:count]]
    if size == "20x16":
        large = F.interpolate(torch.from_numpy(own).float(), (20, 16), mode="bilinear").numpy()
        return (large + rng.normal(0, 4, large.shape)).clip(0, 255).round().astype(np.uint8)
    return own


def job_of(size: Size, loss: LossName, count: int, seed: int) -> GanJob:
    """A tiny run; odd seeds also vary colours, every second pair of seeds adapts the augmentation."""
    images = images_of(size, count, seed)
    settings = GanSettings(
        network="dcgan", features=16, latent=16, loss=loss, gamma=0.5, penalty_every=4,
        augmentation="auto" if seed // 2 % 2 else 0.6, color_augmentation=seed % 2 == 1, flips="none", steps=STEPS,
        batch_size=16, learning_rate=1e-3, ema_std=0.1, precision="fp32",
    )  # fmt: skip
    return GanJob("tiny", images, np.full(len(images), 1 / len(images)), settings, seed, None, "cpu")


def cases() -> Iterator[tuple[LossName, Size, int, int]]:
    """Loss, size, images and seed of every healthy run."""
    for loss, size, count, seed in itertools.product(get_args(LossName), get_args(Size), COUNTS, SEEDS):
        if (loss, size) != ("wasserstein_gp", "2x2"):  # it swings there without end, and no run is healthy
            yield loss, size, count, seed


def healthy() -> Iterator[tuple[str, GanResult]]:
    """Runs without a fault: what was trained, and the result."""
    for loss, size, count, seed in cases():
        yield f"{loss}, {size}, {count} images, seed {seed}", fit(job_of(size, loss, count, seed))


def print_unaugmented() -> None:
    """False alarms of the leak detector: samples of runs whose D saw plain images."""
    count, found = 0, Counter[str]()
    for loss, size, images, seed in cases():
        job = job_of(size, loss, images, seed)
        job = replace(job, settings=replace(job.settings, augmentation=0.0))
        result = fit(job)
        if not result.generator:
            continue
        samples = drawn(job, result)
        count += 1
        found.update(find_leaks(samples, to_float(torch.from_numpy(job.images)), tuple(MARKS)).keys())
    print(f"runs without augmentation: a leak was seen in {dict(found)} of {count}")


def drawn(job: GanJob, result: GanResult) -> torch.Tensor:
    """64 samples of a finished GAN."""
    generator = network_from(job.architecture, result.generator)
    z = torch.randn(64, job.settings.latent, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        samples: torch.Tensor = generator(z)
    return samples


def reasons(result: GanResult) -> list[str]:
    """What the guards said of a run, without its figures."""
    said = [*(line.split(": ", 1)[1] for line in result.rollbacks), *result.leaks]
    return [re.sub(r" \(.*", "", words) for words in said]


def print_healthy() -> None:
    """The false alarms."""
    runs = list(healthy())
    flagged = [(what, found) for what, result in runs if (found := reasons(result))]
    bound = stats.binomtest(len(flagged), len(runs)).proportion_ci(0.90, method="exact").high  # one-sided 95 %
    print(
        f"healthy runs: a guard spoke in {len(flagged)} of {len(runs)} ({100 * len(flagged) / len(runs):.1f} %, "
        f"at most {100 * bound:.1f} % with 95 % confidence)"
    )
    for words, count in Counter(words for _, found in flagged for words in set(found)).most_common():
        print(f"  {count} times: {words}")
    for what, found in flagged:
        print(f"  {what}: {'; '.join(found)}")


def print_faults() -> None:
    """A row for each fault: in how many runs it was found, what became of these, and the words."""
    print("\n| planted | size | found | given up | said |\n|---|---|---|---|---|")
    for name, plant in FAULTS.items():
        print_row(name, "8x8", plant)
        print_row(name, "20x16", plant)
    for operation in get_args(Operation):
        print_row(f"{operation} in the samples", "20x16", leaking(operation))


def print_row(name: str, size: Size, plant: Callable[..., Callable[..., torch.Tensor]]) -> None:
    """Train `FAULTY` runs with one fault."""
    results = []
    for seed in range(FAULTY):
        with planted(plant):
            results.append(fit(job_of(size, "relativistic", COUNTS[seed % 3], 2 * seed + 1)))
    found, given_up = sum(bool(reasons(result)) for result in results), sum(bool(result.reason) for result in results)
    words = Counter(words for result in results for words in set(reasons(result)))
    print(
        f"| {name} | {size} | {found} of {FAULTY} | {given_up} | {'; '.join(word for word, _ in words.most_common())} |"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print_healthy()
    print_unaugmented()
    print_faults()
