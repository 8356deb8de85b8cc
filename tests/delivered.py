"""A folder as `assemble` writes it, small."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from augment.core.files import folder_name, sha256
from augment.core.grids import png
from augment.data.delivered import Recipe, write_tables

KEPT = {
    "classes": ("dent", "scratch"), "arm": "gan_half_filtered", "family": "scratch", "augmentation": "classical",
    "flips": "none", "synthetic": 0, "channels": 1, "background": 255, "white": {},
}  # fmt: skip
Picture = tuple[str, str, bool, float, Image.Image | bytes]  # split, label, synthetic, weight, content
GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
MIXED: list[Picture] = [
    ("train", "dent", False, 0.5, Image.fromarray(GREY)),
    ("train", "dent", False, 0.5, Image.fromarray(GREY.T.copy())),
    ("train", "dent", True, 1.0, Image.fromarray(GREY + 1)),
    ("train", "scratch", False, 2.0, Image.fromarray(GREY + 2)),
    ("val", "scratch", False, 1.0, Image.fromarray(GREY + 3)),
]


def recipe(**changes: Any) -> Recipe:
    return Recipe(**(KEPT | changes))


def deliver(folder: Path, pictures: Iterable[Picture], how: Recipe, ending: str = "png") -> Path:
    """Write images, numbered, and their tables; returns the folder."""
    rows = []
    for number, (split, label, synthetic, weight, picture) in enumerate(pictures):
        path = f"{split}/{folder_name(label)}/{'synthetic-' * synthetic}{number:06d}.{ending}"
        content = png(picture) if isinstance(picture, Image.Image) else picture
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        rows.append({"path": path, "label": label, "split": split, "synthetic": int(synthetic), "weight": weight,
                     "source": f"raw/{number}", "sha256": sha256(content)})  # fmt: skip
    write_tables(folder, rows, how)
    return folder
