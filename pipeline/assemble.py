"""Write data/augmented/: the real images and what the evaluation chose of the synthetic ones."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import folder_name, read_csv, read_json, sha256, write_bytes
from augment.data.checksums import check_file, check_files
from augment.data.delivered import Recipe, write_tables
from augment.data.imageset import ImageSet
from augment.data.originals import read_scale
from augment.data.rows.rowset import holds_rows
from augment.evaluation.arms.draws import delivered_images, is_matched, sampled_classes
from augment.params import Ingest, Params
from augment.params.arms import BALANCED_ARM, Arm, augmentation_of, family_of
from augment.params.types import CARRIED
from augment.synthesis.native import Varied
from pipeline.common import AUGMENTED, EXPERIMENT, METRICS, PREPARED, SYNTHETIC, main
from pipeline.delivery.carried import carried_files, carrying_of, lent_for
from pipeline.delivery.files import DeliveredFile, real_files, split_files
from pipeline.delivery.size import Delivery, delivery_of
from pipeline.rows.assemble import assemble_rows

Row = dict[str, object]


def assemble(params: Params) -> None:
    """Ready to train on: class folders, and a weight for each image that a sampler or a loss can use."""
    if holds_rows(PREPARED / "train"):
        assemble_rows(params)
        return
    policy = read_json(METRICS, ["policy"])["policy"]
    facts = read_json(EXPERIMENT / "experiment.json", ["base", "arms"])
    base: Arm | None = facts["base"]
    arm: Arm = {"chosen": policy, "real": base or BALANCED_ARM}.get(params.assemble.use, params.assemble.use)
    train, delivery = ImageSet.load(PREPARED / "train"), delivery_of(params, facts["arms"])
    rows = list(write_train(arm, base, train, delivery, params))
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


def write_train(arm: Arm, base: Arm | None, train: ImageSet, delivery: Delivery, params: Params) -> Iterator[Row]:
    """Real training images, then the synthetic images that the arm draws from.

    An image's weight is its sampling weight under the arm times the number of images: 1 on average.
    """
    kept = {label: delivery.chosen(rows) for label, rows in synthetic_files(train.classes).items()}
    images = {label: np.stack([read_png(sample["file"]) for sample in kept[label]]) for label in kept if kept[label]}
    matched = is_matched(arm, base, delivery.originals is not None)
    data, delivered_weights = delivered_images(arm, train, images, matched)
    weights = delivered_weights.tolist()
    drawn = [train.classes[index] for index in dict.fromkeys(data.targets[len(train) :].tolist())]
    sampled = sampled_classes(train.counts(), images) if matched else drawn
    samples = {label: varied_of(kept[label], images[label], train, label) for label in drawn if label in sampled}
    if delivery.originals is None:
        real, made = write_real("train", train, delivery), copy_samples(drawn, kept)
    else:
        real, made = write_larger(train, samples, {*drawn} - {*sampled}, kept, delivery, params)
    for row, weight in zip([*real, *(row for label in drawn for row in made[label])], weights, strict=True):
        yield {**row, "weight": weight}


def copy_samples(labels: list[str], kept: dict[str, list[dict[str, str]]]) -> dict[str, list[Row]]:
    """The samples as they are in data/synthetic."""
    return {
        label: [write_sample(sample, (SYNTHETIC / sample["file"]).read_bytes()) for sample in kept[label]]
        for label in labels
    }


def write_larger(
    train: ImageSet, samples: dict[str, Varied], treated: set[str], kept: dict[str, list[dict[str, str]]],
    delivery: Delivery, params: Params,
) -> tuple[list[Row], dict[str, list[Row]]]:  # fmt: skip
    """Rows of the real images, and by label those of samples, or of images that were treated as samples are."""
    carrying = carrying_of(train, [label for label in samples if kept[label][0].get("source") in CARRIED], params)
    lent = lent_for(carrying, train, delivery.size)
    edits = {label: varied for label, varied in samples.items() if label not in carrying}
    files = split_files(train, edits, treated, delivery, params.seed, lent)
    real, made = dict[int, Row](), defaultdict[str, dict[int, Row]](dict)
    for file in chain(files, carried_files(carrying, train, lent, kept, delivery)):
        if file.kind == "real":
            real[file.position] = write_image("train", file)
        elif file.kind == "synthetic":
            made[file.label][file.position] = write_sample(kept[file.label][file.position], file.content)
        else:
            name = f"treated-{file.position:06d}.png"
            made[file.label][file.position] = write_made(name, file.label, file.source, file.content)
    return in_order(real), {label: in_order(rows) for label, rows in made.items()}


def in_order(rows: dict[int, Row]) -> list[Row]:
    """Rows by the position of their image; files are made in any order."""
    return [rows[at] for at in sorted(rows)]


def write_sample(sample: dict[str, str], content: bytes) -> Row:
    """sample: its row in data/synthetic/manifest.csv."""
    return write_made(f"synthetic-{sample['file'].rsplit('/', 1)[1]}", sample["label"], sample["file"], content)


def write_made(name: str, label: str, source: str, content: bytes) -> Row:
    """One made training image, and its row of manifest.csv."""
    path = f"train/{folder_name(label)}/{name}"
    write_bytes(AUGMENTED / path, content, durable=False)
    return {"path": path, "label": label, "split": "train", "synthetic": 1, "weight": 1.0, "source": source,
            "sha256": sha256(content)}  # fmt: skip


def write_real(side: str, images: ImageSet, delivery: Delivery) -> list[Row]:
    """The real images of one split, each with weight 1."""
    return in_order({file.position: write_image(side, file) for file in real_files(images, delivery)})


def write_image(side: str, file: DeliveredFile) -> Row:
    """One real image, and its row of manifest.csv."""
    path = f"{side}/{folder_name(file.label)}/{file.position:06d}{file.ending}"
    write_bytes(AUGMENTED / path, file.content, durable=False)
    return {"path": path, "label": file.label, "split": side, "synthetic": 0, "weight": 1.0, "source": file.source,
            "sha256": sha256(file.content)}  # fmt: skip


def synthetic_files(classes: list[str]) -> dict[str, list[dict[str, str]]]:
    """Rows of the kept synthetic images of each class, in order of their index, each file as it was written."""
    check_files(SYNTHETIC, ["manifest.csv"])
    kept = [row for row in read_csv(SYNTHETIC / "manifest.csv") if row["file"]]
    for row in kept:
        check_file(SYNTHETIC / row["file"], row["sha256"])
    return {label: [row for row in kept if row["label"] == label] for label in classes}


def varied_of(rows: Sequence[dict[str, str]], samples: NDArray[np.uint8], train: ImageSet, label: str) -> Varied:
    """The samples of one class, and which of its training images each varies, by data/synthetic/manifest.csv."""
    own = np.flatnonzero(train.labels == label).tolist()
    number = {str(position): number for number, position in enumerate(own)} | {"": -1}
    carried = [row.get("source") in CARRIED for row in rows]  # no edit: made of two originals
    source = np.array([number[row["source_image"]] for row in rows], dtype=np.int64)
    source[np.array(carried, dtype=bool)] = -1
    return Varied(samples, source, train.images[own])


def read_png(file: str) -> NDArray[np.uint8]:
    """uint8 (C, H, W)."""
    with Image.open(SYNTHETIC / file) as picture:
        image = np.asarray(picture)
    return image[None] if image.ndim == 2 else image.transpose(2, 0, 1)


if __name__ == "__main__":
    main(assemble, AUGMENTED)
