"""Every call with an odd thing in the place of one argument, and which odd things an argument takes."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

import augment
from augment import (
    ImageSet,
    SyntheticDataset,
    SyntheticMix,
    Upscaler,
    check_bundle,
    load_generators,
    load_originals,
    load_upscaler,
    load_words,
)
from augment.measure.augmentations import augment_batch
from tests.silly.sound_calls import (
    BATCH,
    FEW,
    IMAGES,
    NAMES,
    ROWS,
    SET,
    TARGETS,
    UPSCALER,
    WORDS,
    WORDY,
    A,
    augmented,
    dataset,
    image_set,
    learning_words,
    mix,
    one,
    several,
    train,
    upscaling,
    wordy,
)


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


ODD: dict[str, Any] = {
    "None": None, "a bool": True, "a float": 1.5, "nan": math.nan, "inf": math.inf, "a text": "1", "no text": "",
    "bytes": b"ab", "a list": [1, 2], "an empty list": [], "a list of lists": [[1], [2, 3]], "a mapping": {"a": 1},
    "a set": {1, 2}, "an object": object(), "an array": np.zeros(3), 
    "an array of objects": np.array([None, "a"], object),
    "an array of no dimension": np.array(3.0), "a masked array": np.ma.masked_array([1, 2], [0, 1]),
    "a tensor": torch.zeros(3), "a complex": 1j, "a class": int, "a function": len,
    "what cannot be shown": Unshowable(),
    "a tensor without values": torch.zeros(3, device="meta"), "a sparse tensor": torch.zeros(3).to_sparse(),
}  # fmt: skip
# Of these the argument takes some: they work, and what is made of them is checked elsewhere.
TAKES: dict[str, set[str]] = {
    "train_generators.classes": {"None"}, "train_generators.store": {"None", "a text", "no text"},
    "train_generators.overrides": {"None"}, "train_generators.progress": {"a bool"},
    "train_generators.gamma": {"a float", "an array of no dimension"},
    "SyntheticDataset.counts": {"a mapping"}, "ImageSet.save": {"a text", "no text"},
    "GeneratorSet.save_pretrained folder": {"a text", "no text"}, "GeneratorSet.save_pretrained verdict": {"None"},
    "ClassGenerator.save": {"a text", "no text"}, "GeneratorSet.save": {"a text", "no text"},
    "SyntheticDataset.classes": {"None", "an empty list"},
    "SyntheticDataset.transform": {"None", "a class", "a function"},
    "SyntheticDataset.target_transform": {"None", "a class", "a function"}, "SyntheticDataset.borrow_from": {"None"},
    "SyntheticDataset.value_range": {"None"}, "SyntheticDataset.real_labels": {"an empty list", "an array", "a tensor"},
    "SyntheticMix.classes": {"None", "an empty list"}, "SyntheticMix.borrow_from": {"None"},
    "SyntheticDataset.originals": {"None"}, "SyntheticDataset.size": {"None"}, "SyntheticMix.originals": {"None"},
    "SyntheticMix.value_range": {"None"}, "ImageSet.take": {"a list", "an empty list"},
    "GANOverSampler.image_shape": {"None"},
    "GeneratorSet.failed": {"None"}, "GeneratorSet.classes": {"None"}, "GeneratorSet.shared": {"None"},
    "ClassGenerator.training": {"None", "a mapping"}, "ClassGenerator.environment": {"None", "a mapping"},
    "train_upscaler.progress": {"a bool"}, "train_upscaler.adversarial": {"a float"},
    "train_upscaler.size": {"a list"}, "Upscaler.save": {"a text", "no text"},
    "train_words.progress": {"a bool"}, "GeneratorSet.words": {"None"}, "WordGenerator.save": {"a text", "no text"},
    "WordGenerator.training": {"a mapping"}, "WordGenerator.environment": {"a mapping"},
    "SyntheticDataset.upscaler": {"None"}, "SyntheticMix.upscaler": {"None"},
    "load_augmented.size": {"None", "a list"}, "load_augmented.transform": {"None", "a class", "a function"},
    "load_augmented.classes": {"None"}, "load_augmented.verify": {"a bool"},
    "ImageSet.of_class": {"a text", "no text"}, "ClassGenerator.label": {"a text", "no text"},
}  # fmt: skip
CALLS: dict[str, Callable[[Any], object]] = {
    **{f"train_generators.{name}": lambda odd, name=name: train(**{name: odd}) for name in (
        "images", "labels", "classes", "seed", "network", "width", "loss", "gamma", "augmentation", "flips", "transfer",
        "steps", "batch_size", "learning_rate", "overrides", "device", "jobs", "store", "progress")},
    **{f"ImageSet.{name}": lambda odd, name=name: image_set(**{name: odd}) for name in (
        "images", "labels", "groups", "sources")},
    "ImageSet.take": IMAGES.take, "ImageSet.of_class": IMAGES.of_class, "ImageSet.targets": IMAGES.targets,
    "ImageSet.load": ImageSet.load, "ImageSet.save": IMAGES.save,
    **{f"SyntheticDataset.{name}": lambda odd, name=name: dataset(**{name: odd}) for name in (
        "generators", "counts", "classes", "borrow_from", "originals", "size", "value_range", "seed", "transform",
        "target_transform")},
    "SyntheticDataset.real_labels": lambda odd: dataset(counts="balance", real_labels=odd),
    "SyntheticDataset.counts of a class": lambda odd: dataset(counts={"a": odd}),
    "SyntheticDataset[]": lambda odd: SyntheticDataset(SET, 2)[odd],
    **{f"SyntheticMix.{name}": lambda odd, name=name: mix(**{name: odd}) for name in (
        "generators", "p", "classes", "borrow_from", "originals", "value_range", "seed")},
    "SyntheticMix() images": lambda odd: SyntheticMix(SET, 0.5)(odd, TARGETS),
    "SyntheticMix() labels": lambda odd: SyntheticMix(SET, 0.5)(BATCH, odd),
    **{f"ClassGenerator.{name}": lambda odd, name=name: one(**{name: odd}) for name in (
        "label", "network", "training", "environment")},
    "ClassGenerator.sample n": A.sample, "ClassGenerator.sample seed": lambda odd: A.sample(1, seed=odd),
    "ClassGenerator.sample start": lambda odd: A.sample(1, start=odd), "ClassGenerator.to": A.to,
    "ClassGenerator.save": A.save,
    "GANOverSampler.image_shape": lambda odd: augment.GANOverSampler(image_shape=odd, **FEW).fit_resample(ROWS, NAMES),
    "GeneratorSet.sample n": SET.sample, "GeneratorSet.sample seed": lambda odd: SET.sample(1, seed=odd),
    "GeneratorSet.sample start": lambda odd: SET.sample(1, start=odd), "GeneratorSet.to": SET.to,
    "SyntheticMix.state_dict": lambda odd: SyntheticMix(SET, 0.5).load_state_dict({"_extra_state": odd}),
    **{f"GeneratorSet.{name}": lambda odd, name=name: several(**{name: odd}) for name in (
        "generators", "failed", "classes", "shared", "words")},
    **{f"train_words.{name}": lambda odd, name=name: learning_words(**{name: odd}) for name in (
        "images", "descriptions", "seed", "steps", "progress")},
    **{f"WordGenerator.{name}": lambda odd, name=name: wordy(**{name: odd}) for name in (
        "network", "vocabulary", "training", "environment")},
    "WordGenerator.sample n": lambda odd: WORDS.sample("dark a", odd), "WordGenerator.read request": WORDS.read,
    "WordGenerator.sample seed": lambda odd: WORDS.sample("dark a", 1, seed=odd), "WordGenerator.save": WORDS.save,
    "WordGenerator.sample request": lambda odd: WORDS.sample(odd, 1), "load_words": load_words,
    "GeneratorSet.draw n": lambda odd: WORDY.draw("dark a", odd), "GeneratorSet.draw request": WORDY.draw,
    "GeneratorSet.draw seed": lambda odd: WORDY.draw("dark a", 1, seed=odd),
    **{f"load_augmented.{name}": lambda odd, name=name: augmented(**{name: odd}) for name in (
        "folder", "split", "size", "transform", "classes", "verify")},
    "load_augmented[] index": lambda odd: augmented()[odd],
    "load_augmented.sampler seed": lambda odd: augmented().sampler(odd),
    "load_augmented.augmentation images": partial(augment_batch, augmentation="classical", flips="none"),
    **{f"load_originals.{name}": lambda odd, name=name: load_originals(**{name: odd}) for name in (
        "prepared", "split", "size", "params")},
    "GeneratorSet.save_pretrained folder": SET.save_pretrained,
    "GeneratorSet.save_pretrained verdict": lambda odd: SET.save_pretrained("set", verdict=odd),
    "GeneratorSet.from_pretrained place": SET.from_pretrained,
    "GeneratorSet.from_pretrained revision": lambda odd: SET.from_pretrained("set", revision=odd),
    "GeneratorSet.push_to_hub repository": SET.push_to_hub,
    **{f"train_upscaler.{name}": lambda odd, name=name: upscaling(**{name: odd}) for name in (
        "originals", "size", "seed", "steps", "adversarial", "progress")},
    "Upscaler.network": Upscaler, "Upscaler.small": lambda odd: UPSCALER(odd, 16), "Upscaler.save": UPSCALER.save,
    "Upscaler.size": lambda odd: UPSCALER(BATCH, odd), "load_upscaler": load_upscaler,
    "SyntheticDataset.upscaler": lambda odd: dataset(upscaler=odd),
    "SyntheticMix.upscaler": lambda odd: mix(upscaler=odd),
    "GeneratorSet.save": SET.save, "load_generators": load_generators, "check_bundle": check_bundle,
}  # fmt: skip
