"""What a verdict's reader must know about the generators behind it: told among the reasons."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from augment.data.imageset import ImageSet
from augment.gan.generators import GeneratorSet


def failed_classes(made: Sequence[GeneratorSet]) -> list[str]:
    """A sentence on the classes whose GAN failed, in some repeat or in all; none where all are there.

    made: the generators of every repeat.
    """
    times = Counter(label for one in made for label in one.failed)
    if not times:
        return []
    named = ", ".join(
        repr(label) if number == len(made) else f"{label!r} ({number} of {len(made)} repeats)"
        for label, number in sorted(times.items())
    )
    return [
        f"The GANs of these classes failed: {named}. There the arms with GAN images have real images alone; why the "
        "delivered ones failed stands in models/index.json."
    ]


def other_start(base: Mapping[str, Any] | None, train: ImageSet) -> list[str]:
    """A sentence where the GANs start from a generator of other images; none where they do not.

    base: what the manifest of `train.base` says of its training, None where nothing is pinned.
    """
    if base is None or base.get("images_sha256") == train.fingerprint():
        return []
    return [
        "The GANs start from the generator in train.base, which was not trained on data/prepared/train as it is now. "
        "Whether it has seen test images cannot be told: pin only one that has not."
    ]
