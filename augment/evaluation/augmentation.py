"""Which augmentation the arms with made images build on: the strongest that real images alone show on val."""

from collections.abc import Collection

from augment.evaluation.primary import Figures
from augment.params import AUGMENTATIONS, Arm, Augmentation


def strongest(val: Figures | None, arms: Collection[Arm]) -> Augmentation:
    """The augmentation among `arms` with the best mean on val; the first of `AUGMENTATIONS` where val cannot tell.

    Made images are to gain beside the best that a user has without them, so they are added to that.
    """
    tried = [way for way in AUGMENTATIONS if way in arms]
    if val is None or not tried:
        return AUGMENTATIONS[0]
    return max(tried, key=lambda way: round(val.mean(way), 12))
