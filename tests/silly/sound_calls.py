"""Calls of the public names that work, of which one argument may be changed."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from augment import (
    ClassGenerator,
    GeneratorSet,
    ImageSet,
    SyntheticDataset,
    SyntheticMix,
    WordGenerator,
    load_augmented,
    train_generators,
    train_upscaler,
    train_words,
)
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.delivered import deliver, recipe

PLAN = Architecture("dcgan", 1, 8, 8, latent=2, features=4)
LARGER = Architecture("dcgan", 1, 9, 8, latent=2, features=4)
A, B = (ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate("ab"))
OTHER = ClassGenerator("b", build(LARGER, 0)[0])
SET = GeneratorSet({"a": A, "b": B})
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 1, 8, 8), dtype=np.uint8)
NAMES = np.array(["a", "a", "b", "b"])
IMAGES = ImageSet(PIXELS, NAMES, NAMES, np.arange(4).astype(np.str_))
LARGE = ImageSet(PIXELS.repeat(2, 2).repeat(2, 3), NAMES, NAMES, IMAGES.sources)
UPSCALER = train_upscaler(LARGE.images, 8, steps=1, progress=False)
WORDS = train_words(PIXELS, ["light a", "dark a", "light b", "dark b"], steps=1, progress=False)
WORDY = GeneratorSet({"a": A, "b": B}, words=WORDS)
BATCH, TARGETS = torch.from_numpy(PIXELS), torch.tensor([0, 0, 1, 1])
QUICK = {"width": 4, "latent": 2, "shared_steps": 2, "steps": 2, "batch_size": 2, "device": "cpu"}
FEW = {"width": 4, "shared_steps": 2, "steps": 2}
ROWS = PIXELS.reshape(4, -1)
NAN = torch.full((4, 1, 8, 8), math.nan)


def train(**changes: Any) -> object:
    arguments = {"images": PIXELS, "labels": ["a", "a", "b", "b"], **QUICK} | changes
    return train_generators(**arguments)


def image_set(**changes: Any) -> object:
    return ImageSet(**({"images": PIXELS, "labels": NAMES, "groups": NAMES, "sources": NAMES} | changes))


def dataset(**changes: Any) -> object:
    return SyntheticDataset(**({"generators": SET, "counts": 1} | changes))


def mix(**changes: Any) -> object:
    return SyntheticMix(**({"generators": SET, "p": 0.5} | changes))


def one(**changes: Any) -> object:
    return ClassGenerator(**({"label": "a", "network": A.network} | changes))


def several(**changes: Any) -> object:
    return GeneratorSet(**({"generators": {"a": A, "b": B}} | changes))


def upscaling(**changes: Any) -> object:
    return train_upscaler(**({"originals": LARGE.images, "size": 8, "steps": 1, "progress": False} | changes))


def learning_words(**changes: Any) -> object:
    said = ["light a", "dark a", "light b", "dark b"]
    return train_words(**({"images": PIXELS, "descriptions": said, "steps": 1, "progress": False} | changes))


def wordy(**changes: Any) -> object:
    return WordGenerator(**({"network": WORDS.network, "vocabulary": WORDS.vocabulary} | changes))


def augmented(**changes: Any) -> Any:
    if not Path("augmented").exists():
        pictures = [("train", label, False, 1.0, Image.new("L", (4, 4))) for label in "ab"]
        deliver(Path("augmented"), pictures, recipe(classes=("a", "b")))
    return load_augmented(**({"folder": "augmented"} | changes))
