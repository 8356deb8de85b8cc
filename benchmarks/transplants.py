"""`python -m benchmarks.transplants FOLDER --good NAME --poor NAME [...]`: what defects on other good images are worth.

A training set has `--few` images of each poor class and `--many` good ones. A frozen backbone and logistic regression
judge, by balanced accuracy on a third of the set's groups; means over `--draws` sets, disjoint as far as there are
images, each row with its best C.

    real, views       what is there; the same, and RandAugment views of each
    copies, pasted    jittered copies; CMO, a part of a poor image pasted on a good one
    untranslated      good images as they are under the poor label: a control, which must not help
    transplant        defects carried onto good images (augment/synthesis/transplant), where classes allow it
    learned           the same by translators (augment/gan/translate), learnt at `--learn` pixels, drawn at `--size`
    plain at learn    defects found at `--learn` pixels and carried at `--size`, the control of these
    both              pasted and transplant, half of each
    views and ...     the same beside views of all real images

Made images are half of what a poor class weighs that has them.
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch.nn.functional as F

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import jittered_copies, pasted_images
from augment.evaluation.arms.seen import augmented_once
from augment.gan.backend import backend_on
from augment.gan.settings import class_training
from augment.measure.backbone.backbone import Backbone, features, load_backbone
from augment.params import Train
from augment.params.types import Flips
from augment.synthesis.transplant.carrying import Translated
from augment.synthesis.transplant.learning import learn_translators, translators_of
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants
from benchmarks.probing import Data, Images, Positions, Rows, Scores, load, print_scores, scores

VIEWS = 8
Made = Mapping[str, Images]


def drawn(images: ImageSet, pool: Positions, counts: Mapping[str, int], number: int) -> Positions:
    """Which images the training set of this number has: others than the sets before it have, as far as there are."""
    rows = list[int]()
    for label, count in counts.items():
        own = np.random.default_rng(0).permutation(pool[images.labels[pool] == label])
        rows += np.roll(own, -number * count)[:count].tolist()
    return np.sort(np.array(rows))


def learned_images(
    train: ImageSet, small: ImageSet, good: str, count: int, flips: Flips, seed: int
) -> tuple[Made, Made]:
    """What translators make that learnt the same images smaller, and what is carried of the smaller ones' defects."""
    began = time.process_time()
    settings = TransplantSettings("learned", flips, good)
    able, _ = transplants(small, None, settings, seed)
    height, width = small.images.shape[2:]
    training = class_training(Train(), small.counts(), flips=flips, height=height, width=width, device="cpu")
    backend = backend_on("cpu", Engine("serial"), None, 30)
    (learnt,) = learn_translators([small], training, settings, [seed], [small.classes], backend)
    print(f"    learnt in {time.process_time() - began:.0f} s of the processor")
    for label, found in learnt.items():
        print(f"    {label}: diversity {found.diversity:.2f}; {found.ended}{found.reason}")
    translators = translators_of(learnt)
    learned, plain = dict[str, Images](), dict[str, Images]()
    for label, one in able.items():
        enlarged = F.interpolate(one.changes, train.images.shape[2:], mode="bilinear", align_corners=False)
        for made, by in ((learned, translators.get(label)), (plain, None)):
            drawn = replace(one, translator=by).draws(count, seed=seed)
            made[label] = Translated(enlarged, one.positions, drawn, by).onto(train.images[drawn.lender])
    return learned, plain


def made_images(
    train: ImageSet, small: ImageSet | None, good: str, poor: Sequence[str], count: int, flips: Flips, seed: int
) -> dict[str, Made]:
    """What each way makes of a training set, by label. small: the same images as translators learn them, None: no
    translators."""
    copies, pasted = jittered_copies(train, count, flips, seed), pasted_images(train, count, seed, poor)
    rng, whole = np.random.default_rng(seed), train.of_class(good).images
    able, findings = transplants(train, None, TransplantSettings("translated", flips, good), seed)
    for one in findings:
        print(f"    {one.label}: {one.way}, {one.usable} of {one.images}{': ' + one.reason if one.reason else ''}")
    carried = {label: one.sample(count, seed=seed).numpy() for label, one in able.items()}
    halves = {label: np.concatenate([carried[label][::2], pasted[label][::2]]) for label in carried}
    return {
        "copies": {label: copies[label] for label in poor},
        "pasted": pasted,
        "untranslated": {label: whole[rng.integers(len(whole), size=count)] for label in poor},
        "transplant": carried,
        "both": pasted | halves,
    } | ({} if small is None else dict(zip(
        ("learned", "plain at learn"), learned_images(train, small, good, count, flips, seed), strict=True
    )))  # fmt: skip


def ways(network: Backbone, train: ImageSet, made: Mapping[str, Made], flips: str) -> dict[str, Data]:
    """Rows of every way."""
    targets = train.targets(train.classes)
    plain = features(network, train.images)
    views = [features(network, augmented_once(train.images, flips, number)) for number in range(VIEWS)]

    def real(parts: Sequence[Rows], halved: Sequence[str]) -> Data:
        share = np.where(np.isin(train.labels, halved), 0.5, 1.0) / np.bincount(targets)[targets] / len(parts)
        return [(rows, targets, share) for rows in parts]

    found = {"real": real([plain], []), "views": real([plain, *views], [])}
    for name, of_label in made.items():
        labels = [label for label, images in of_label.items() if len(images)]
        samples = [
            (rows := features(network, of_label[label]), np.full(len(rows), train.classes.index(label)),
             np.full(len(rows), 0.5 / len(rows)))
            for label in labels
        ]  # fmt: skip
        found[name] = [*real([plain], labels), *samples]
        found[f"views and {name}"] = [*real([plain, *views], labels), *samples]
    return found


def parser_of(text: str | None) -> argparse.ArgumentParser:
    """The options of every benchmark of good images and few defects."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--good", required=True)
    parser.add_argument("--poor", nargs="+", required=True)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=300)
    parser.add_argument("--size", type=int, nargs="+", default=[128], help="pixels, or height and width")
    parser.add_argument("--flips", default="both")
    parser.add_argument("--test", type=int, default=150, help="test images of a class, at most")
    return parser


@dataclass(frozen=True)
class Sides:
    """images: of all classes; counts: wanted for a training set, by label; test, pool: positions of what is judged, and
    of what training sets come from."""

    images: ImageSet
    counts: Mapping[str, int]
    test: Positions
    pool: Positions

    def train(self, number: int) -> Positions:
        """Of the training set of this number."""
        return drawn(self.images, self.pool, self.counts, number)


def sides_of(chosen: argparse.Namespace) -> Sides:
    images, is_test = load(chosen.folder, size_of(chosen.size))
    counts = {label: chosen.many if label == chosen.good else chosen.few for label in [chosen.good, *chosen.poor]}
    test = [np.flatnonzero(is_test & (images.labels == label))[: chosen.test] for label in counts]
    return Sides(images, counts, np.concatenate(test), np.flatnonzero(~is_test & np.isin(images.labels, list(counts))))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--learn", type=int, nargs="*", default=[], help="pixels of translators; none: without them")
    parser.add_argument("--only", nargs="*", help="of these ways; real and views are always there")
    parser.add_argument("--made", type=int, default=60, help="images of each poor class")
    chosen = parser.parse_args(arguments)
    sides, smaller = sides_of(chosen), load(chosen.folder, size_of(chosen.learn))[0] if chosen.learn else None
    network, classes, judged = load_backbone("lite0"), sorted(sides.counts), sides.images.take(sides.test)
    seen, truth = features(network, judged.images), judged.targets(classes)
    poor, table = [classes.index(label) for label in chosen.poor], dict[str, list[list[tuple[float, float]]]]()
    for number in range(chosen.draws):
        rows = sides.train(number)
        train, small = sides.images.take(rows), None if smaller is None else smaller.take(rows)
        print(f"draw {number}: {len(train)} training images, {len(judged)} test images")
        made = made_images(train, small, chosen.good, chosen.poor, chosen.made, chosen.flips, number)
        made = {name: one for name, one in made.items() if chosen.only is None or name in chosen.only}
        for name, data in ways(network, train, made, chosen.flips).items():
            table.setdefault(name, []).append(scores(data, seen, truth, poor, len(train)))
        print_tables(table)


def size_of(sides: Sequence[int]) -> int | tuple[int, int]:
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def print_tables(table: Scores) -> None:
    print_scores(table, [name for name in ("views", "views and pasted", "views and transplant") if name in table])


if __name__ == "__main__":
    main()
