"""What is delivered. Decided on val alone, before anything of test is looked at.

Which augmentation the arms with made images build on: the strongest that real images alone show on val.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from augment.evaluation.statistics.comparisons import Comparison, paired_difference
from augment.evaluation.statistics.estimates import t_quantile
from augment.evaluation.statistics.metric_table import MetricTable
from augment.params.arms import AUGMENTATIONS, DEFAULT_GAN_ARM, Arm, ArmKind, BaseAugmentation


def strongest_augmentation(val: MetricTable | None, arms: Collection[Arm]) -> BaseAugmentation:
    """The augmentation among `arms` with the best mean on val; the first of them where val cannot tell.

    Made images are to gain beside the best that a user has without them, so they are added to that. They are added to
    none where no augmentation is among the arms: what it gains by itself would count as theirs.
    """
    tried = [arm for arm in AUGMENTATIONS if arm in arms]
    if val is None or not tried:
        return tried[0] if tried else "none"
    return max(tried, key=lambda arm: round(val.mean(arm), 12))


DEFAULT_SYNTHETIC_SHARE = 0.5  # DEFAULT_GAN_ARM's share of synthetic images


@dataclass(frozen=True)
class Selection:
    """What to train with.

    arm, synthetic_share: what was chosen, and its share of synthetic images
    chosen_real: the best real-only arm on val; veto_comparison: DEFAULT_GAN_ARM minus that arm on val, None where val
    cannot tell
    vetoes: single repeats after which val alone would have vetoed them
    """

    arm: Arm
    synthetic_share: float
    chosen_real: Arm
    veto_comparison: Comparison | None
    vetoes: int

    @property
    def used(self) -> bool:
        """GAN images are delivered."""
        return self.arm == DEFAULT_GAN_ARM


def choose_selection(val: MetricTable | None, kinds: Mapping[Arm, ArmKind]) -> Selection:
    """DEFAULT_GAN_ARM, unless val shows that it does worse than the chosen real-only arm.

    val: None where it has no images or cannot tell; then nothing vetoes them, and the first real-only arm
    stands as chosen. kinds: arm -> kind, in the order of preference for ties. Val vetoes them when the 90 %
    interval lies below 0. That the best of several real-only arms is lucky on val is not corrected: a
    veto without reason costs a possible gain, which is reported; none with reason would cost accuracy.
    """
    real = [arm for arm, kind in kinds.items() if kind == "real"]
    if val is None:
        return Selection(DEFAULT_GAN_ARM, DEFAULT_SYNTHETIC_SHARE, real[0], None, 0)
    chosen = max(real, key=lambda arm: round(val.mean(arm), 12))
    veto_comparison = paired_difference(val, DEFAULT_GAN_ARM, chosen, "val", "gate")
    vetoes = _count_vetoes(val, real)
    if veto_comparison.interval90[1] < 0:
        return Selection(chosen, 0.0, chosen, veto_comparison, vetoes)
    return Selection(DEFAULT_GAN_ARM, DEFAULT_SYNTHETIC_SHARE, chosen, veto_comparison, vetoes)


def _count_vetoes(val: MetricTable, real: Sequence[Arm]) -> int:
    """Each repeat by itself, against the real-only arm that its own val prefers: only val images vary then."""
    quantile = t_quantile(0.90, val.groups - 1)

    def vetoes(repeat: int) -> bool:
        chosen = max(real, key=lambda arm: round(float(val.values[arm][repeat]), 12))
        value = float(val.values[DEFAULT_GAN_ARM][repeat] - val.values[chosen][repeat])
        error = float((val.bootstrap[DEFAULT_GAN_ARM][repeat] - val.bootstrap[chosen][repeat]).std(ddof=1))
        return value + quantile * math.hypot(error, val.one_group_se) < 0

    return sum(map(vetoes, range(len(val.values[DEFAULT_GAN_ARM]))))
