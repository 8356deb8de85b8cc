"""Which augmentation the arms with made images build on: the strongest that real images alone show on val."""

from collections.abc import Collection

from augment.evaluation.statistics.metric_table import Figures
from augment.params import AUGMENTATIONS, Arm, Base


def strongest(val: Figures | None, arms: Collection[Arm]) -> Base:
    """The augmentation among `arms` with the best mean on val; the first of them where val cannot tell.

    Made images are to gain beside the best that a user has without them, so they are added to that. They are added to
    none where no augmentation is among the arms: what it gains by itself would count as theirs.
    """
    tried = [way for way in AUGMENTATIONS if way in arms]
    if val is None or not tried:
        return tried[0] if tried else "none"
    return max(tried, key=lambda way: round(val.mean(way), 12))
