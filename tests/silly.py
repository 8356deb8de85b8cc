"""Odd things, and calls that nobody should make: tables for test_silly_calls.py."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import augment
from augment import (
    ClassGenerator,
    GeneratorSet,
    ImageSet,
    SyntheticDataset,
    SyntheticMix,
    Upscaler,
    check_bundle,
    load_augmented,
    load_generators,
    load_originals,
    load_upscaler,
    train_generators,
    train_upscaler,
)
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.measure.augmentations import augment_batch
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
BATCH, TARGETS = torch.from_numpy(PIXELS), torch.tensor([0, 0, 1, 1])
QUICK = {"width": 4, "latent": 2, "shared_steps": 2, "steps": 2, "batch_size": 2, "device": "cpu"}
FEW = {"width": 4, "shared_steps": 2, "steps": 2}
ROWS = PIXELS.reshape(4, -1)
NAN = torch.full((4, 1, 8, 8), math.nan)


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
    "SyntheticDataset.upscaler": {"None"}, "SyntheticMix.upscaler": {"None"},
    "load_augmented.size": {"None", "a list"}, "load_augmented.transform": {"None", "a class", "a function"},
    "load_augmented.classes": {"None"}, "load_augmented.verify": {"a bool"},
    "ImageSet.of_class": {"a text", "no text"}, "ClassGenerator.label": {"a text", "no text"},
}  # fmt: skip


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


def augmented(**changes: Any) -> Any:
    if not Path("augmented").exists():
        pictures = [("train", label, False, 1.0, Image.new("L", (4, 4))) for label in "ab"]
        deliver(Path("augmented"), pictures, recipe(classes=("a", "b")))
    return load_augmented(**({"folder": "augmented"} | changes))


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
        "generators", "failed", "classes", "shared")},
    **{f"load_augmented.{name}": lambda odd, name=name: augmented(**{name: odd}) for name in (
        "folder", "split", "size", "transform", "classes", "verify")},
    "load_augmented[] index": lambda odd: augmented()[odd],
    "load_augmented.sampler seed": lambda odd: augmented().sampler(odd),
    "load_augmented.augmentation images": partial(augment_batch, augmentation="classical", flips="none"),
    **{f"load_originals.{name}": lambda odd, name=name: load_originals(**{name: odd}) for name in (
        "prepared", "split", "size", "params")},
    **{f"train_upscaler.{name}": lambda odd, name=name: upscaling(**{name: odd}) for name in (
        "originals", "size", "seed", "steps", "adversarial", "progress")},
    "Upscaler.network": Upscaler, "Upscaler.small": lambda odd: UPSCALER(odd, 16), "Upscaler.save": UPSCALER.save,
    "Upscaler.size": lambda odd: UPSCALER(BATCH, odd), "load_upscaler": load_upscaler,
    "SyntheticDataset.upscaler": lambda odd: dataset(upscaler=odd),
    "SyntheticMix.upscaler": lambda odd: mix(upscaler=odd),
    "GeneratorSet.save": SET.save, "load_generators": load_generators, "check_bundle": check_bundle,
}  # fmt: skip
SILLY: dict[str, Callable[[], object]] = {
    "images of floats": lambda: train(images=PIXELS / 255),
    "images of nan": lambda: train(images=NAN.numpy()),
    "images that learn": lambda: train(images=torch.rand((4, 1, 8, 8), requires_grad=True)),
    "images of half floats": lambda: train(images=NAN.bfloat16()),
    "images of int8": lambda: train(images=PIXELS.astype(np.int8)),
    "images of bools": lambda: train(images=PIXELS > 9),
    "images of objects": lambda: train(images=PIXELS.astype(object)),
    "masked images": lambda: train(images=np.ma.masked_greater(PIXELS, 9)),
    "images without channels": lambda: train(images=PIXELS[:, 0]),
    "images of two channels": lambda: train(images=np.repeat(PIXELS, 2, axis=1)),
    "images, channels last": lambda: train(images=PIXELS.transpose(0, 2, 3, 1)),
    "no images": lambda: train(images=PIXELS[:0], labels=[]),
    "images of no size": lambda: train(images=PIXELS[:, :, :0]),
    "images of 300 px": lambda: train(images=np.zeros((4, 1, 2, 300), np.uint8)),
    "images of unequal size": lambda: train(images=[PIXELS[0], PIXELS[0, :, :4]]),
    "too few labels": lambda: train(labels=["a", "b"]),
    "labels that are one text": lambda: train(labels="aabb"),
    "labels that are bytes": lambda: train(labels=b"aabb"),
    "masked labels": lambda: train(labels=np.ma.masked_array([0, 0, 1, 1], [0, 0, 0, 1])),
    "labels of nan": lambda: train(labels=[math.nan] * 4),
    "labels of bools": lambda: train(labels=[True, True, False, False]),
    "labels of bytes": lambda: train(labels=np.array([b"a", b"a", b"b", b"b"])),
    "labels of None": lambda: train(labels=[None] * 4),
    "labels of one kind and another": lambda: train(labels=["a", "a", 1, 1]),
    "labels below zero": lambda: train(labels=[-1, -1, 0, 0]),
    "labels beyond all": lambda: train(labels=[2**70] * 4),
    "labels of escapes": lambda: train(labels=["a\x1b[2J"] * 4),
    "labels that turn round": lambda: train(labels=["a\u202e"] * 4),
    "labels of zero bytes": lambda: train(labels=["a\0"] * 2 + ["b"] * 2),
    "labels without end": lambda: train(labels=["a" * 3000] * 4),
    "labels of one folder": lambda: train(labels=["CON", "CON", "con-a3dbc4", "con-a3dbc4"]),
    "classes that are one text": lambda: train(classes="ab"),
    "classes in a set": lambda: train(classes={"a", "b"}),
    "classes of numbers": lambda: train(classes=[0, 1]),
    "classes twice": lambda: train(classes=["a", "a"]),
    "a seed below zero": lambda: train(seed=-1),
    "a seed beyond all": lambda: train(seed=2**80),
    "width 0": lambda: train(width=0),
    "gamma nan": lambda: train(gamma=math.nan),
    "gamma inf": lambda: train(gamma=math.inf),
    "a probability of 2": lambda: train(augmentation=2.0),
    "a device of another world": lambda: train(device="tpu"),
    "a network to import": lambda: train(network="os.system"),
    "overrides of nobody": lambda: train(overrides={"z": {"steps": 2}}),
    "overrides of nothing": lambda: train(overrides={"a": None}),
    "overrides of another kind": lambda: train(overrides={"a": {"width": 3}}),
    "a store with a zero byte": lambda: train(store="\0"),
    "a callback that is no function": lambda: train(callback=3),
    "a callback beside processes": lambda: train(callback=len, jobs=2),
    "an argument of no name": lambda: train(epochs=3),
    "a set of floats": lambda: image_set(images=PIXELS / 255),
    "a masked set": lambda: image_set(images=np.ma.masked_greater(PIXELS, 9)),
    "a set of tensors": lambda: image_set(images=BATCH),
    "a set with masked labels": lambda: image_set(labels=np.ma.masked_array(NAMES, [0, 0, 0, 1])),
    "a set with too few labels": lambda: image_set(labels=NAMES[:2]),
    "positions beyond": lambda: IMAGES.take([9]),
    "positions below": lambda: IMAGES.take([-9]),
    "a mask of another length": lambda: IMAGES.take(np.array([True, False])),
    "positions in two dimensions": lambda: IMAGES.take(np.zeros((2, 2), int)),
    "positions of floats": lambda: IMAGES.take([0.0, 1.0]),
    "targets of fewer classes": lambda: IMAGES.targets(["a"]),
    "targets of a text": lambda: IMAGES.targets("ab"),
    "targets of classes twice": lambda: IMAGES.targets(["a", "b", "b"]),
    "a folder that is not there": lambda: ImageSet.load("nowhere at all"),
    "a folder with a zero byte": lambda: ImageSet.load("\0"),
    "samples below zero": lambda: A.sample(-1),
    "samples without end": lambda: A.sample(10**12),
    "a start beyond all": lambda: A.sample(1, start=2**70),
    "a start below zero": lambda: A.sample(1, start=-1),
    "a device index": lambda: A.to("cuda:99"),
    "a generator under another name": lambda: GeneratorSet({"z": A}),
    "two generators swapped": lambda: GeneratorSet({"a": B, "b": A}),
    "generators of two sizes": lambda: GeneratorSet({"a": A, "b": OTHER}),
    "a shared generator of another size": lambda: GeneratorSet({"a": A}, shared=OTHER),
    "a generator that also failed": lambda: GeneratorSet({"a": A}, {"a": "x"}),
    "a reason that is none": lambda: GeneratorSet({"a": A}, {"b": 3}),
    "an order of others": lambda: GeneratorSet({"a": A}, classes=["b"]),
    "an order that is a text": lambda: GeneratorSet({"a": A, "b": B}, classes="ab"),
    "generators of None": lambda: GeneratorSet({"a": None}),
    "generators by number": lambda: GeneratorSet({0: A}),
    "a class that there is not": lambda: SET["z"],
    "a class by number": lambda: SET[0],
    "models that are not there": lambda: load_generators("nowhere at all"),
    "models with a zero byte": lambda: load_generators("\0"),
    "a bundle with a zero byte": lambda: check_bundle("\0"),
    "counts below zero": lambda: dataset(counts=-1),
    "counts without end": lambda: dataset(counts=10**12),
    "counts of a class that there is not": lambda: dataset(counts={"z": 1}),
    "counts by number": lambda: dataset(counts={0: 1}),
    "counts of another word": lambda: dataset(counts="all"),
    "a balance without labels": lambda: dataset(counts="balance"),
    "a balance of other labels": lambda: dataset(counts="balance", real_labels=["z"]),
    "a balance of nan": lambda: dataset(counts="balance", real_labels=[math.nan]),
    "a balance of None": lambda: dataset(counts="balance", real_labels=[None]),
    "a balance of bools": lambda: dataset(counts="balance", real_labels=[True]),
    "a balance of halves": lambda: dataset(counts="balance", real_labels=[0.5]),
    "a balance of two dimensions": lambda: dataset(counts="balance", real_labels=np.eye(2)),
    "a balance of masked labels": lambda: dataset(counts="balance", real_labels=np.ma.masked_array([0, 1], [0, 1])),
    "classes twice in a data set": lambda: dataset(classes=["a", "a"]),
    "classes that nobody trained": lambda: dataset(classes=["z"]),
    "a range of bytes": lambda: dataset(value_range=(0, 255)),
    "a range turned round": lambda: dataset(value_range=(1, 0)),
    "a range of nan": lambda: dataset(value_range=(math.nan, 1)),
    "p below zero": lambda: mix(p=-0.1),
    "p above one": lambda: mix(p=1.1),
    "a batch of nan": lambda: mix(value_range=(0, 1))(NAN, TARGETS),
    "a batch with one nan": lambda: mix(value_range=(0, 1))(NAN.nan_to_num(0.5).index_fill(0, TARGETS[2:], math.nan),
                                                            TARGETS),
    "a batch of inf": lambda: mix(value_range=(0, 1))(NAN.nan_to_num(math.inf), TARGETS),
    "a batch of floats without a range": lambda: mix()(BATCH / 255, TARGETS),
    "a batch of bytes as floats": lambda: mix(value_range=(0, 1))(BATCH.float(), TARGETS),
    "a batch of longs": lambda: mix()(BATCH.long(), TARGETS),
    "a batch of complex": lambda: mix()(BATCH + 0j, TARGETS),
    "a batch of arrays": lambda: mix()(PIXELS, TARGETS),
    "a batch of another size": lambda: mix()(BATCH[:, :, :4], TARGETS),
    "a batch without channels": lambda: mix()(BATCH[:, 0], TARGETS),
    "a single image": lambda: mix()(BATCH[0], TARGETS[0]),
    "a single number": lambda: mix()(torch.tensor(1), torch.tensor(1)),
    "labels beyond the classes": lambda: mix()(BATCH, TARGETS + 5),
    "labels of floats": lambda: mix()(BATCH, TARGETS.float()),
    "labels that are bools": lambda: mix()(BATCH, TARGETS.bool()),
    "labels in a column": lambda: mix()(BATCH, TARGETS[:, None]),
    "too few labels of a batch": lambda: mix()(BATCH, TARGETS[:2]),
    "a batch of another aspect": lambda: mix()(BATCH.repeat(1, 1, 2, 1), TARGETS),
    "originals alone": lambda: dataset(originals=IMAGES),
    "originals as small as the images": lambda: mix(borrow_from=IMAGES, originals=IMAGES),
    "originals of other images": lambda: mix(borrow_from=IMAGES, originals=LARGE.take([1, 0, 2, 3])),
    "fewer originals": lambda: mix(borrow_from=IMAGES, originals=LARGE.take([0, 2])),
    "originals of a folder": lambda: mix(borrow_from=IMAGES, originals="data/raw"),
    "originals for a set without a shared generator": lambda: mix(borrow_from=IMAGES, originals=LARGE),
    "samples of less than their size": lambda: dataset(size=4),
    "samples of less than their height": lambda: dataset(size=(4, 80)),
    "samples that fill the memory": lambda: dataset(counts=100_000, size=2000),
    "samples at three sides": lambda: dataset(size=(8, 8, 8)),
    "originals of no split": lambda: load_originals(split="dev"),
    "originals of no size": lambda: load_originals(size=None),
    "originals of nothing": lambda: load_originals("nowhere at all"),
    "a split that there is not": lambda: augmented(split="dev"),
    "a size of nothing": lambda: augmented(size=0),
    "a size without end": lambda: augmented(size=10**9),
    "a size of three": lambda: augmented(size=(3, 4, 4)),
    "a size of floats": lambda: augmented(size=(4.0, 4.0)),
    "an order without a class": lambda: augmented(classes=["a"]),
    "an order with a class twice": lambda: augmented(classes=["a", "b", "b"]),
    "a sampler's seed of text": lambda: augmented().sampler("1"),
    "a name that there is not": lambda: augment.nothing,
}  # fmt: skip
