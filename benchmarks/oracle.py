"""`python -m benchmarks.oracle FOLDER --poor NAME [...]`: what the best imaginable generator is worth at native size.

Further real images of the poor classes stand in the samples' place: as they are, and through each working size, as
what a GAN of that size makes must be. So a row is the ceiling of every generator of its kind.

    real              what is there: `--few` images of each poor class, at most `--many` of the others
    views             the same, and eight RandAugment views of each
    native            further real images, at the size that the backbone sees
    via S             the same, shrunk to S px and enlarged again
    via S, detail     the same, with what shrinking takes from a real training image of the class laid over it
    ..., law (a)      images of the other classes go through the same, so that nothing processed means poor

Samples are half of what a poor class weighs. A frozen backbone and logistic regression judge, by balanced accuracy on
the set's own test images, or a third of its groups; means over `--draws` training sets, every row with its best C.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import GroupShuffleSplit

from augment.data.cleaning import examine
from augment.data.imageset import ImageSet
from augment.data.prepare import image_set
from augment.evaluation.arms.seen import augmented_once
from augment.measure.backbone.backbone import features, load_backbone
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params import Ingest

STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
WORKING = (32, 64, 128)
VIEWS = 8
Images = NDArray[np.uint8]
Rows = NDArray[np.float32]
Data = list[tuple[Rows, NDArray[np.int64], NDArray[np.float64]]]  # features, targets, weight of each row


def resized(images: Images, size: tuple[int, int]) -> torch.Tensor:
    """float (N, C, *size): antialiased, bicubic."""
    return F.interpolate(torch.from_numpy(images).float(), size, mode="bicubic", antialias=True)


def via(images: Images, side: int) -> torch.Tensor:
    """Shrunk and enlarged again, float (N, C, H, W)."""
    small = resized(images, (side, side)).round().clamp(0, 255)
    return F.interpolate(small, images.shape[2:], mode="bicubic")


def as_images(values: torch.Tensor) -> Images:
    return values.round().clamp(0, 255).to(torch.uint8).numpy()


def detailed(images: Images, sources: Images, side: int) -> Images:
    """Images through a working size, and the detail of a source each that it cannot hold."""
    return as_images(via(images, side) + torch.from_numpy(sources).float() - via(sources, side))


def load(folder: Path, size: int) -> tuple[ImageSet, NDArray[np.bool_]]:
    """The set at one size, and which of its images are for the test."""
    findings = examine(Ingest.model_validate({"source": "folder", "path": str(folder), "size": size}))
    usable = findings.usable
    images = image_set(usable, findings.shape)
    declared = np.array([entry.declared_split == "test" for entry in usable])
    if declared.any():
        return images, declared
    groups = [entry.group or entry.path for entry in usable]
    _, test = next(GroupShuffleSplit(1, test_size=1 / 3, random_state=0).split(groups, groups=groups))
    return images, np.isin(np.arange(len(usable)), test)


class Draw:
    """One training set: rows of the images that are there, and of those that stand for samples."""

    def __init__(self, images: ImageSet, pool: NDArray[np.int64], poor: Sequence[str], few: int, many: int, seed: int):
        rng = np.random.default_rng(seed)
        self.real, self.further, self.others = list[int](), list[int](), list[int]()
        for label in images.classes:
            own = rng.permutation(pool[images.labels[pool] == label])
            self.real += own[: few if label in poor else many].tolist()
            if label in poor:
                self.further += own[few:].tolist()
        self.others = [at for at in self.real if images.labels[at] not in poor]
        self.sources = dict[int, int]()
        for at in (*self.further, *self.others):
            others = [other for other in self.real if images.labels[other] == images.labels[at] and other != at]
            self.sources[at] = int(rng.choice(others))


def weighted(parts: Data) -> tuple[Rows, NDArray[np.int64], NDArray[np.float64]]:
    rows, targets, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return rows, targets, weights


def ways(
    images: ImageSet, draw: Draw, see: Callable[[Images], Rows], targets: NDArray[np.int64], plain: Rows
) -> dict[str, Data]:
    """Rows of every way of one training set."""
    real, further, others = (np.array(part) for part in (draw.real, draw.further, draw.others))
    counts = np.bincount(targets[real], minlength=len(images.classes))
    made = np.bincount(targets[further], minlength=len(images.classes))

    def of(at: NDArray[np.int64], rows: Rows, number: NDArray[np.int64], share: float) -> Data:
        return [(rows, targets[at], share / number[targets[at]])]

    is_poor = np.isin(targets[real], targets[further])
    rich, poor = real[~is_poor], real[is_poor]
    base = of(rich, plain[rich], counts, 1.0)
    both = [*base, *of(poor, plain[poor], counts, 0.5)]
    found = {"real": of(real, plain[real], counts, 1.0), "native": [*both, *of(further, plain[further], made, 0.5)]}
    views = [see(augmented_once(images.images[real], "horizontal", number)) for number in range(VIEWS)]
    found["views"] = [part for rows in (plain[real], *views) for part in of(real, rows, counts, 1 / (1 + VIEWS))]
    sources = images.images[[draw.sources[at] for at in (*further, *others)]]
    through = images.images[[*further, *others]]
    for side in WORKING:
        if side >= images.images.shape[2]:
            continue
        for name, changed in (
            (f"via {side}", as_images(via(through, side))),
            (f"via {side}, detail", detailed(through, sources, side)),
        ):
            rows = see(changed)
            poor_rows, rich_rows = rows[: len(further)], rows[len(further) :]
            samples = of(further, poor_rows, made, 0.5)
            found[name] = [*both, *samples]
            half_rich = [*of(rich, plain[rich], counts, 0.5), *of(others, rich_rows, counts, 0.5)]
            found[f"{name}, law (a)"] = [*half_rich, *of(poor, plain[poor], counts, 0.5), *samples]
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--poor", nargs="+", required=True)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=60)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--size", type=int, default=224)
    chosen = parser.parse_args(arguments)
    images, is_test = load(chosen.folder, chosen.size)
    network, targets = load_backbone("lite0"), images.targets(images.classes)
    see = partial(features, network)
    plain = see(images.images)
    poor = [images.classes.index(label) for label in chosen.poor]
    scores: dict[str, list[list[tuple[float, float]]]] = {}
    for seed in range(chosen.draws):
        draw = Draw(images, np.flatnonzero(~is_test), chosen.poor, chosen.few, chosen.many, seed)
        for name, parts in ways(images, draw, see, targets, plain).items():
            rows, labels, weights = weighted(parts)
            row = list[tuple[float, float]]()
            for strength in STRENGTHS:
                model = fit_logistic(rows, labels, weights * len(draw.real) / weights.sum(), strength)
                said = logistic_probabilities(model, plain[is_test], len(images.classes)).argmax(axis=1)
                recall = recall_score(targets[is_test], said, average=None)
                row.append((float(balanced_accuracy_score(targets[is_test], said)), float(recall[poor].mean())))
            scores.setdefault(name, []).append(row)
        print(f"draw {seed}: {len(draw.real)} real, {len(draw.further)} in the samples' place", flush=True)
    print(f"{chosen.folder.name}, {int(is_test.sum())} test images, {images.images.shape[1:]}")
    print("| way | balanced accuracy | recall of the poor | over real |\n|---|---|---|---|")
    table = {name: 100 * np.array(row) for name, row in scores.items()}
    best = {name: int(row[:, :, 0].mean(axis=0).argmax()) for name, row in table.items()}
    for name, scored in table.items():
        own, real = scored[:, best[name]], table["real"][:, best["real"]]
        gain = own[:, 0] - real[:, 0]
        error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
        print(f"| {name} | {own[:, 0].mean():.1f} | {own[:, 1].mean():.1f} | {gain.mean():+.1f} ± {error:.1f} |")


if __name__ == "__main__":
    main()
