"""One GAN per class for small labelled image sets.

A GAN trains two networks against each other: a *generator* turns random numbers into images, a
*discriminator* tries to tell them from real ones. What stays is the generator, an endless supply of
images of its class. Train generators from arrays, or load those that the pipeline left in models/:

    >>> import tempfile, torch, augment
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)  # yours: (N, C, H, W), C 1 or 3
    >>> labels = torch.tensor([0] * 8 + [1] * 4)
    >>> generators = augment.train_generators(
    ...     images, labels, classes=["dent", "scratch"], width=4, shared_steps=8, steps=8  # leave these three out
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> generators.save(folder)
    >>> generators = augment.load_generators(folder)

and use them in a training of your own, in one of three ways:

    >>> generators["scratch"].sample(64, seed=0).shape  # uint8 images, equal for equal seeds
    torch.Size([64, 1, 8, 8])
    >>> len(augment.SyntheticDataset(generators, counts="balance", real_labels=labels))  # a torch Dataset to add
    4
    >>> images, labels = augment.SyntheticMix(generators, p=0.3)(images, labels)  # in the loop: some replaced

Whether that helps your classifier, the pipeline measures (`dvc repro` in a checkout). Every error that a
user can cause is an `AugmentError`. Nothing heavy is imported until it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.core.errors import AugmentError
    from augment.data.imageset import ImageSet
    from augment.data.prepared_originals import load_originals
    from augment.gan.api import train_generators
    from augment.gan.bundle import check_bundle, load_generators
    from augment.gan.generators import ClassGenerator, GeneratorSet
    from augment.gan.upscale.bundle import load_upscaler
    from augment.gan.upscale.training import train_upscaler
    from augment.gan.upscale.upscaler import Upscaler
    from augment.gan.words.bundle import load_words
    from augment.gan.words.generator import WordGenerator
    from augment.gan.words.training import train_words
    from augment.synthesis.training_code.augmented import load_augmented
    from augment.synthesis.training_code.datasets import SyntheticDataset
    from augment.synthesis.training_code.mix import SyntheticMix
    from augment.synthesis.training_code.over_sampler import GANOverSampler

__version__ = "0.1.0"
__all__ = [
    "AugmentError",
    "ClassGenerator",
    "GANOverSampler",
    "GeneratorSet",
    "ImageSet",
    "SyntheticDataset",
    "SyntheticMix",
    "Upscaler",
    "WordGenerator",
    "check_bundle",
    "load_augmented",
    "load_generators",
    "load_originals",
    "load_upscaler",
    "load_words",
    "train_generators",
    "train_upscaler",
    "train_words",
]

_HOMES = {
    "AugmentError": "augment.core.errors",
    "ClassGenerator": "augment.gan.generators",
    "GANOverSampler": "augment.synthesis.training_code.over_sampler",
    "GeneratorSet": "augment.gan.generators",
    "ImageSet": "augment.data.imageset",
    "SyntheticDataset": "augment.synthesis.training_code.datasets",
    "SyntheticMix": "augment.synthesis.training_code.mix",
    "check_bundle": "augment.gan.bundle",
    "load_augmented": "augment.synthesis.training_code.augmented",
    "load_generators": "augment.gan.bundle",
    "load_originals": "augment.data.prepared_originals",
    "Upscaler": "augment.gan.upscale.upscaler",
    "load_upscaler": "augment.gan.upscale.bundle",
    "train_generators": "augment.gan.api",
    "train_upscaler": "augment.gan.upscale.training",
    "WordGenerator": "augment.gan.words.generator",
    "load_words": "augment.gan.words.bundle",
    "train_words": "augment.gan.words.training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
