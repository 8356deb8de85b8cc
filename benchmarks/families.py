"""How alike the classifiers of each family are on real images, as `benchmarks.prior` measures it for networks from
scratch.

`python -m benchmarks.families [PREPARED...]` cuts three disjoint training sets and a test set out of every folder given
(as ingest writes them), trains arms of each family on them, with copies and pasted images as what is made, and prints
one row a family and one for every two of them. A quarter of an hour a set.
"""

import sys
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.data.split.pool import join
from augment.evaluation.arms.baselines import jittered_copies, pasted_images
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.seen import Look
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.running import run_arms
from augment.evaluation.experiment.settings import CLASSIFIER_STEPS, ExperimentSettings
from augment.evaluation.statistics.bootstrap import balanced_accuracy
from augment.measure.classifiers import FitSettings
from augment.params import Params
from augment.params.arm_row import Family
from augment.params.arms import Arm
from augment.synthesis.filter import filter_settings
from benchmarks.prior import BATCH, MAX_TEST_IMAGES, Correct, correlation, shift

ALIKE: dict[Family, tuple[Arm, ...]] = {  # arms that augment alike; the first is what the others build on
    "probe": ("probe", "copies_half", "cmo"),
    "finetune": ("finetune", "copies_half", "cmo"),
    "scratch": ("randaugment", "classical"),
}
SETS = 3
SAME_SET = 3  # repeats on the first training set; each of the others has one
MADE = 100  # images of a class


def cut(images: ImageSet, train: Mapping[str, int]) -> tuple[list[ImageSet], ImageSet]:
    """Disjoint training sets with at most so many images of each class, and at most 100 others of each as test."""
    parts: list[list[NDArray[np.int64]]] = [[] for _ in range(SETS + 1)]
    for label in images.classes:
        own = np.flatnonzero(images.labels == label)
        own = own[numpy_rng(0, "families", label).permutation(len(own))]
        each = min(train[label], len(own) // (SETS + 1))
        bounds = [*(each * number for number in range(SETS + 1)), each * SETS + MAX_TEST_IMAGES]
        for part, (first, last) in zip(parts, pairwise(bounds), strict=True):
            part.append(own[first:last])
    *trains, test = (images.take(np.sort(np.concatenate(part))) for part in parts)
    return trains, test


def scored(trains: Sequence[ImageSet], test: ImageSet, family: Family) -> Correct:
    """Right or wrong on test of the arms of a family, arm -> bool (repeats, N): `SAME_SET` seeds on the first training
    set, then the others."""
    base, *others = ALIKE[family]
    splits = [Splits(train, test.take(np.arange(0)), test) for train in trains]
    repeats = [
        Replicate(derive_seed(number, "prior"), one)
        for number, one in enumerate([splits[0]] * SAME_SET + splits[1:])
    ]  # fmt: skip
    samples = [
        Samples(
            {
                "copies": jittered_copies(one.splits.train, MADE, "none", one.seed),
                "pasted": pasted_images(one.splits.train, MADE, one.seed),
            }
        )
        for one in repeats
    ]
    settings = ExperimentSettings(
        arms=[base, *others, "oversample"],
        wanted=MADE,
        oversample=1,
        filter=filter_settings(Params()),
        fit=FitSettings(CLASSIFIER_STEPS, 2e-3),
        batch_size=BATCH,
        flips="none",
        look=Look("lite0", "none", 0),
        base=base,
    )
    scores = run_arms(repeats, settings.arms, samples, settings, Engine("serial")).test
    targets = test.targets(trains[0].classes)
    return {arm: np.stack([one.argmax(axis=1) == targets for one in scores[arm]]) for arm in settings.arms}


def alike(one: NDArray[np.bool_], other: NDArray[np.bool_], targets: NDArray[np.int64], same_seed: bool) -> float:
    """Mean correlation of two arms, (repeats, N) each, on the first training set."""
    recall = float(balanced_accuracy(np.concatenate([one[:SAME_SET], other[:SAME_SET]]), targets).mean())
    pairs = [(s, t) for s in range(SAME_SET) for t in range(SAME_SET) if (s == t) == same_seed]
    return correlation(recall, float(np.mean([balanced_accuracy(one[s] != other[t], targets) for s, t in pairs])))


def family_line(family: Family, correct: Correct, targets: NDArray[np.int64]) -> str:
    """Accuracy, correlations, and shifts between seeds and between training sets."""
    arms = ALIKE[family]
    pairs = list(combinations(arms, 2))
    base = correct[arms[0]]
    figures = (
        float(balanced_accuracy(base, targets).mean()),
        float(np.mean([alike(correct[arm], correct[arm], targets, False) for arm in arms[1:]])),
        float(np.mean([alike(correct[one], correct[other], targets, True) for one, other in pairs])),
        float(np.mean([alike(correct[one], correct[other], targets, False) for one, other in pairs])),
        float(np.mean([alike(correct[arm], correct["oversample"], targets, True) for arm in arms])),
        shift({arm: correct[arm][:SAME_SET] for arm in arms}, targets, arms),
        shift({arm: correct[arm][SAME_SET - 1 :] for arm in arms}, targets, arms),
    )
    return f"| {family} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |"


def main(folders: Sequence[str]) -> None:
    """Print the tables."""
    for folder in folders:
        print(folder)
        print("| family | accuracy | own seeds | alike, one seed | alike, two | plain | shift of seeds | of sets |")
        print("|" + "---|" * 8)
        sides = [ImageSet.load(Path(folder) / side) for side in ("train", "val", "test")]
        trains, test = cut(join(*sides), sides[0].counts())
        targets, found = test.targets(trains[0].classes), dict[Family, Correct]()
        for family in ALIKE:
            found[family] = scored(trains, test, family)
            print(family_line(family, found[family], targets), flush=True)
        for one, other in combinations(ALIKE, 2):
            first, second = found[one][ALIKE[one][0]], found[other][ALIKE[other][0]]
            same, apart = (alike(first, second, targets, same_seed) for same_seed in (True, False))
            print(f"{one} and {other}: {same:.3f} in one repeat, {apart:.3f} in two")


if __name__ == "__main__":
    main(sys.argv[1:])
