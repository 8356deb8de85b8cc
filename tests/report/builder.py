"""A small run on disk, in the documented formats, as the stages before the report leave it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment.core.files import folder_name, slug, write_csv, write_json
from augment.core.grids import write_picture
from augment.data.checksums import file_sha256, write_checksums
from augment.data.delivered import Recipe, write_tables
from augment.data.imageset import ImageSet
from augment.gan.bundle_files import signed
from augment.report.contents import CURVE_COLUMNS
from tests.report.results import write_reports


def image_set(images: Mapping[str, np.ndarray]) -> ImageSet:
    labels = [label for label, own in images.items() for _ in own]
    numbers = [str(number) for number in range(len(labels))]
    stacked = np.concatenate(list(images.values()))
    return ImageSet(stacked, np.array(labels, dtype=np.str_), np.array(numbers), np.array(numbers))


def random_images(labels: Sequence[str], count: int, shape: tuple[int, int, int], seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {label: rng.integers(0, 256, (count, *shape), dtype=np.uint8) for label in labels}


def build(
    root: Path,
    train: Mapping[str, np.ndarray],
    test: Mapping[str, np.ndarray],
    synthetic: Mapping[str, np.ndarray],
    failed: Mapping[str, str],
    verdict: str = "helps",
) -> None:
    """Write data/prepared, models, data/synthetic and reports under `root`."""
    labels = sorted(train)
    _prepared(root / "data" / "prepared", labels, train, test)
    _models(root / "models", labels, train, failed)
    _synthetic(root / "data" / "synthetic", labels, train, synthetic)
    deliver(root / "data" / "augmented", labels, train, {} if verdict == "not used" else synthetic)
    write_reports(root / "reports", labels, train, test, synthetic, verdict)


def _prepared(
    folder: Path, labels: Sequence[str], train: Mapping[str, np.ndarray], test: Mapping[str, np.ndarray]
) -> None:
    image_set({label: train[label] for label in labels}).save(folder / "train")
    held_out = {"val": random_images(labels, 2, next(iter(train.values())).shape[1:], 9), "test": test}
    for side, images in held_out.items():
        own = image_set({label: images[label] for label in labels})
        replace(own, groups=np.char.add(f"{side} ", own.groups)).save(folder / side)
    near = {"searched": True, "clusters": 2, "images": 5, "two_sides": 0}
    stems = {"pattern": None, "stems": 0, "images": 0, "two_sides": 0}
    write_json(folder / "groups.json", {"near_duplicates": near, "stems": stems})
    classes = [
        {
            "label": label,
            "slug": slug(label),
            "folder": folder_name(label),
            "train": len(train[label]),
            "val": 2,
            "test": len(test[label]),
        }
        for label in labels
    ]
    write_json(folder / "classes.json", classes)
    columns = ("path", "label", "outcome", "code", "detail", "split", "index", "group", "sha256")
    rows = [
        {"path": f"{label}/{number}.png", "label": label, "outcome": "fixed" if number == 0 else "ok",
         "code": "exif_rotated+grey" if number == 0 else "", "split": "train", "index": number}
        for label in labels
        for number in range(len(train[label]))
    ]  # fmt: skip
    rows += [
        {"path": f"{labels[0]}/broken{number}.jpg", "label": labels[0], "outcome": "quarantined",
         "code": "truncated", "detail": f"ends after {number} bytes"}
        for number in range(53)
    ]  # fmt: skip
    write_csv(folder / "manifest.csv", rows, columns)


def _models(folder: Path, labels: Sequence[str], train: Mapping[str, np.ndarray], failed: Mapping[str, str]) -> None:
    images = image_set({label: train[label] for label in labels})
    for position, label in enumerate(labels):
        if label not in failed:
            training = {"images_sha256": images.of_class(label).fingerprint(), "leaks": ""}
            write_manifest(folder / slug(label), label, training)
        steps = 20 if label in failed else 500
        rows = [
            {
                "step": step,
                "d_loss": 1.4 - 0.3 * np.exp(-step / 90) * np.cos(step / 40 + position),
                "g_loss": 0.7 + 0.2 * np.sin(step / 60 + position),
                "win_rate": 0.5 + 0.4 * np.exp(-step / 150),
                "gap": 0.1,
                "augmentation": 0.6,
            }
            for step in range(10, steps + 1, 10)
        ]
        write_csv(folder / slug(label) / "curve.csv", rows, CURVE_COLUMNS)
    write_index(folder, labels, failed)


def write_manifest(folder: Path, label: str, training: Mapping[str, object]) -> None:
    """A bundle's manifest; the page reads no weights, so there are none."""
    values = {"format": 1, "label": label, "slug": slug(label), "network": "dcgan", "channels": 1, "height": 8,
              "width": 8, "latent": 4, "features": 4, "training": training, "environment": {},
              "weights_sha256": "0" * 64}  # fmt: skip
    write_json(folder / "manifest.json", signed(values))


def write_index(folder: Path, labels: Sequence[str], failed: Mapping[str, str]) -> None:
    """The index of the manifests that are there."""
    classes = {
        label: {
            "slug": slug(label),
            "status": "failed" if label in failed else "trained",
            "reason": failed.get(label, ""),
        }
        for label in labels
    }
    files = {}
    for path in sorted(folder.glob("*/manifest.json")):
        files[f"{path.parent.name}/manifest.json"] = file_sha256(path)
        files[f"{path.parent.name}/generator.safetensors"] = "0" * 64
    shared = (folder / "_shared").exists()
    index = {"format": 2, "classes": classes, "order": list(labels), "shared": shared, "files": files}
    write_json(folder / "index.json", signed(index))


def deliver(
    folder: Path, labels: Sequence[str], train: Mapping[str, np.ndarray], synthetic: Mapping[str, np.ndarray]
) -> None:
    """data/augmented with these images alone; only train is there."""
    rows = []
    for kind, name, images in ((0, "", train), (1, "synthetic-", synthetic)):
        for label in [label for label in labels if label in images]:
            for index, image in enumerate(images[label]):
                path = f"train/{folder_name(label)}/{name}{index:06d}.png"
                digest = write_picture(folder / path, image)
                rows.append({"path": path, "label": label, "split": "train", "synthetic": kind, "weight": 1.0,
                             "source": path, "sha256": digest})  # fmt: skip
    channels = next(iter(train.values())).shape[1]
    way = {"family": "scratch", "augmentation": "classical", "flips": "none", "background": 0, "white": {}}
    made = sum(row["synthetic"] for row in rows)
    recipe = {"classes": labels, "arm": "gan_half_filtered", "synthetic": made, "channels": channels, **way}
    write_tables(folder, rows, Recipe.model_validate(recipe))


def _synthetic(
    folder: Path, labels: Sequence[str], train: Mapping[str, np.ndarray], synthetic: Mapping[str, np.ndarray]
) -> None:
    columns = ("label", "file", "seed", "index", "probability", "threshold", "other_class", "nearest_train")
    columns += ("nearest_distance", "copy_threshold", "kept", "reason", "sha256")
    rows = []
    for label in labels:
        for index, image in enumerate(synthetic.get(label, ())):
            file = f"{folder_name(label)}/{index:06d}.png"
            digest = write_picture(folder / file, image)
            distances = np.sqrt((((image - train[label].astype(float)) / 255) ** 2).mean(axis=(1, 2, 3)))
            rows.append(
                {
                    "label": label,
                    "file": file,
                    "seed": 0,
                    "index": index,
                    "kept": True,
                    "nearest_train": distances.argmin(),
                    "nearest_distance": round(distances.min(), 6),
                    "sha256": digest,
                }
            )
        rows.append({"label": label, "file": "", "seed": 0, "index": 999, "kept": False, "reason": "off_class"})
    write_csv(folder / "manifest.csv", rows, columns)
    write_checksums(folder, ["manifest.csv"])
