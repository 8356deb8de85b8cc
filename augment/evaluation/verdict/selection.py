"""What is delivered. Decided on val alone, before anything of test is looked at."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from augment.evaluation.statistics.comparisons import Comparison, compare
from augment.evaluation.statistics.estimates import t_quantile
from augment.evaluation.statistics.metric_table import Figures
from augment.params import Arm

Kind = Literal["real", "gan", "control", "delivered"]

BASELINE: Arm = "none"  # real images as they are
DEFAULT: Arm = "gan_half_filtered"  # the one way to use GAN images that may be chosen; fixed before any result
WEIGHT = 0.5  # DEFAULT's share of synthetic images


@dataclass(frozen=True)
class Policy:
    """What to train with.

    arm, weight: what was chosen, and its share of synthetic images
    chosen_real: the best real-only arm on val; gate: DEFAULT minus that arm on val, None where val cannot tell
    objections: single repeats after which val alone would have objected
    """

    arm: Arm
    weight: float
    chosen_real: Arm
    gate: Comparison | None
    objections: int

    @property
    def used(self) -> bool:
        """GAN images are delivered."""
        return self.arm == DEFAULT


def choose_policy(val: Figures | None, kinds: Mapping[Arm, Kind]) -> Policy:
    """DEFAULT, unless val shows that it does worse than the chosen real-only arm.

    val: None where it has no images or cannot tell; then nothing objects, and the first real-only arm
    stands as chosen. kinds: arm -> kind, in the order of preference for ties. Val objects when the 90 %
    interval lies below 0. That the best of several real-only arms is lucky on val is not corrected: an
    objection without reason costs a possible gain, which is reported; none with reason would cost accuracy.
    """
    real = [arm for arm, kind in kinds.items() if kind == "real"]
    if val is None:
        return Policy(DEFAULT, WEIGHT, real[0], None, 0)
    chosen = max(real, key=lambda arm: round(val.mean(arm), 12))
    gate = compare(val, DEFAULT, chosen, "val", "gate")
    objections = _objections(val, real)
    if gate.interval90[1] < 0:
        return Policy(chosen, 0.0, chosen, gate, objections)
    return Policy(DEFAULT, WEIGHT, chosen, gate, objections)


def _objections(val: Figures, real: Sequence[Arm]) -> int:
    """Each repeat by itself, against the real-only arm that its own val prefers: only val images vary then."""
    t = t_quantile(0.90, val.groups - 1)

    def objects(repeat: int) -> bool:
        chosen = max(real, key=lambda arm: round(float(val.values[arm][repeat]), 12))
        value = float(val.values[DEFAULT][repeat] - val.values[chosen][repeat])
        error = float((val.drawn[DEFAULT][repeat] - val.drawn[chosen][repeat]).std(ddof=1))
        return value + t * math.hypot(error, val.one_pair) < 0

    return sum(map(objects, range(len(val.values[DEFAULT]))))
