"""A check against leaks: the delivered generators were trained on the training images, and on nothing else.

However little a GAN learned of test images, this finds it; what samples themselves tell is `nearness`'s to find.
"""

from augment.data.imageset import ImageSet
from augment.errors import DataError
from augment.gan.generators import SHARED, GeneratorSet


def check_trained_on(generators: GeneratorSet, train: ImageSet) -> None:
    """Raises `DataError` when a generator's manifest says that it was trained on other images than these.

    A generator whose manifest says nothing passes; the page tells of it.
    """
    expected = {label: train.of_class(label).fingerprint() for label in generators}
    said = {label: one.training for label, one in generators.items()}
    if generators.shared is not None:
        expected[SHARED], said[SHARED] = train.fingerprint(), generators.shared.training
    other = [
        name for name, fingerprint in expected.items() if said[name].get("images_sha256", fingerprint) != fingerprint
    ]
    if other:
        raise DataError(
            f"leak: models: the generators of {', '.join(map(repr, other))} were trained on other images than those in "
            "data/prepared/train (training.images_sha256 of their manifest.json), which may be test images. "
            "Remove the folder models and run `dvc repro`."
        )
