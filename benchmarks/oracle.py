"""`python -m benchmarks.oracle FOLDER --poor NAME [...]`: what the best imaginable generator is worth at native size.

Further real images of the poor classes stand in the samples' place: as they are, and through each working size, as
what a GAN of that size makes must be. So a row is the ceiling of every generator of its kind.

    real              what is there: `--few` images of each poor class, at most `--many` of the others
    views             the same, and eight RandAugment views of each
    native            further real images, at the size that the backbone sees
    via S             the same, shrunk to S px and enlarged again
    via S, detail     the same, with what shrinking takes from a real training image of the class laid over it
    via S, learnt     with --learnt S: enlarged by super-resolution that has learnt the training images
    via S, L1         the same, learnt by the absolute error alone
    ..., law (a)      images of the other classes go through the same, so that nothing processed means poor

Samples are half of what a poor class weighs. A frozen backbone and logistic regression judge, by balanced accuracy on
the set's own test images, or a third of its groups; means over `--draws` training sets, every row with its best C.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from augment.data.decoding.fitting import resize
from augment.data.imageset import ImageSet
from augment.evaluation.arms.seen import augmented_once
from augment.gan.upscale.training import ADVERSARIAL, train_upscaler
from augment.measure.backbone.backbone import features, load_backbone
from benchmarks.probing import Data, Images, Rows, load, print_scores, scores

WORKING = (32, 64, 128)
VIEWS = 8


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


def learnt(images: Images, training: Images, side: int, adversarial: float, seed: int) -> Images:
    """Shrunk as ingest shrinks, and enlarged by super-resolution that learnt the training images."""
    upscaler = train_upscaler(training, side, seed=seed, adversarial=adversarial)
    small = np.stack([resize(image.transpose(1, 2, 0), side, side).transpose(2, 0, 1) for image in images])
    return upscaler(torch.from_numpy(small), images.shape[2:]).numpy()


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


def ways(
    images: ImageSet,
    draw: Draw,
    see: Callable[[Images], Rows],
    targets: NDArray[np.int64],
    plain: Rows,
    enlarged: Sequence[tuple[str, Images]],
) -> dict[str, Data]:
    """Rows of every way of one training set; enlarged: name -> further images and others through a working size."""
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
    for name, changed in enlarged:
        rows = see(changed)
        poor_rows, rich_rows = rows[: len(further)], rows[len(further) :]
        samples = of(further, poor_rows, made, 0.5)
        found[name] = [*both, *samples]
        half_rich = [*of(rich, plain[rich], counts, 0.5), *of(others, rich_rows, counts, 0.5)]
        found[f"{name}, law (a)"] = [*half_rich, *of(poor, plain[poor], counts, 0.5), *samples]
    return found


def through_working_sizes(
    images: ImageSet, draw: Draw, learnt_side: int | None, seed: int
) -> Iterator[tuple[str, Images]]:
    """Further images and others of a training set, one after the other, through every working size."""
    sources = images.images[[draw.sources[at] for at in (*draw.further, *draw.others)]]
    through = images.images[[*draw.further, *draw.others]]
    for side in WORKING:
        if side < images.images.shape[2]:
            yield f"via {side}", as_images(via(through, side))
            yield f"via {side}, detail", detailed(through, sources, side)
    if learnt_side is not None:
        for name, adversarial in (("learnt", ADVERSARIAL), ("L1", 0.0)):
            made = learnt(through, images.images[draw.real], learnt_side, adversarial, seed)
            yield f"via {learnt_side}, {name}", made


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--poor", nargs="+", required=True)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=60)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--learnt", type=int, help="working size that super-resolution learns to enlarge")
    chosen = parser.parse_args(arguments)
    images, is_test = load(chosen.folder, chosen.size)
    network, targets = load_backbone("lite0"), images.targets(images.classes)
    see = partial(features, network)
    plain = see(images.images)
    poor = [images.classes.index(label) for label in chosen.poor]
    table: dict[str, list[list[tuple[float, float]]]] = {}
    for seed in range(chosen.draws):
        draw = Draw(images, np.flatnonzero(~is_test), chosen.poor, chosen.few, chosen.many, seed)
        enlarged = list(through_working_sizes(images, draw, chosen.learnt, seed))
        for name, data in ways(images, draw, see, targets, plain, enlarged).items():
            found = scores(data, plain[is_test], targets[is_test], poor, len(draw.real))
            table.setdefault(name, []).append(found)
        print(f"draw {seed}: {len(draw.real)} real, {len(draw.further)} in the samples' place", flush=True)
    print(f"{chosen.folder.name}, {int(is_test.sum())} test images, {images.images.shape[1:]}")
    print_scores(table, ["real"])


if __name__ == "__main__":
    main()
