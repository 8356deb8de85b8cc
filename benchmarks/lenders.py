"""`python -m benchmarks.lenders FOLDER --good NAME --poor NAME [...]`: what the class that lends its images pays.

Can training images alone tell whether defects on other good images (`augment/synthesis/transplant`) are worth it? Good
ones are many, so how many of them are called defective is known well where what is gained on ten defects is not. A
frozen backbone and logistic regression judge images that they were not fitted on: in folds of the training images, and
the test images beside them. Training sets are those of `benchmarks.transplants`, options too.

    real              what is there
    copies            jittered copies, half of what a poor class weighs: the rival
    untranslated      as many good images as they are under the poor label
    transplant        as many with a defect carried onto them

All three have the same number of images of the same classes. A fold is fitted on images made of its own alone: source
and lender of each are training images of it.

    accuracy          balanced, in per cent
    poor              mean recall of the poor classes
    alarms            share of good images that are called defective
    area              under the ROC curve, good images against all poor classes alike: what no threshold moves
    loss              mean over classes of -log of the own class's probability
    p                 by chance, one-sided: as many more alarms than with copies (McNemar's exact test); as much more
                      recall of the poor; as much less area (DeLong et al. 1988); as much less loss
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm
from sklearn.metrics import recall_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from augment.data.imageset import ImageSet
from augment.evaluation.arms.seen import augmented_once
from augment.measure.augmentations import jittered
from augment.measure.backbone.backbone import Backbone, features, load_backbone
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params.types import Flips
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants
from benchmarks.probing import Positions, Rows
from benchmarks.transplants import parser_of, sides_of

FOLDS = 5
Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Made:
    """Features of images made under one poor class, and of which training images each was made: two, or twice one."""

    rows: Rows
    source: Positions
    lender: Positions

    def of(self, fitted: Positions) -> Positions:
        """Which are made of these training images alone."""
        return np.flatnonzero(np.isin(self.source, fitted) & np.isin(self.lender, fitted))


@dataclass(frozen=True)
class Seen:
    """A training set as the backbone sees it. looks: features of every image, and of views of each; made: by way and
    class."""

    looks: Sequence[Rows]
    targets: Positions
    good: int
    made: Mapping[str, Mapping[int, Made]]


def made_of(
    network: Backbone, train: ImageSet, plain: Rows, good: str, count: int, flips: Flips, seed: int
) -> Iterator[tuple[str, int, Made]]:
    """Way, class, and what is made of it, of the classes whose defects can be carried."""
    able, findings = transplants(train, None, TransplantSettings("translated", flips, good), seed)
    for one in findings:
        print(f"    {one.label}: {one.way}, {one.usable} of {one.images}{': ' + one.reason if one.reason else ''}")
    rng, lent = np.random.default_rng(seed), np.flatnonzero(train.labels == good)
    for label, transplant in able.items():
        own, target = np.flatnonzero(train.labels == label), train.classes.index(label)
        each, draws = -(-count // len(own)), transplant.draws(count, seed=seed)
        copies = [jittered(train.images[at : at + 1], each, flips, 1000 * seed + int(at)) for at in own]
        source, plainly = own.repeat(each), rng.choice(lent, count)
        yield "copies", target, Made(features(network, np.concatenate(copies)), source, source)
        yield "untranslated", target, Made(plain[plainly], plainly, plainly)
        carried = features(network, transplant.sample(count, seed=seed).numpy())
        yield "transplant", target, Made(carried, own[draws.source], draws.lender)


def seen(network: Backbone, train: ImageSet, good: str, count: int, views: int, flips: Flips, seed: int) -> Seen:
    plain, made = features(network, train.images), dict[str, dict[int, Made]]()
    for way, target, one in made_of(network, train, plain, good, count, flips, seed):
        made.setdefault(way, {})[target] = one
    further = [features(network, augmented_once(train.images, flips, number)) for number in range(views)]
    return Seen([plain, *further], train.targets(train.classes), train.classes.index(good), made)


def probabilities(train: Seen, way: str, fitted: Positions, rows: Rows, strength: float) -> Probabilities:
    """What a classifier says that knows these training images alone; as many made ones of each way."""
    targets, number = train.targets[fitted], len(np.unique(train.targets))
    share = 1 / np.bincount(targets)[targets] / len(train.looks)
    parts, rng = list[tuple[Rows, Positions, NDArray[np.float64]]](), np.random.default_rng(0)
    for target in train.made.get(way, {}):
        which = {name: of_class[target].of(fitted) for name, of_class in train.made.items()}
        if count := min(len(one) for one in which.values()):
            chosen = rng.permutation(which[way])[:count]
            parts.append((train.made[way][target].rows[chosen], np.full(count, target), np.full(count, 0.5 / count)))
            share[targets == target] /= 2
    parts += [(look[fitted], targets, share) for look in train.looks]
    every, labels, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    model = fit_logistic(every, labels, weights * len(fitted) / weights.sum(), strength)
    return logistic_probabilities(model, rows, number)


def held_out(train: Seen, way: str, strength: float) -> Probabilities:
    """Of every training image by the fold that it is not in."""
    folds, told = StratifiedKFold(FOLDS, shuffle=True, random_state=0), list[Probabilities]()
    parts = list(folds.split(train.targets, train.targets))
    told = [probabilities(train, way, fitted, train.looks[0][out], strength) for fitted, out in parts]
    return np.concatenate(told)[np.concatenate([out for _, out in parts]).argsort()]


def losses(said: Probabilities, truth: Positions) -> NDArray[np.float64]:
    return np.asarray(-np.log(said[np.arange(len(truth)), truth].clip(1e-12)))


def figures(said: Probabilities, truth: Positions, good: int) -> str:
    """Cells of a row of the table."""
    recall, is_good = recall_score(truth, said.argmax(axis=1), average=None), truth == good
    share = 1 / np.bincount(truth)[truth]
    area = roc_auc_score(~is_good, 1 - said[:, good], sample_weight=share)  # every poor class alike
    loss = (losses(said, truth) * share).sum() / len(recall)
    shares = (recall.mean(), np.delete(recall, good).mean(), 1 - recall[good], area)
    return " | ".join([*(f"{100 * one:.1f}" for one in shares), f"{loss:.3f}"])


def more_alarms(said: Probabilities, rival: Probabilities, truth: Positions, good: int) -> float:
    """p of so many more good images called defective by chance."""
    called, before = (one[truth == good].argmax(axis=1) != good for one in (said, rival))
    more, fewer = int((called & ~before).sum()), int((before & ~called).sum())
    return float(binomtest(more, more + fewer, alternative="greater").pvalue) if more + fewer else 1.0


def mean_gain(gain: NDArray[np.float64], truth: Positions) -> float:
    """p of as large a mean over classes of what every image gains, by chance."""
    of_class = [gain[truth == one] for one in np.unique(truth)]
    error = np.sqrt(sum(own.var(ddof=1) / len(own) for own in of_class))
    return float(norm.sf(sum(own.mean() for own in of_class) / error)) if error else 1.0


def less_area(said: Probabilities, rival: Probabilities, truth: Positions, good: int) -> float:
    """p of so much less area by chance, from what each image adds to it (DeLong et al. 1988)."""
    fall = above(rival, truth, good) - above(said, truth, good)  # (poor images, good images)
    label = truth[truth != good]
    of_class = [fall[label == one] for one in np.unique(label)]
    of_good = np.mean([own.mean(axis=0) for own in of_class], axis=0)
    of_poor = sum(own.mean(axis=1).var(ddof=1) / len(own) for own in of_class) / len(of_class) ** 2
    error = np.sqrt(of_poor + of_good.var(ddof=1) / len(of_good))
    return float(norm.sf(of_good.mean() / error)) if error else 1.0


def above(said: Probabilities, truth: Positions, good: int) -> NDArray[np.float64]:
    """Whether each poor image looks less like a good one than each good image does, 0.5 where they are equal."""
    poor, well = (said[chosen, good] for chosen in (truth != good, truth == good))
    return np.asarray((poor[:, None] < well) + 0.5 * (poor[:, None] == well))


def chances(said: Probabilities, rival: Probabilities, truth: Positions, good: int) -> str:
    """Cells of a row of the table."""
    right, poor = (said.argmax(axis=1) == truth) * 1.0 - (rival.argmax(axis=1) == truth), truth != good
    found = (
        more_alarms(said, rival, truth, good),
        mean_gain(right[poor], truth[poor]),
        less_area(said, rival, truth, good),
        mean_gain(losses(rival, truth) - losses(said, truth), truth),
    )
    return " | ".join(f"{one:.1g}" for one in found)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 1, 2], help="numbers of the training sets")
    parser.add_argument("--made", type=int, default=64, help="images of each poor class")
    parser.add_argument("--views", type=int, default=0, help="of each training image, shown beside it")
    parser.add_argument("--strengths", type=float, nargs="+", default=[1e-3, 3e-3, 1e-2])
    chosen = parser.parse_args(arguments)
    network, sides = load_backbone("lite0"), sides_of(chosen)
    judged = sides.images.take(sides.test)
    rows, truth = features(network, judged.images), judged.targets(sorted(sides.counts))
    for number in chosen.draws:
        train = sides.images.take(sides.train(number))
        began = time.process_time()
        known = seen(network, train, chosen.good, chosen.made, chosen.views, chosen.flips, number)
        print(f"draw {number}: {len(train)} training images; seen in {time.process_time() - began:.0f} s")
        print_table(known, rows, truth, chosen.strengths)


def print_table(known: Seen, test: Rows, truth: Positions, strengths: Sequence[float]) -> None:
    cells = "accuracy | poor | alarms | area | loss"
    print(f"| way, in folds | {cells} | p: alarms | poor | area | loss | on test: {cells} |\n|{'---|' * 15}")
    for strength in strengths:
        said = dict[str, Probabilities]()
        for way in ("real", *known.made):
            began, every = time.process_time(), np.arange(len(known.targets))
            said[way] = held_out(known, way, strength)
            spent, of_test = time.process_time() - began, probabilities(known, way, every, test, strength)
            inner = figures(said[way], known.targets, known.good)
            against = chances(said[way], said["copies"], known.targets, known.good) if "copies" in said else " | | | "
            outer = figures(of_test, truth, known.good)
            print(f"| {way}, C {strength:g}, {spent:.0f} s | {inner} | {against} | {outer} |", flush=True)


if __name__ == "__main__":
    main()
