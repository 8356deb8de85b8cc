"""The primary metric of every arm on one side of a protocol's repeats."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable, join_repeats, metric_table


def protocol_metric_table(
    side: Literal["val", "test"],
    protocol: Protocol,
    scores: Mapping[str, Sequence[NDArray[np.float32]]],
    *,
    normal: str | None,
    rate: float,
    draws: int,
    seed: int,
) -> MetricTable | None:
    """The metric of every arm that has run; None where this side cannot tell.

    scores: arm, or another name -> float (N, classes) for each repeat of the protocol, on this side.
    normal, rate: as in `metric_table`.
    """
    classes = protocol.first_splits.train.classes

    def table_of(repeats: slice, name: tuple[int, ...]) -> MetricTable | None:
        images = getattr(protocol.replicates[repeats.start].splits, side)
        return metric_table(
            images.targets(classes),
            images.groups,
            {arm: np.stack(list(by_repeat[repeats])) for arm, by_repeat in scores.items()},
            normal=None if normal is None else classes.index(normal),
            rate=rate,
            draws=draws,
            rng=numpy_rng(seed, "bootstrap", side, *name),
        )

    ratio = protocol.val_ratio if side == "val" else protocol.ratio
    if ratio is None:
        return table_of(slice(0, len(protocol.replicates)), ())
    if side == "test":
        draws = 0  # a t-test over training sets asks for no other test images
    return join_repeats([table_of(slice(at, at + 1), (at,)) for at in range(len(protocol.replicates))], ratio)
