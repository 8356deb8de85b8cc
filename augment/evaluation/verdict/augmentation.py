"""Which augmentation the arms with made images build on: the strongest that real images alone show on val."""

from collections.abc import Collection

from augment.evaluation.statistics.metric_table import MetricTable
from augment.params import AUGMENTATIONS, Arm, BaseAugmentation


def strongest_augmentation(val: MetricTable | None, arms: Collection[Arm]) -> BaseAugmentation:
    """The augmentation among `arms` with the best mean on val; the first of them where val cannot tell.

    Made images are to gain beside the best that a user has without them, so they are added to that. They are added to
    none where no augmentation is among the arms: what it gains by itself would count as theirs.
    """
    tried = [arm for arm in AUGMENTATIONS if arm in arms]
    if val is None or not tried:
        return tried[0] if tried else "none"
    return max(tried, key=lambda arm: round(val.mean(arm), 12))
