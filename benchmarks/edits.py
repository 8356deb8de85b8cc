"""`python -m benchmarks.edits FOLDER --poor NAME [...]`: what edits of originals are worth beside enlarged samples.

A shared GAN learns a training set at the working size, `--few` images of each poor class and `--many` of the others,
and latent transfer varies the poor ones. A frozen backbone and logistic regression, shown everything at `--size`, judge
by balanced accuracy on all images that the training set left over; means over `--draws` sets, each row with its best C.

    real              what is there
    views             the same, and RandAugment views of each
    enlarged          samples, enlarged bicubically
    difference        originals, and the enlarged difference between sample and small picture added
    moves             originals moved by the displacement alone
    edits             originals with the displacement, the light and the colour of the samples
    ..., reconstructed, own, borrowed
                      images of the other classes edited too, in the same share: law (a), by what the shared GAN draws
                      of them, by samples of their own class, by the changes of the poor classes' samples
    copies, pasted    jittered copies, CMO
    views and ...     the same beside views of all real images; "edits' views" are views of edits too

Made images are half of what a class weighs that has them. The second table says how surely a probe tells images of the
same originals apart (area under ROC; 0.5: not at all); it is tested on other originals than it learnt from.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from augment import train_generators
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import jittered_copies, pasted_images
from augment.evaluation.arms.seen import augmented_once
from augment.gan import latent_transfer
from augment.gan.latent_transfer import LatentTransfer, donor_classes, latent_transfers
from augment.gan.networks.build import to_float, to_uint8
from augment.measure.backbone.backbone import Backbone, features, load_backbone
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params.types import Flips
from augment.synthesis.displacement import displacement, moved, resized
from augment.synthesis.edits import edited
from augment.synthesis.native import Varied, treated_alike
from benchmarks.probing import Data, Images, Positions, Rows, Scores, load, print_scores, scores

VIEWS = 4
FLIPS: Flips = "horizontal"


@dataclass(frozen=True)
class Sampled:
    """Originals, their small pictures and samples, uint8 (N, C, ...); at: which training image each is of."""

    originals: Images
    before: Images
    after: Images
    at: Positions


def drawn(
    images: ImageSet, is_test: NDArray[np.bool_], poor: Sequence[str], few: int, many: int, seed: int
) -> Positions:
    """Which images a training set has: at most so many of each class."""
    rng, rows = np.random.default_rng(seed), list[int]()
    for label in images.classes:
        own = rng.permutation(np.flatnonzero((images.labels == label) & ~is_test))
        rows += own[: few if label in poor else many].tolist()
    return np.sort(np.array(rows))


def all_transfers(small: ImageSet, seed: int, store: Path) -> dict[str, LatentTransfer]:
    """Latent transfer of minority and of majority classes, through a shared GAN that is trained, or is in the store."""
    made = train_generators(small.images, small.labels, seed=seed, flips=FLIPS, store=store / f"draw{seed}", steps=1)
    assert made.shared is not None
    found = latent_transfers(made.shared, small, seed)
    one, counts = next(iter(found.values())), small.counts()
    for label, latents in zip(donor_classes(counts), one.donors, strict=True):
        known = small.of_class(label).images
        positions = latent_transfer._sought(len(known), latent_transfer.max_images_per_class(len(counts)), seed, label)
        images = to_float(torch.from_numpy(known[positions]))
        undrawn = latent_transfer.residuals(one.network, images, latents)
        distance = latent_transfer.min_sample_distance(known)
        found[label] = LatentTransfer(label, one.network, latents, undrawn, one.donors, known, distance, positions)
    return found


def sampled(
    labels: Sequence[str],
    transfers: dict[str, LatentTransfer],
    native: ImageSet,
    small: ImageSet,
    count: int,
    seed: int,
) -> Sampled:
    """`count` samples of each class, and what they vary."""
    after = np.concatenate([transfers[label].sample(count, seed=seed).numpy() for label in labels])
    at = np.concatenate(
        [np.flatnonzero(small.labels == label)[transfers[label].sources(count, seed=seed)] for label in labels]
    )
    return Sampled(native.images[at], small.images[at], after, at)


def reconstructions(labels: Sequence[str], transfers: dict[str, LatentTransfer], some: Sampled, count: int) -> Images:
    """What the shared GAN draws of the images that were sampled."""
    parts = []
    for label, first in zip(labels, range(0, len(some.at), count), strict=True):
        own = transfers[label]
        with torch.no_grad():
            drawn_images = to_uint8(own.network(own.latents)).numpy()
        known = {own.known[position].tobytes(): row for row, position in enumerate(own.positions.tolist())}
        rows = [known[image.tobytes()] for image in some.before[first : first + count]]
        parts.append(drawn_images[rows])
    return np.concatenate(parts)


def as_floats(images: Images) -> torch.Tensor:
    return torch.from_numpy(images).float() / 255


def as_images(values: torch.Tensor) -> Images:
    return (255 * values).round().clamp(0, 255).to(torch.uint8).numpy()


def by_parts(change: str, some: Sampled) -> Images:
    """One of the simpler ways to bring samples to the size of their originals."""
    parts = []
    for at in range(0, len(some.at), 16):
        originals, before, after = (as_floats(part[at : at + 16]) for part in (some.originals, some.before, some.after))
        size = originals.shape[2:]
        if change == "enlarged":
            parts.append(as_images(resized(after, size)))
        elif change == "difference":
            parts.append(as_images(originals + resized(after - before, size)))
        else:
            parts.append(as_images(moved(originals, resized(displacement(before, after), size))))
    return np.concatenate(parts)


class Draw:
    """One training set: the features of its images and of all that is made of them."""

    def __init__(self, native: ImageSet, small: ImageSet, poor: Sequence[str], count: int, seed: int, store: Path):
        self.native, self.targets = native, native.targets(native.classes)
        self.poor = [native.classes.index(label) for label in poor]
        rich = [label for label in native.classes if label not in poor]
        transfers, network = all_transfers(small, seed, store), load_backbone("lite0")
        some, others = (sampled(labels, transfers, native, small, count, seed) for labels in (poor, rich))
        shown = {name: by_parts(name, some) for name in ("enlarged", "difference", "moves")}
        shown["edits"] = edited(some.originals, some.before, some.after)
        shown["edits' views"] = augmented_once(shown["edits"], FLIPS, seed)
        for name, made in (
            ("copies", jittered_copies(native, count, FLIPS, seed)), ("pasted", pasted_images(native, count, seed))
        ):  # fmt: skip
            shown[name] = np.concatenate([made[label] for label in poor])
        changes = Varied(some.after, np.arange(len(some.after)), some.before)
        drawn_of_others = reconstructions(rich, transfers, others, count)
        self.processed = {
            "reconstructed": edited(others.originals, others.before, drawn_of_others),
            "own": edited(others.originals, others.before, others.after),
            "borrowed": treated_alike(others.before, others.originals, [changes], seed),
        }
        self.at, self.others_at = self.targets[some.at], others.at
        self.real = features(network, native.images)
        self.views = [features(network, augmented_once(native.images, FLIPS, number)) for number in range(VIEWS)]
        self.made = {name: features(network, images) for name, images in shown.items()}
        self.poor_at = some.at
        self.seen = {name: features(network, images) for name, images in self.processed.items()}

    def of(self, rows: Rows, targets: Positions, share: float, chosen: Sequence[int]) -> Data:
        """Rows of the chosen classes, each class weighing `share`."""
        here = np.isin(targets, chosen)
        weights = share / np.bincount(targets, minlength=len(self.native.classes)).clip(1)[targets]
        return [(rows[here], targets[here], weights[here])]

    def ways(self) -> dict[str, Data]:
        """Rows of every way."""
        everyone = range(len(self.native.classes))
        rich = [one for one in everyone if one not in self.poor]

        def real(share: float, chosen: Sequence[int], views: bool) -> Data:
            parts = [self.real, *self.views] if views else [self.real]
            return [part for rows in parts for part in self.of(rows, self.targets, share / len(parts), chosen)]

        found = {"real": real(1, everyone, False), "views": real(1, everyone, True)}
        for views, name in ((views, name) for views in (False, True) for name in self.made):
            both = [*real(0.5, self.poor, views), *self.of(self.made[name], self.at, 0.5, self.poor)]
            title = f"views and {name}" if views else name
            found[title] = [*real(1, rich, views), *both]
            if name != "edits":
                continue
            for kind, rows in self.seen.items():
                processed = self.of(rows, self.targets[self.others_at], 0.5, rich)
                found[f"{title}, {kind}"] = [*real(0.5, rich, views), *processed, *both]
        return found

    def told_apart(self) -> dict[str, float]:
        """How surely a probe tells images of the same originals apart."""
        original, others = self.real[self.poor_at], self.real[self.others_at]
        return {
            "enlarged / original": auc(self.made["enlarged"], original, self.poor_at),
            "edits / original": auc(self.made["edits"], original, self.poor_at),
            "own / original": auc(self.seen["own"], others, self.others_at),
            "borrowed / own": auc(self.seen["borrowed"], self.seen["own"], self.others_at),
            "reconstructed / own": auc(self.seen["reconstructed"], self.seen["own"], self.others_at),
        }


def auc(one: Rows, other: Rows, sources: Positions) -> float:
    """Area under ROC of a probe for `one`; no image of its test has a source that it learnt from."""
    rows, groups = np.concatenate([one, other]), np.concatenate([sources, sources])
    is_one = np.repeat([1, 0], len(one))
    said = np.zeros(len(rows))
    for inside, outside in GroupKFold(5).split(rows, groups=groups):
        model = fit_logistic(rows[inside], is_one[inside], np.ones(len(inside)), 1e-3)
        said[outside] = logistic_probabilities(model, rows[outside], 2)[:, 1]
    return float(roc_auc_score(is_one, said))


def print_tables(table: Scores, apart: list[dict[str, float]]) -> None:
    print_scores(table, ["real", "views"])
    print("\n| told apart | area under ROC |\n|---|---|")
    for name in apart[0]:
        print(f"| {name} | {np.mean([one[name] for one in apart]):.3f} |")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--poor", nargs="+", required=True)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=60)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--working", type=int, default=32)
    parser.add_argument("--made", type=int, default=60, help="images of each class")
    parser.add_argument("--store", type=Path, default=Path(".work/edits"), help="keeps GANs")
    chosen = parser.parse_args(arguments)
    (native, is_test), (small, _) = load(chosen.folder, chosen.size), load(chosen.folder, chosen.working)
    assert native.sources.tolist() == small.sources.tolist()
    network: Backbone = load_backbone("lite0")
    plain, truth = features(network, native.images), native.targets(native.classes)
    table: dict[str, list[list[tuple[float, float]]]] = {}
    apart = []
    for seed in range(chosen.draws):
        rows = drawn(native, is_test, chosen.poor, chosen.few, chosen.many, seed)
        left = np.setdiff1d(np.arange(len(native)), rows)
        draw = Draw(native.take(rows), small.take(rows), chosen.poor, chosen.made, seed, chosen.store)
        for name, data in draw.ways().items():
            table.setdefault(name, []).append(scores(data, plain[left], truth[left], draw.poor, len(rows)))
        apart.append(draw.told_apart())
        print(f"after draw {seed}, {len(rows)} training images, {len(left)} test images")
        print_tables(table, apart)


if __name__ == "__main__":
    main()
