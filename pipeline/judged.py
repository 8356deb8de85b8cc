"""What backbones are shown in the experiment: originals, read again, where they are larger than the working size."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from augment.data.imageset import ImageSet
from augment.data.originals import known_originals, read_originals, read_scale
from augment.data.sizes import read_sizes
from augment.evaluation.arms.judged import JudgedImages, judged_images
from augment.evaluation.experiment.external import read_external
from augment.evaluation.experiment.settings import judged_size_of
from augment.params import Params
from pipeline.common import PREPARED


def load_judged(params: Params, sides: Sequence[ImageSet], external: ImageSet | None) -> JudgedImages | None:
    """What backbones are shown of these sides and of external images, all of the working size; None for just that.

    Raises `DataError` for originals that are gone or changed.
    """
    working, native = read_sizes(PREPARED)
    size = judged_size_of(params, working, native)
    if size == working:
        return None
    names = [name for side in sides for name in side.sources.tolist()]
    channels = sides[0].images.shape[1]
    images = read_originals(known_originals(PREPARED, params.ingest), names, size, channels)
    if external is None:
        return judged_images(sides, images)
    folder, scale = Path(params.evaluate.external), partial(read_scale, PREPARED)
    larger = read_external(folder, params.ingest, sides[0].classes, (channels, *size), scale)
    assert larger is not None
    position = {name: at for at, name in enumerate(larger.sources.tolist())}
    outside = larger.images[[position[name] for name in external.sources.tolist()]]
    return judged_images([*sides, external], np.concatenate([images, outside]))
