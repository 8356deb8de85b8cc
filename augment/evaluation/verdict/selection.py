"""What is delivered. Decided on val alone, before anything of test is looked at.

Which arm those with made images build on: the strongest that real images alone show on val.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augment.evaluation.statistics.comparisons import Comparison, paired_difference
from augment.evaluation.statistics.estimates import t_quantile
from augment.evaluation.statistics.metric_table import MetricTable
from augment.params.arm_row import ArmKind
from augment.params.arms import DEFAULT_GAN_ARM, Arm


def strongest_base(val: MetricTable | None, tried: Sequence[Arm]) -> Arm | None:
    """The arm among `tried` with the best mean on val; the first of them where val cannot tell, None for none.

    Made images are to gain beside the best that a user has without them, so they are added to that: to its classifier
    and its augmentation. Without any among the arms, what these gain by themselves would count as the made images'.
    """
    if val is None or not tried:
        return tried[0] if tried else None
    return max(tried, key=lambda arm: round(val.mean(arm), 12))


DEFAULT_SYNTHETIC_SHARE = 0.5  # DEFAULT_GAN_ARM's share of synthetic images


@dataclass(frozen=True)
class Selection:
    """What to train with: DEFAULT_GAN_ARM, unless val vetoes it.

    chosen_real: the best real-only arm on val; veto_comparison: DEFAULT_GAN_ARM minus that arm on val, None where val
    cannot tell; vetoes: single repeats after which val alone would have vetoed it
    """

    chosen_real: Arm
    veto_comparison: Comparison | None
    vetoes: int

    @property
    def used(self) -> bool:
        """GAN images are delivered: their 90 % interval does not lie below 0."""
        return self.veto_comparison is None or self.veto_comparison.interval90[1] >= 0

    @property
    def arm(self) -> Arm:
        return DEFAULT_GAN_ARM if self.used else self.chosen_real

    @property
    def synthetic_share(self) -> float:
        return DEFAULT_SYNTHETIC_SHARE if self.used else 0.0

    @property
    def repeats(self) -> int:
        """Those in which val could veto."""
        return self.veto_comparison.estimate.seeds if self.veto_comparison else 0


def choose_selection(val: MetricTable | None, kinds: Mapping[Arm, ArmKind]) -> Selection:
    """Compare DEFAULT_GAN_ARM on val with the real-only arm that does best there.

    val: None where it has no images or cannot tell; then the first real-only arm stands as chosen. kinds: arm -> kind,
    in the order of preference for ties. That the best of several real-only arms is lucky on val is not corrected: a
    veto without reason costs a possible gain, which is reported; none with reason would cost accuracy.
    """
    real = [arm for arm, kind in kinds.items() if kind == "real"]
    if val is None:
        return Selection(real[0], None, 0)
    chosen = max(real, key=lambda arm: round(val.mean(arm), 12))
    return Selection(chosen, paired_difference(val, DEFAULT_GAN_ARM, chosen, "val", "gate"), _count_vetoes(val, real))


def _count_vetoes(val: MetricTable, real: Sequence[Arm]) -> int:
    """Each repeat by itself, against the real-only arm that its own val prefers: only val images vary then."""
    quantile = t_quantile(0.90, val.groups - 1)

    def vetoes(repeat: int) -> bool:
        chosen = max(real, key=lambda arm: round(float(val.values[arm][repeat]), 12))
        value = float(val.values[DEFAULT_GAN_ARM][repeat] - val.values[chosen][repeat])
        error = float((val.bootstrap[DEFAULT_GAN_ARM][repeat] - val.bootstrap[chosen][repeat]).std(ddof=1))
        return value + quantile * math.hypot(error, val.one_group_se) < 0

    return sum(map(vetoes, range(len(val.values[DEFAULT_GAN_ARM]))))
