"""What `generate` and `evaluate` could not begin with, for `augment check`: they say so after GANs have trained."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augment.data.entries import Entry, Stop
from augment.data.split import nearest
from augment.errors import AugmentError
from augment.evaluation.external import read
from augment.evaluation.primary import check_rate
from augment.evaluation.provenance import gate_beside
from augment.evaluation.settings import check_extras
from augment.gan.settings import has_pinned_base
from augment.params import Params
from augment.synthesis.filter import cut


def evaluate_stops(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Stop]:
    """shape: (C, H, W) of the images, which have been split."""
    normal, external, stops = params.evaluate.normal, Path(params.evaluate.external), []
    classes = sorted(Counter(image.label for image in images))
    try:
        if normal is not None and normal not in classes:
            message = f"evaluate.normal: there is no class {normal!r}; {nearest(normal, classes)}"
            stops.append(Stop("params.yaml", "unknown_class", message))
        elif normal is not None:
            targets, groups = _side(images, "test", classes)
            check_rate(targets, groups, classes.index(normal), normal, params.evaluate.false_alarm_rate)
        cut(*_side(images, "train", classes), params.generate.folds, params.seed)
        check_extras(params.evaluate)
        gate_beside(has_pinned_base(params.train), params.evaluate)
        if external.is_dir():  # DVC tells of one that is not there
            read(external, params.ingest, classes, shape)
    except AugmentError as error:
        stops += [Stop("params.yaml", "evaluate", line) for line in str(error).splitlines()]
    return stops


def _side(
    images: Sequence[Entry], side: str, classes: Sequence[str]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.str_]]]:
    """Classes and groups of the images of train, val or test."""
    own = [image for image in images if image.split == side]
    return np.array([classes.index(image.label) for image in own], np.int64), np.array([image.group for image in own])
