"""One GAN per class for small labelled image sets.

    import augment
    generators = augment.load_generators("models")
    images = generators["bag"].sample(64, seed=0)      # uint8 (64, C, H, W)

Nothing heavy is imported until it is used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.data.imageset import ImageSet
    from augment.errors import AugmentError
    from augment.gan.bundle import ClassGenerator, GeneratorSet, load_generators

__version__ = "0.1.0"
__all__ = ["AugmentError", "ClassGenerator", "GeneratorSet", "ImageSet", "load_generators"]

_HOMES = {
    "AugmentError": "augment.errors",
    "ClassGenerator": "augment.gan.bundle",
    "GeneratorSet": "augment.gan.bundle",
    "ImageSet": "augment.data.imageset",
    "load_generators": "augment.gan.bundle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
