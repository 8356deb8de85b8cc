"""The deciding figure of every arm on one side of a plan's repeats."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.evaluation.experiment.protocol import Plan
from augment.evaluation.statistics.metric_table import Figures, figures_of_scores, joined


def figures_on(
    side: Literal["val", "test"],
    plan: Plan,
    scores: Mapping[str, Sequence[NDArray[np.float32]]],
    *,
    normal: str | None,
    rate: float,
    draws: int,
    seed: int,
) -> Figures | None:
    """The figure for every arm that has run; None where this side cannot tell.

    scores: arm, or another name -> float (N, classes) for each repeat of the plan, on this side.
    normal, rate: as in `figures_of_scores`.
    """
    classes = plan.first.train.classes

    def of(repeats: slice, name: tuple[int, ...]) -> Figures | None:
        own = getattr(plan.replicates[repeats.start].splits, side)
        return figures_of_scores(
            own.targets(classes),
            own.groups,
            {arm: np.stack(list(by_repeat[repeats])) for arm, by_repeat in scores.items()},
            normal=None if normal is None else classes.index(normal),
            rate=rate,
            draws=draws,
            rng=numpy_rng(seed, "bootstrap", side, *name),
        )

    ratio = plan.val_ratio if side == "val" else plan.ratio
    if ratio is None:
        return of(slice(0, len(plan.replicates)), ())
    if side == "test":
        draws = 0  # a t-test over training sets asks for no other test images
    return joined([of(slice(at, at + 1), (at,)) for at in range(len(plan.replicates))], ratio)
