"""`python -m benchmarks.auto_augmentation [FOLDER ...]`: random augmentation of this project beside kornia's.

kornia.augmentation.auto draws one operation for a whole batch, and its new borders are black; ours draws for each image
and repeats the border. kornia's `color` stops at grey images and is left out of its policy there. Small networks from
scratch on digits and on class folders at 32 px; every second class has `FEW` training images, the others `MOST`.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from kornia.augmentation.auto import RandAugment, TrivialAugment
from kornia.augmentation.auto.rand_augment.rand_augment import default_policy
from kornia.augmentation.auto.trivial_augment.trivial_augment import default_policy as trivial_policy
from PIL import Image
from torch import Tensor

from augment.data.imageset import ImageSet, UInt8
from augment.data.sources.built_in import digits
from augment.measure.augmentations import randaugment, trivialaugment
from augment.measure.classifiers import Augment, FitSettings, fit_classifier, probabilities, weighted_batches
from augment.measure.sampling import class_balanced

MOST, FEW, BATCH, SEEDS = 100, 10, 64, 5
MAGNITUDE = 10  # of 30, as kornia's own example has it


def kornias(name: str, channels: int) -> Augment:
    """A batch at a time, as it is meant."""
    policy = trivial_policy if name == "trivialaugment" else default_policy
    fitting = [steps for steps in policy if channels == 3 or steps[0][0] != "color"]
    change = TrivialAugment(fitting) if name == "trivialaugment" else RandAugment(2, MAGNITUDE, fitting)

    def augment(images: Tensor) -> Tensor:
        return torch.cat([change(part) for part in torch.split(images, BATCH)]).clamp(0, 1)

    return augment


def folder_images(folder: Path, side: int) -> tuple[UInt8, list[str]]:
    """Every picture of class folders, uint8 (N, 3, side, side), and its class."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
    pictures = [
        np.asarray(Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BOX)) for path in paths
    ]
    return np.stack(pictures).transpose(0, 3, 1, 2), [path.parent.name for path in paths]


def accuracy(augment: Augment, train: ImageSet, test: ImageSet, steps: int, seed: int) -> float:
    """Balanced accuracy in per cent."""
    shape = (*train.images.shape[1:],)
    batch = weighted_batches(class_balanced(train.images, train.targets(train.classes)), BATCH)
    network = fit_classifier(batch, shape, len(train.classes), FitSettings(steps, 0.002), augment, seed)
    right = probabilities(network, test.images).argmax(1) == test.targets(train.classes)
    return float(100 * np.mean([right[test.labels == label].mean() for label in train.classes]))


def compare(name: str, images: UInt8, labels: list[str], steps: int) -> None:
    everything = ImageSet(images, *[np.array(labels, np.str_)] * 3)
    _, channels, height, width = images.shape
    ways = {
        f"{who} {kind}": augment
        for kind, own in (("randaugment", randaugment), ("trivialaugment", trivialaugment))
        for who, augment in (("own", own("none", channels, height, width)), ("kornia", kornias(kind, channels)))
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(len(images))
        chosen = np.concatenate(
            [
                order[everything.labels[order] == label][: MOST if number % 2 else FEW]
                for number, label in enumerate(everything.classes)
            ]
        )
        test = everything.take(np.setdiff1d(order, chosen))
        for way, augment in ways.items():
            began = time.perf_counter()
            found[way].append(accuracy(augment, everything.take(chosen), test, steps, seed))
            seconds[way] += time.perf_counter() - began
    for way, figures in found.items():
        difference = np.array(figures) - np.array(found[way.replace("kornia", "own")])
        error = difference.std(ddof=1) / np.sqrt(SEEDS)
        print(
            f"{name} | {way} | {np.mean(figures):.1f} | {difference.mean():+.1f} ± {error:.1f} | {seconds[way]:.0f} s"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    torch.set_num_threads(1)
    pixels, names = digits()
    compare("digits", pixels, list(names), 400)
    for argument in sys.argv[1:]:
        compare(Path(argument).name, *folder_images(Path(argument), 32), 600)
