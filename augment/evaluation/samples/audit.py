"""A check against leaks: no synthetic image may be a test image. `nearness_rows` looks for less than equality."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet


def check_no_test_image(synthetic: Mapping[str, NDArray[np.uint8]], test: ImageSet) -> None:
    """Raises `DataError` when a synthetic image equals a test image, pixel for pixel, from 16 px up."""
    if min(test.images.shape[2:]) < CHANCE_BELOW_PX:
        return
    known = {image.tobytes(): source for image, source in zip(test.images, test.sources, strict=True)}
    for label, images in synthetic.items():
        for index, image in enumerate(images):
            if image.tobytes() in known:
                raise DataError(
                    f"leak: synthetic image {index} of class {label!r} equals the test image "
                    f"{known[image.tobytes()]}. The GAN has seen test images: look for copies of them in the "
                    "training folder (`augment check`), remove data/prepared and models, then run `dvc repro`."
                )
