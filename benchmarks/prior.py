"""The calibration behind `augment.evaluation.statistics.power_model`: how alike classifiers are on real images.

`python -m benchmarks.prior [PREPARED...]` trains four real-only arms with three seeds each on few digits, and on
every folder given (train/ and test/ as ingest writes them), and prints one row a set: recall of the nearest
neighbour and of `classical`, as normal quantiles too, then the correlations and the shift of the probit model.
Minutes a set.
"""

import sys
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import norm
from sklearn.datasets import load_digits

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import blended_images, jittered_copies
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.experiment.preflight import neighbour_recalls
from augment.evaluation.statistics.bootstrap import balanced_accuracy
from augment.evaluation.statistics.power_model import both_right
from augment.measure.classifiers import FitSettings, probabilities
from augment.params.arms import Arm

AUGMENTING: tuple[Arm, ...] = ("classical", "copies_half", "mixup_within_half")
ARMS: tuple[Arm, ...] = (*AUGMENTING, "oversample")
SEEDS, MADE, FIT, BATCH = 3, 200, FitSettings(400, 2e-3), 64
MAX_TEST_IMAGES = 100  # test images of a class
Correct = dict[Arm, NDArray[np.bool_]]  # arm -> (seeds, N)


def digits(labels: Sequence[int], train: int) -> tuple[ImageSet, ImageSet]:
    """`train` images of each digit to learn from, the rest as test."""
    found = load_digits()
    order = numpy_rng(0, "prior").permutation(len(found.target))
    chosen = [order[found.target[order] == label] for label in labels]
    sides = []
    for cut in (slice(train), slice(train, None)):
        index = np.concatenate([own[cut] for own in chosen])
        names = index.astype(np.str_)
        images = (found.images[index, None] * 255 / 16).round().astype(np.uint8)
        sides.append(ImageSet(images, found.target[index].astype(np.str_), names, names))
    return sides[0], sides[1]


def prepared(folder: Path) -> tuple[ImageSet, ImageSet]:
    """Train, and at most 100 test images of each class."""
    test = ImageSet.load(folder / "test")
    rank = {label: numpy_rng(0, "prior", label).permutation(count) for label, count in test.counts().items()}
    keep = [np.flatnonzero(test.labels == label)[own[:MAX_TEST_IMAGES]] for label, own in rank.items()]
    return ImageSet.load(folder / "train"), test.take(np.sort(np.concatenate(keep)))


def scored(train: ImageSet, test: ImageSet) -> Correct:
    """Right or wrong on test for every arm and seed."""
    targets = test.targets(train.classes)
    found: Correct = {}
    for arm in ARMS:
        rows = []
        for seed in (derive_seed(number, "prior") for number in range(SEEDS)):
            made = Samples(
                {"copies": jittered_copies(train, MADE, "none", seed), "mixes": blended_images(train, MADE, seed)}
            )
            network = fit_scratch(ScratchFit(arm, seed, train, made, FIT, BATCH, "none"))
            rows.append(probabilities(network, test.images).argmax(axis=1) == targets)
        found[arm] = np.stack(rows)
    return found


def correlation(recall: float, disagreement: float) -> float:
    """Of the two normal variables behind two classifiers of this recall that disagree on this share of images."""
    threshold = np.array([ndtri(recall)])

    def missing(r: float) -> float:
        return float(2 * (recall - both_right(threshold, threshold, r))[0] - disagreement)

    return float(brentq(missing, 0.0, 0.999)) if missing(0.0) > 0 > missing(0.999) else float(missing(0.0) > 0)


def agreement(correct: Correct, targets: NDArray[np.int64], pairs: Sequence[tuple[Arm, Arm]], same_seed: bool) -> float:
    """Mean correlation over pairs of arms (an arm with itself: its seeds), of one seed or of two."""
    found = []
    for one, other in pairs:
        recall = float(balanced_accuracy(np.concatenate([correct[one], correct[other]]), targets).mean())
        seeds = [(s, t) for s, t in product(range(SEEDS), repeat=2) if (s == t) == same_seed]
        differ = np.mean([balanced_accuracy(correct[one][s] != correct[other][t], targets) for s, t in seeds])
        found.append(correlation(recall, float(differ)))
    return float(np.mean(found))


def shift(correct: Correct, targets: NDArray[np.int64], arms: Sequence[Arm] = AUGMENTING) -> float:
    """Standard deviation of a class's threshold between the repeats of an arm, from pairs of arms that augment."""
    beyond, slopes, repeats = 0.0, 0.0, len(correct[arms[0]])
    for one, other in combinations(arms, 2):
        for target in np.unique(targets):
            mine = correct[one][:, targets == target].astype(float) - correct[other][:, targets == target]
            rest = mine - mine.mean(axis=0)
            chance = (rest - rest.mean(axis=1, keepdims=True)).var(axis=1, ddof=1).sum() / (repeats - 1) / mine.shape[1]
            recall = np.mean([correct[arm][:, targets == target].mean() for arm in (one, other)]).clip(0.01, 0.99)
            beyond += mine.mean(axis=1).var(ddof=1) - chance
            slopes += float(norm.pdf(ndtri(recall)) ** 2)
    return float(np.sign(beyond) * np.sqrt(abs(beyond) / slopes / 2))


def line(name: str, train: ImageSet, test: ImageSet) -> str:
    """One set."""
    targets = test.targets(train.classes)
    correct = scored(train, test)
    neighbours = neighbour_recalls(train)
    if neighbours is None:
        raise SystemExit(f"{name}: all training images are of one group")
    neighbour = float(neighbours.mean())
    trained = float(balanced_accuracy(correct["classical"], targets).mean())
    alike = list(combinations(AUGMENTING, 2))
    figures = (
        neighbour,
        trained,
        ndtri(min(neighbour, 0.99)),
        ndtri(min(trained, 0.99)),
        agreement(correct, targets, [(arm, arm) for arm in ARMS], same_seed=False),
        agreement(correct, targets, alike, same_seed=True),
        agreement(correct, targets, alike, same_seed=False),
        agreement(correct, targets, [(arm, "oversample") for arm in AUGMENTING], same_seed=True),
        agreement(correct, targets, [(arm, "oversample") for arm in AUGMENTING], same_seed=False),
        shift(correct, targets),
    )
    return f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |"


def main(folders: Sequence[str]) -> None:
    """Print the table."""
    print("| set | neighbour | classical | quantile of it | and of it | own seeds | alike, one seed | alike, two | "
          "plain, one seed | plain, two | shift |")  # fmt: skip
    print("|" + "---|" * 11)
    for labels, train in (((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 8), ((3, 8, 9), 8)):
        print(line(f"{len(labels)} digits, {train} each", *digits(labels, train)), flush=True)
    for folder in folders:
        print(line(folder, *prepared(Path(folder))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
