"""Write data/augmented/: the real images and what the evaluation chose of the synthetic ones."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import folder_name, read_csv, read_json, write_bytes
from augment.core.grids import write_picture
from augment.data.checksums import check_file, check_files
from augment.data.delivered import Recipe, write_tables
from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import delivered_images
from augment.params import Ingest, Params
from augment.params.arms import BALANCED_ARM, Arm, augmentation_of, family_of
from pipeline.common import AUGMENTED, EXPERIMENT, METRICS, PREPARED, SYNTHETIC, main

Row = dict[str, object]


def assemble(params: Params) -> None:
    """Ready to train on: class folders, and a weight for each image that a sampler or a loss can use."""
    policy = read_json(METRICS, ["policy"])["policy"]["arm"]
    base: Arm | None = read_json(EXPERIMENT / "experiment.json", ["base"])["base"]
    arm: Arm = {"chosen": policy, "real": base or BALANCED_ARM}.get(params.assemble.use, params.assemble.use)
    train = ImageSet.load(PREPARED / "train")
    rows = list(write_train(arm, train))
    for side in ("val", "test"):
        rows += write_real(side, ImageSet.load(PREPARED / side))
    synthetic = sum(row["synthetic"] == 1 for row in rows)
    write_tables(AUGMENTED, rows, recipe_of(arm, base, params.ingest, train, synthetic))


def recipe_of(arm: Arm, base: Arm | None, ingest: Ingest, train: ImageSet, synthetic: int) -> Recipe:
    """How to train on what is delivered: as the arm does; base: the one that arms with made images build on."""
    white = read_json(PREPARED / "depth.json", ["white"])["white"]
    return Recipe(
        classes=tuple(train.classes), arm=arm, family=family_of(arm, base), augmentation=augmentation_of(arm, base),
        flips=ingest.flips, synthetic=synthetic, channels=train.images.shape[1], background=ingest.background,
        white=white,
    )  # fmt: skip


def write_train(arm: Arm, train: ImageSet) -> Iterator[Row]:
    """Real training images, then the synthetic images that the arm draws from.

    An image's weight is its sampling weight under the arm times the number of images: 1 on average.
    """
    kept = synthetic_files(train.classes)
    images = {label: np.stack([read_png(sample["file"]) for sample in kept[label]]) for label in kept if kept[label]}
    data, delivered_weights = delivered_images(arm, train, images)
    weights = delivered_weights.tolist()
    for row, weight in zip(write_real("train", train), weights[: len(train)], strict=True):
        yield {**row, "weight": weight}
    drawn = [train.classes[index] for index in dict.fromkeys(data.targets[len(train) :].tolist())]
    files = [sample for label in drawn for sample in kept[label]]
    for sample, weight in zip(files, weights[len(train) :], strict=True):
        file, label, digest = sample["file"], sample["label"], sample["sha256"]
        path = f"train/{folder_name(label)}/synthetic-{file.rsplit('/', 1)[1]}"
        write_bytes(AUGMENTED / path, (SYNTHETIC / file).read_bytes(), durable=False)
        yield {"path": path, "label": label, "split": "train", "synthetic": 1, "weight": weight, "source": file,
               "sha256": digest}  # fmt: skip


def write_real(side: str, images: ImageSet) -> list[Row]:
    """The real images of one split, each with weight 1."""
    rows: list[Row] = []
    for index, image in enumerate(images.images):
        label = str(images.labels[index])
        path = f"{side}/{folder_name(label)}/{index:06d}.png"
        digest = write_picture(AUGMENTED / path, image)
        rows.append({"path": path, "label": label, "split": side, "synthetic": 0, "weight": 1.0,
                     "source": str(images.sources[index]), "sha256": digest})  # fmt: skip
    return rows


def synthetic_files(classes: list[str]) -> dict[str, list[dict[str, str]]]:
    """Rows of the kept synthetic images of each class, in order of their index, each file as it was written."""
    check_files(SYNTHETIC, ["manifest.csv"])
    kept = [row for row in read_csv(SYNTHETIC / "manifest.csv") if row["file"]]
    for row in kept:
        check_file(SYNTHETIC / row["file"], row["sha256"])
    return {label: [row for row in kept if row["label"] == label] for label in classes}


def read_png(file: str) -> NDArray[np.uint8]:
    """uint8 (C, H, W)."""
    with Image.open(SYNTHETIC / file) as picture:
        image = np.asarray(picture)
    return image[None] if image.ndim == 2 else image.transpose(2, 0, 1)


if __name__ == "__main__":
    main(assemble, AUGMENTED)
