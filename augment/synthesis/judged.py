"""What is found of every candidate, an image or a row: how its class is judged, and how near it is to real ones."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from augment.measure.metrics import Features, leave_one_out_nearest

COPY_PERCENTILE = 1.0
COPY_FACTOR = 0.5  # at ten images the percentile itself would call a fifth of independent images copies


class Judged(Protocol):
    """Candidates of one class, as `ClassCandidates` and `RowCandidates` describe them."""

    @property
    def probability(self) -> NDArray[np.float64]: ...
    @property
    def threshold(self) -> float: ...
    @property
    def other_class(self) -> NDArray[np.bool_]: ...
    @property
    def nearest_train(self) -> NDArray[np.int64]: ...
    @property
    def nearest_distance(self) -> NDArray[np.float64]: ...
    @property
    def copy_threshold(self) -> float: ...
    @property
    def reason(self) -> NDArray[np.str_]: ...


def judgement(found: Judged, index: int) -> dict[str, object]:
    """What manifest.csv says of how one candidate was judged."""
    reason = str(found.reason[index])
    return {
        "probability": round(float(found.probability[index]), 6),
        "threshold": round(found.threshold, 6),
        "other_class": int(found.other_class[index]),
        "nearest_train": int(found.nearest_train[index]),
        "nearest_distance": round(float(found.nearest_distance[index]), 6),
        "copy_threshold": round(found.copy_threshold, 6),
        "kept": int(not reason),
        "reason": reason,
    }


def copy_distance(points: Features) -> float:
    """A sample nearer than this to a real point is a copy of it: half the 1st percentile of the distances between real
    points and their nearest other one. 0 below two points."""
    if len(points) < 2:
        return 0.0
    _, distances = leave_one_out_nearest(points)
    return COPY_FACTOR * float(np.percentile(distances, COPY_PERCENTILE))
