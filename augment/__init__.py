"""One GAN per class for small labelled image sets.

    import augment
    generators = augment.load_generators("models")                    # or augment.train_generators(images, labels)
    images = generators["bag"].sample(64, seed=0)                     # uint8 (64, C, H, W)
    fakes = augment.SyntheticDataset(generators, counts="balance", real_labels=labels)      # a torch Dataset
    images, labels = augment.SyntheticMix(generators, p=0.3)(images, labels)                # in the training loop

Nothing heavy is imported until it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.data.imageset import ImageSet
    from augment.errors import AugmentError
    from augment.gan.arrays import train_generators
    from augment.gan.bundle import ClassGenerator, GeneratorSet, load_generators
    from augment.synthesis.datasets import SyntheticDataset, SyntheticMix

__version__ = "0.1.0"
__all__ = [
    "AugmentError",
    "ClassGenerator",
    "GeneratorSet",
    "ImageSet",
    "SyntheticDataset",
    "SyntheticMix",
    "load_generators",
    "train_generators",
]

_HOMES = {
    "AugmentError": "augment.errors",
    "ClassGenerator": "augment.gan.bundle",
    "GeneratorSet": "augment.gan.bundle",
    "ImageSet": "augment.data.imageset",
    "SyntheticDataset": "augment.synthesis.datasets",
    "SyntheticMix": "augment.synthesis.datasets",
    "load_generators": "augment.gan.bundle",
    "train_generators": "augment.gan.arrays",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
