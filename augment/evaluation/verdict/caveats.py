"""What a verdict's reader must know about the generators behind it: told among the reasons."""

from collections.abc import Mapping
from typing import Any


def failed_classes_caveat(times: Mapping[str, int], repeats: int) -> list[str]:
    """A sentence on the classes whose GAN failed, in some repeat or in all; none where all are there.

    times: label -> repeats in which it failed.
    """
    if not times:
        return []
    named = ", ".join(
        repr(label) if number == repeats else f"{label!r} ({number} of {repeats} repeats)"
        for label, number in sorted(times.items())
    )
    return [
        f"The GANs of these classes failed: {named}. There the arms with GAN images have real images alone; why the "
        "delivered ones failed stands in models/index.json."
    ]


def pinned_start_caveat(pinned_training: Mapping[str, Any] | None, train: str) -> list[str]:
    """A sentence where the GANs start from a generator of other images; none where they do not.

    pinned_training: what the manifest of `train.base` says of its training, None where nothing is pinned.
    train: fingerprint of the training images.
    """
    if pinned_training is None or pinned_training.get("images_sha256") == train:
        return []
    return [
        "The GANs start from the generator in train.base, which was not trained on data/prepared/train as it is now. "
        "Whether it has seen test images cannot be told: pin only one that has not."
    ]
