"""The names of the arms: the ways to train that are compared (augment/evaluation/arms.py says what each does)."""

from collections.abc import Iterable
from typing import Literal

Arm = Literal[
    "none", "oversample", "class_weights", "classical", "randaugment", "mixup_cutmix",
    "smote", "smote_half", "mixup_within", "mixup_within_half", "pretrained",
    "gan_fill", "gan_half", "gan_half_filtered", "gan_pretrain", "gan_only",
    "copies_half", "shuffled", "noise", "as_delivered",
]  # fmt: skip
Augmentation = Literal["classical", "randaugment", "mixup_cutmix"]  # arms that others build on
BaseAugmentation = Augmentation | Literal["none"]  # of arms with made images; none: none is compared
AUGMENTATIONS: tuple[Augmentation, ...] = ("classical", "randaugment", "mixup_cutmix")
Features = Literal["random_convolutions", "imagenet"]
REAL_ARMS: tuple[Arm, ...] = (
    "none", "oversample", "class_weights", "classical", "randaugment", "mixup_cutmix",
    "smote", "smote_half", "mixup_within", "mixup_within_half", "pretrained",
)  # fmt: skip
GAN_ARMS: tuple[Arm, ...] = ("gan_fill", "gan_half", "gan_half_filtered", "gan_pretrain", "gan_only")
CONTROL_ARMS: tuple[Arm, ...] = ("copies_half", "shuffled", "noise")
ARMS = (*REAL_ARMS, *GAN_ARMS, *CONTROL_ARMS, "as_delivered")
DEFAULT_ARMS: tuple[Arm, ...] = (
    "none", "oversample", "classical", "randaugment", "mixup_cutmix",
    "gan_fill", "gan_half", "gan_half_filtered", "copies_half", "as_delivered",
)  # fmt: skip
ArmKind = Literal["real", "gan", "control", "delivered"]


def arm_kinds(arms: Iterable[Arm]) -> dict[Arm, ArmKind]:
    """What each arm is to the verdict."""

    def kind(arm: Arm) -> ArmKind:
        if arm == "as_delivered":
            return "delivered"
        return "real" if arm in REAL_ARMS else "control" if arm in CONTROL_ARMS else "gan"

    return {arm: kind(arm) for arm in arms}
