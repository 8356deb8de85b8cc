"""`python -m benchmarks.unseen FOLDER`: what words are worth for a class of which few images are known, or none.

Each class of clothing in turn has `--shots` training images, every other one `--many`. A generator of words learns them
all; what it draws of the class's description stands beside its images, or alone. A small network from scratch judges by
the recall of that class and by balanced accuracy, on the test images.

    real          the few images alone; where there are none, the class is never named
    words         and samples of every class's description, half of what each weighs, all of it without images
    its words     and samples of this class's alone: what a sample looks like then says which class it is
    shuffled      as words, where every class has the description of another: a control
    nearest       and images of the class whose description has most words of its own: the rival
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import recall_score
from torch import Tensor

from augment.data.descriptions.text import words_in
from augment.data.imageset import ImageSet
from augment.gan.words.training import STEPS, train_words
from augment.measure.augmentations import classical_augmentation
from augment.measure.classifiers import FitSettings, fit_classifier, probabilities
from benchmarks.probing import Images, Positions, load

CLOTHING = {
    "dress": "upper body, lower body, one hem, long",
    "hat": "head, single, round, soft",
    "longsleeve": "upper body, long sleeves, soft, pulled over",
    "outwear": "upper body, long sleeves, collar, thick, zip",
    "pants": "lower body, two legs, long",
    "shirt": "upper body, long sleeves, collar, buttons",
    "shoes": "feet, pair, thick, laces",
    "shorts": "lower body, two legs, short",
    "skirt": "lower body, one hem, short",
    "t-shirt": "upper body, short sleeves, soft, pulled over",
}
"""What a person would say of each class; the words of one stand, as far as they can, in those of others too."""

SAMPLES, BATCH, FIT = 64, 64, FitSettings(600, 3e-3)
Descriptions = Mapping[str, str]
Made = Mapping[str, Images]  # of classes


def shuffled(descriptions: Descriptions, seed: int) -> dict[str, str]:
    """Every class with the description of another."""
    order = np.random.default_rng(seed).permutation(sorted(descriptions)).tolist()
    return {label: descriptions[order[at - 1]] for at, label in enumerate(order)}


def nearest_class(label: str, descriptions: Descriptions) -> str:
    """The other class whose description has the largest share of words in common (Jaccard), the first of equals."""
    own = {*words_in(descriptions[label])}

    def alike(other: str) -> float:
        words = {*words_in(descriptions[other])}
        return len(own & words) / len(own | words)

    return max(sorted({*descriptions} - {label}), key=alike)


def training_set(images: ImageSet, pool: Positions, label: str, shots: int, many: int, seed: int) -> ImageSet:
    """Of the pool, `shots` images of one class and `many` of every other; more shots have those of fewer."""
    drawn = [
        np.random.default_rng(seed).permutation(pool[images.labels[pool] == one])[: shots if one == label else many]
        for one in images.classes
    ]
    return images.take(np.sort(np.concatenate(drawn)))


def samples_of(train: ImageSet, descriptions: Descriptions, steps: int, seed: int) -> Made:
    """What a generator of words draws of each description, uint8 (SAMPLES, C, H, W) of each class."""
    said = [descriptions[one] for one in train.labels.tolist()]
    words = train_words(train.images, said, seed=seed, steps=steps, progress=False)
    return {label: words.sample(text, SAMPLES, seed=seed).numpy() for label, text in descriptions.items()}


def made_images(
    train: ImageSet, label: str, descriptions: Descriptions, steps: int, seed: int
) -> Iterator[tuple[str, Made]]:
    """Each way, and the images that it puts beside those of classes."""
    yield "real", {}
    drawn = samples_of(train, descriptions, steps, seed)
    yield "words", drawn
    yield "its words", {label: drawn[label]}
    yield "shuffled", samples_of(train, shuffled(descriptions, seed), steps, seed)
    yield "nearest", {label: train.of_class(nearest_class(label, descriptions)).images}


def recalls(train: ImageSet, made: Made, test: ImageSet, seed: int) -> NDArray[np.float64]:
    """Recall of each class of the test set, (classes,), where made images stand beside those of classes."""
    classes = test.classes
    images = np.concatenate([train.images, *made.values()])
    labels = np.concatenate([train.labels, *(np.repeat(label, len(own)) for label, own in made.items())])
    of = np.searchsorted(classes, labels)
    kinds = 2 * of + (np.arange(len(images)) >= len(train))  # what is real of a class and what is made weigh the same
    parts_of_class = np.array([len(np.unique(kinds[of == one])) for one in range(len(classes))])
    weights = torch.from_numpy(1 / (np.bincount(kinds)[kinds] * parts_of_class[of]))
    shown, targets = torch.from_numpy(images), torch.from_numpy(of)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        drawn = torch.multinomial(weights, BATCH, replacement=True, generator=rng)
        return shown[drawn], targets[drawn]

    augment = classical_augmentation("horizontal")
    network = fit_classifier(batch, train.images.shape[1:], len(classes), FIT, augment, seed)
    said = probabilities(network, test.images).argmax(axis=1)
    found: NDArray[np.float64] = recall_score(test.targets(classes), said, average=None, zero_division=0)
    return found


def print_table(found: Mapping[tuple[int, str], Sequence[tuple[float, float]]]) -> None:
    """A row for each number of images and way: means over classes, and standard errors."""
    print("| images | way | recall of the class | balanced accuracy |\n|---|---|---|---|")
    for (shots, way), rows in found.items():
        mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
        print(f"| {shots} | {way} | {mean[0]:.1f} ± {error[0]:.1f} | {mean[1]:.1f} ± {error[1]:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="clothing, one folder for each class")
    parser.add_argument("--size", type=int, default=16)
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 1, 5])
    parser.add_argument("--many", type=int, default=60)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    images, is_test = load(chosen.folder, chosen.size)
    pool, test, began = np.flatnonzero(~is_test), images.take(is_test), time.process_time()
    found: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for shots in chosen.shots:
        for label in images.classes:
            train = training_set(images, pool, label, shots, chosen.many, chosen.seed)
            for way, made in made_images(train, label, CLOTHING, chosen.steps, chosen.seed):
                every = 100 * recalls(train, made, test, chosen.seed)
                own = float(every[test.classes.index(label)])
                found.setdefault((shots, way), []).append((own, float(every.mean())))
                spent = f"{time.process_time() - began:.0f} s"
                print(f"  {label}, {shots}, {way}: {own:.1f}, {every.mean():.1f} ({spent})", flush=True)
    print_table(found)


if __name__ == "__main__":
    main()
