"""Write data/augmented/: the real images and what the evaluation chose of the synthetic ones."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import folder_name, read_csv, read_json, sha256, write_bytes
from augment.core.seeds import derive_seed
from augment.data.checksums import check_file, check_files
from augment.data.delivered import Recipe, write_tables
from augment.data.imageset import ImageSet
from augment.data.originals import read_scale
from augment.evaluation.arms.draws import delivered_images, is_matched, sampled_classes
from augment.params import Ingest, Params
from augment.params.arms import BALANCED_ARM, Arm, augmentation_of, family_of
from augment.synthesis.native import Varied
from pipeline.common import AUGMENTED, EXPERIMENT, METRICS, PREPARED, SYNTHETIC, main
from pipeline.delivery import Delivery, delivery_of, real_files, sample_files, treated_files, varied_of

Row = dict[str, object]


def assemble(params: Params) -> None:
    """Ready to train on: class folders, and a weight for each image that a sampler or a loss can use."""
    policy = read_json(METRICS, ["policy"])["policy"]["arm"]
    facts = read_json(EXPERIMENT / "experiment.json", ["base", "arms"])
    base: Arm | None = facts["base"]
    arm: Arm = {"chosen": policy, "real": base or BALANCED_ARM}.get(params.assemble.use, params.assemble.use)
    train, delivery = ImageSet.load(PREPARED / "train"), delivery_of(params, facts["arms"])
    rows = list(write_train(arm, base, train, delivery, params.seed))
    for side in ("val", "test"):
        rows += write_real(side, ImageSet.load(PREPARED / side), delivery)
    synthetic = sum(row["synthetic"] == 1 for row in rows)
    write_tables(AUGMENTED, rows, recipe_of(arm, base, params.ingest, train, synthetic))


def recipe_of(arm: Arm, base: Arm | None, ingest: Ingest, train: ImageSet, synthetic: int) -> Recipe:
    """How to train on what is delivered: as the arm does; base: the one that arms with made images build on."""
    return Recipe(
        classes=tuple(train.classes), arm=arm, family=family_of(arm, base), augmentation=augmentation_of(arm, base),
        flips=ingest.flips, synthetic=synthetic, channels=train.images.shape[1], background=ingest.background,
        white=read_scale(PREPARED),
    )  # fmt: skip


def write_train(arm: Arm, base: Arm | None, train: ImageSet, delivery: Delivery, seed: int) -> Iterator[Row]:
    """Real training images, then the synthetic images that the arm draws from.

    An image's weight is its sampling weight under the arm times the number of images: 1 on average.
    """
    kept = {label: delivery.chosen(rows) for label, rows in synthetic_files(train.classes).items()}
    images = {label: np.stack([read_png(sample["file"]) for sample in kept[label]]) for label in kept if kept[label]}
    matched = is_matched(arm, base, delivery.originals is not None)
    data, delivered_weights = delivered_images(arm, train, images, matched)
    weights = delivered_weights.tolist()
    for row, weight in zip(write_real("train", train, delivery), weights[: len(train)], strict=True):
        yield {**row, "weight": weight}
    drawn = [train.classes[index] for index in dict.fromkeys(data.targets[len(train) :].tolist())]
    sampled = sampled_classes(train.counts(), images) if matched else drawn
    samples = {label: varied_of(kept[label], images[label], train, label) for label in drawn if label in sampled}
    made = (
        row
        for label in drawn
        for row in (
            write_samples(kept[label], samples[label], train.of_class(label), delivery)
            if label in samples
            else write_treated(train.of_class(label), [*samples.values()], delivery, seed)
        )
    )
    for row, weight in zip(made, weights[len(train) :], strict=True):
        yield {**row, "weight": weight}


def write_samples(rows: list[dict[str, str]], samples: Varied, own: ImageSet, delivery: Delivery) -> Iterator[Row]:
    """The samples of one class, as they are in data/synthetic or larger."""
    contents: Iterable[tuple[int, bytes]] = enumerate((SYNTHETIC / row["file"]).read_bytes() for row in rows)
    if delivery.originals is not None:
        contents = sample_files(samples, own, delivery)
    for position, content in contents:
        row = rows[position]
        yield write_made(f"synthetic-{row['file'].rsplit('/', 1)[1]}", row["label"], row["file"], content)


def write_treated(own: ImageSet, others: list[Varied], delivery: Delivery, seed: int) -> Iterator[Row]:
    """The images of a class without samples, treated as the samples of others are."""
    label = str(own.labels[0])
    contents = treated_files(own, others, delivery, derive_seed(seed, "treated alike", label))
    for index, content in enumerate(contents):
        yield write_made(f"treated-{index:06d}.png", label, str(own.sources[index]), content)


def write_made(name: str, label: str, source: str, content: bytes) -> Row:
    """One made training image, and its row of manifest.csv."""
    path = f"train/{folder_name(label)}/{name}"
    write_bytes(AUGMENTED / path, content, durable=False)
    return {"path": path, "label": label, "split": "train", "synthetic": 1, "weight": 1.0, "source": source,
            "sha256": sha256(content)}  # fmt: skip


def write_real(side: str, images: ImageSet, delivery: Delivery) -> list[Row]:
    """The real images of one split, each with weight 1."""
    rows: list[Row] = []
    for index, (content, ending) in enumerate(real_files(images, delivery)):
        label = str(images.labels[index])
        path = f"{side}/{folder_name(label)}/{index:06d}{ending}"
        write_bytes(AUGMENTED / path, content, durable=False)
        rows.append({"path": path, "label": label, "split": side, "synthetic": 0, "weight": 1.0,
                     "source": str(images.sources[index]), "sha256": sha256(content)})  # fmt: skip
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
