"""The table of arms: one row for each way to train that is compared. Nothing else spells what an arm is.

All arms but `pretrained` train the same network for equally many steps; what differs is what they draw, and how often.
A new arm is a row here and, where it makes images of a new kind, a function in
augment/evaluation/experiment/baselines.py. docs/protocol.md shows this table to people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

ArmKind = Literal["real", "gan", "control", "delivered"]
Source = Literal["raw", "filtered", "copies", "smote", "mixes", "shuffled", "noise"]
Use = Literal["uniform", "balanced", "weighted loss", "features", "fill", "half", "first", "only", "delivered"]
Features = Literal["random_convolutions", "imagenet"]

BASELINE_ARM = "none"  # real images as they are
DEFAULT_GAN_ARM = "gan_half_filtered"  # the one way to use GAN images that may be chosen; fixed before any result
CONTROL_ARM = "copies_half"  # jittered real images used exactly as DEFAULT_GAN_ARM uses GAN images
DELIVERED_ARM = "as_delivered"
PRETRAINED_ARM = "pretrained"  # needs the extra of that name
REQUIRED_ARMS = (BASELINE_ARM, DEFAULT_GAN_ARM, CONTROL_ARM)  # by the verdict


@dataclass(frozen=True)
class ArmRow:
    """What an arm is.

    kind: real-only arms are rivals, controls must be beaten
    source: the made images that it draws, None for real ones alone. raw, filtered: the GANs' before and after the class
        filter; copies: jittered training images; smote, mixes: between two images of a class; shuffled: filtered ones
        under random labels; noise: uniform pixels
    use: uniform: all real images equally often; balanced: all classes equally often; weighted loss: uniform, the loss
        counts classes equally; features: balanced, by logistic regression on those of a network trained on ImageNet;
        fill: made images raise every class to the largest; half: they are half of what minority classes draw; first:
        they alone in the first half of the steps, then balanced; only: they alone, balanced; delivered: what is
        delivered, by its weights
    augmentation: none; own: one of its name, which others can build on; base: the one that all others build on
    words: for the page; stand_in: for sentences, what a control shows in the place of the GAN's images
    default: runs where `evaluate.arms` names none
    """

    name: str
    kind: ArmKind
    source: Source | None
    use: Use
    augmentation: Literal["none", "own", "base"]
    words: str
    default: bool = False
    stand_in: str = ""

    @property
    def trains_plainly(self) -> bool:
        """It learns from the images that it draws as every other arm does, in no way of its own."""
        return self.use in ("uniform", "balanced", "fill", "half", "only")


ARM_ROWS = (
    ArmRow(BASELINE_ARM, "real", None, "uniform", "none", "Real images as they are", default=True),
    ArmRow("oversample", "real", None, "balanced", "none", "Real images, classes balanced", default=True),
    ArmRow("class_weights", "real", None, "weighted loss", "base", "Real images, rare classes count more"),
    ArmRow("classical", "real", None, "balanced", "own", "Real images, classically augmented", default=True),
    ArmRow("randaugment", "real", None, "balanced", "own", "Real images, randomly augmented", default=True),
    ArmRow("mixup_cutmix", "real", None, "balanced", "own", "Real images, blended across classes", default=True),
    ArmRow("smote", "real", "smote", "fill", "base", "SMOTE fills small classes up"),
    ArmRow("smote_half", "real", "smote", "half", "base", "Half SMOTE in small classes"),
    ArmRow("mixup_within", "real", "mixes", "fill", "base", "Blends fill small classes up"),
    ArmRow("mixup_within_half", "real", "mixes", "half", "base", "Half blends in small classes"),
    ArmRow(PRETRAINED_ARM, "real", None, "features", "none", "Real images, features of ImageNet"),
    ArmRow("gan_fill", "gan", "raw", "fill", "base", "Synthetic fill small classes up", default=True),
    ArmRow("gan_half", "gan", "raw", "half", "base", "Half synthetic in small classes", default=True),
    ArmRow(DEFAULT_GAN_ARM, "gan", "filtered", "half", "base", "Half synthetic, filtered", default=True),
    ArmRow("gan_pretrain", "gan", "raw", "first", "base", "Synthetic first, then real"),
    ArmRow("gan_only", "gan", "raw", "only", "base", "Synthetic images alone"),
    ArmRow(CONTROL_ARM, "control", "copies", "half", "base", "Half jittered copies instead", default=True,
           stand_in="jittered copies used the same way"),
    ArmRow("shuffled", "control", "shuffled", "half", "base", "Half synthetic under wrong labels",
           stand_in="the samples under wrong labels"),
    ArmRow("noise", "control", "noise", "half", "base", "Half noise instead", stand_in="noise used the same way"),
    ArmRow(DELIVERED_ARM, "delivered", None, "delivered", "none", "Plain training on data/augmented", default=True),
)  # fmt: skip
ROW_OF = {row.name: row for row in ARM_ROWS}
SOURCES = get_args(Source)
ARMS = tuple(ROW_OF)
REAL_ARMS, GAN_ARMS, CONTROL_ARMS = (
    tuple(row.name for row in ARM_ROWS if row.kind == kind) for kind in ("real", "gan", "control")
)
DEFAULT_ARMS = tuple(row.name for row in ARM_ROWS if row.default)
AUGMENTATIONS = tuple(row.name for row in ARM_ROWS if row.augmentation == "own")
STANDALONE_ARMS = tuple(  # real images, no other arm below
    row.name for row in ARM_ROWS if row.kind == "real" and not row.source and row.augmentation != "base"
)
UNAUGMENTED_ARMS = tuple(  # they show real images as they are
    row.name for row in ARM_ROWS if row.kind == "real" and row.augmentation == "none" and row.trains_plainly
)
ARMS_DIFFERING_IN_IMAGES = tuple(  # for a classifier that augments nothing
    row.name for row in ARM_ROWS if row.augmentation != "own" and row.trains_plainly
)

if TYPE_CHECKING:  # mypy reads no table: there an arm is a text, and pydantic sees to it that it is one of these
    Arm = str
    Augmentation = str
    BaseAugmentation = str
else:
    Arm = Literal[ARMS]
    Augmentation = Literal[AUGMENTATIONS]  # arms that others build on
    BaseAugmentation = Literal[(*AUGMENTATIONS, "none")]  # of arms with made images; none: none is compared


def arm_kinds(arms: Iterable[Arm]) -> dict[Arm, ArmKind]:
    return {arm: ROW_OF[arm].kind for arm in arms}
