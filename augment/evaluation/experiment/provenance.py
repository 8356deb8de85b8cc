"""Checks against leaks: the delivered generators were trained on the training images, and on nothing else, and no
repeat starts from a generator that has seen what it holds out.

However little a GAN learned of test images, these find it; what samples themselves tell is for `nearness_rows` to find.
"""

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.protocol import VetoMode
from augment.gan.generators import SHARED, GeneratorSet
from augment.params import Evaluate


def veto_mode_for(pinned: bool, settings: Evaluate) -> VetoMode:
    """How val is used (`evaluate.gate`) in an experiment whose GANs start from a generator pinned by `train.base`, or
    do not.

    Such a generator may have seen every image of the delivered train, so each repeat keeps the delivered sides.
    Raises `DataError` where the settings ask for others.
    """
    if not pinned:
        return settings.gate
    if settings.protocol == "repeated" or settings.gate == "rotate":
        asked = "evaluate.protocol: repeated" if settings.protocol == "repeated" else "evaluate.gate: rotate"
        raise DataError(
            f"leak: train.base: {asked} lets repeats hold out images that the pinned generator may have been trained "
            "on. Empty that folder but for its README, or set `evaluate.protocol: holdout` and `evaluate.gate: val`."
        )
    return "val"


def check_trained_on(generators: GeneratorSet, train: ImageSet) -> None:
    """Raises `DataError` when a generator's manifest says that it was trained on other images than these.

    A generator whose manifest says nothing passes; the page tells of it.
    """
    expected = {label: train.of_class(label).fingerprint() for label in generators}
    recorded = {label: one.training for label, one in generators.items()}
    if generators.shared is not None:
        expected[SHARED], recorded[SHARED] = train.fingerprint(), generators.shared.training
    trained_on_others = [
        name
        for name, fingerprint in expected.items()
        if recorded[name].get("images_sha256", fingerprint) != fingerprint
    ]
    if trained_on_others:
        raise DataError(
            f"leak: models: the generators of {', '.join(map(repr, trained_on_others))} were trained on other images "
            f"than those in "
            "data/prepared/train (training.images_sha256 of their manifest.json), which may be test images. "
            "Remove the folder models and run `dvc repro`."
        )
