"""Two classes of plates of 16 px and their defects, which are known: a dark bar, a light square."""

import numpy as np
import torch

from augment.gan.training.run import GanSettings
from augment.gan.translate.lessons import Lessons

SETTINGS = GanSettings("dcgan", 4, 8, "relativistic", 0.5, 4, 0.6, False, "none", 60, 8, 1e-3, 0.1, "fp32")
SIDE, GOOD, MADE = 16, 20, 40


def lessons(label: str, defects: int = 4, channels: int = 1) -> Lessons:
    rng = np.random.default_rng(len(label))
    good = rng.integers(110, 140, (GOOD, channels, SIDE, SIDE), dtype=np.uint8)
    masks, changes = torch.zeros(defects, 1, SIDE, SIDE), torch.zeros(defects, channels, SIDE, SIDE)
    for number in range(defects):
        place = (number, 0, slice(3, 6), slice(2, 12)) if label == "bar" else (number, 0, slice(5, 10), slice(5, 10))
        masks[place] = 1
        changes[number, :, masks[number, 0] > 0] = (-0.2 if label == "bar" else 0.2) - 0.03 * number
    images = np.clip(good[:defects] + 255 * changes.numpy(), 0, 255).astype(np.uint8)
    place = np.array([[shift, 0, 1, 1, 0, 1] for shift in np.linspace(-0.2, 0.2, MADE)], dtype=np.float32)
    which, lender = rng.integers(defects, size=MADE), rng.integers(GOOD, size=MADE)
    return Lessons(label, images, good, changes, masks, which, lender, place)
