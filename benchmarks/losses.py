"""Every loss on the default example: the table of benchmarks/LOG.md and the pictures of docs/gans-by-hand.md.

`python -m benchmarks.losses docs/figures` trains, for each loss, the shared GAN and the GANs of three
classes of the digits in params.yaml's training set, everything else as it stands there, and prints
one row a loss: KID of each class's samples against its test images, and the share of samples whose
nearest neighbour among all test images has their class. Minutes.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from augment import params
from augment.core.files import write_bytes
from augment.core.grids import mosaic, png
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.gan.per_class import generators_from, train_classes
from augment.gan.settings import start_backend, training_for
from augment.gan.training.losses import LossName, adversarial_loss
from augment.measure.features import pixels, random_convolutions
from augment.measure.metrics import kid, nearest
from augment.report.charts.line_chart import line_chart
from augment.report.pictures import labelled_rows, strip

ROOT = Path(__file__).parent.parent
LABELS = ("0", "3", "8")  # 48 training images of the first two, 8 of the last
SAMPLES, SHOWN = 500, 7
Images = dict[str, NDArray[np.uint8]]  # label -> uint8 (N, C, H, W)


def splits(chosen: params.Params) -> tuple[ImageSet, ImageSet]:
    """Train and test as ingest makes them."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(chosen.ingest, chosen.seed, Path(folder))
        return ImageSet.load(Path(folder) / "train"), ImageSet.load(Path(folder) / "test")


def samples(train: ImageSet, chosen: params.Params, loss: LossName) -> Images:
    """Train with one loss, and sample each class."""
    backend = replace(start_backend(chosen.compute), store=None)
    wanted = chosen.train.model_copy(update={"loss": loss})
    training = training_for(train, wanted, flips=chosen.ingest.flips, device=backend.device)
    training = replace(training, classes={label: training.classes[label] for label in LABELS})
    (trained,) = train_classes(train, training, [chosen.seed], backend)
    generators = generators_from(train, training, trained, backend.device)
    return {label: generators[label].sample(SAMPLES, seed=chosen.seed).numpy() for label in LABELS}


def row(name: str, images: Images, test: ImageSet) -> str:
    """One line of the table, in Markdown."""
    figures = []
    for label in LABELS:
        real = random_convolutions(test.of_class(label).images)
        figures.append(f"{1000 * kid(real=real, fake=random_convolutions(images[label])):.1f}")
    found = [test.labels[nearest(pixels(images[label]), pixels(test.images))[0]] == label for label in LABELS]
    return f"| {name} | {' | '.join(figures)} | {100 * np.concatenate(found).mean():.1f} % |"


def shapes() -> Image.Image:
    """G's loss, and how strongly it pulls a score upwards, along the score of a generated image."""
    scores = torch.linspace(-3, 3, 121, dtype=torch.float64)
    losses, score_grads = {}, {}
    for name in get_args(LossName):
        score = scores.clone().requires_grad_(True)
        loss = adversarial_loss(name).generator(torch.zeros_like(score), score)
        (slope,) = torch.autograd.grad(loss.sum(), score)
        losses[name], score_grads[name] = loss.tolist(), (-slope).tolist()
    same = {"relativistic": "relativistic (real score 0), non_saturating", "hinge": "hinge, wasserstein_gp"}
    drawn = [name for name in losses if name not in ("non_saturating", "wasserstein_gp")]
    panels = [
        line_chart({same.get(name, name): lines[name] for name in drawn}, (-3, 3), label)
        for lines, label in (
            (losses, "score D(G(z)): G's loss"),
            (score_grads, "score D(G(z)): minus the slope of G's loss"),
        )
    ]
    return mosaic(panels, 2, gap=0).convert("RGB")


def main(out: Path) -> None:
    """Print the table; write losses.png and loss_shapes.png."""
    chosen = params.load(ROOT / "params.yaml")
    train, test = splits(chosen)
    real = {label: train.of_class(label).images for label in LABELS}
    every: dict[str, Images] = {"real training images": real}
    for loss in get_args(LossName):
        every[f"`{loss}`"] = samples(train, chosen, loss)
    print(f"| loss | {' | '.join(f'KID x 1000, {label}' for label in LABELS)} | recognised |")
    print("|---|---|---|---|---|")
    for name, images in every.items():
        print(row(name, images, test))
    pictures = [
        (name.strip("`"), strip([image for label in LABELS for image in images[label][:SHOWN]], 3 * SHOWN, 40))
        for name, images in every.items()
    ]
    write_bytes(out / "losses.png", png(labelled_rows(pictures)))
    shapes().save(out / "loss_shapes.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
