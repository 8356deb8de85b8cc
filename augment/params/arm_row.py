"""What an arm is: one way to train that is compared. The tables of arms stand in `arms.py` and `table_arms.py`."""

from dataclasses import dataclass
from typing import Literal

ArmKind = Literal["real", "gan", "control", "delivered", "reference"]
Family = Literal["scratch", "probe", "finetune", "logistic", "shrinkage_lda", "gradient_boosting"]
Source = Literal[
    "raw", "filtered", "copies", "smote", "mixes", "pasted", "shuffled", "noise", "untranslated", "borderline",
    "differences", "gaussian",
]  # fmt: skip
Use = Literal[
    "uniform", "balanced", "weighted loss", "adjusted", "smoothed", "fill", "half", "first", "only", "delivered",
    "taught", "distances",
]  # fmt: skip
Augmentation = Literal["classical", "randaugment", "mixup_cutmix", "trivialaugment"]
Features = Literal["random_convolutions", "imagenet"]


@dataclass(frozen=True)
class ArmRow:
    """What an arm is.

    kind: real-only arms are rivals, controls must be beaten, a reference is told of and is no rival
    source: the made images that it draws, None for real ones alone. raw, filtered: the GANs' before and after the class
        filter; copies: jittered training images; smote, mixes: between two images of a class; pasted: a part of a
        minority image on a majority one; shuffled: filtered ones under random labels; noise: uniform pixels;
        untranslated: the good images that defects are carried onto, without these. Of tables alone, borderline: SMOTE
        where classes meet; differences: a row plus the difference of two others; gaussian: normal, one covariance for
        all classes
    use: uniform: all real images equally often; balanced: all classes equally often; weighted loss: uniform, the loss
        counts classes equally; adjusted: uniform, scores are corrected for how frequent classes are; smoothed:
        balanced, with soft labels; fill: made images raise every class to the largest; half: they are half of what
        minority classes draw; first: they alone in the first half of the steps, then balanced; only: they alone,
        balanced; delivered: what is delivered, by its weights; taught: under the labels that a probe gives;
        distances: by the distance to the nearest normal image, and a probe for the rest
    words: for the page; spoken: within sentences, where no name of an arm stands
    family, augmentation: its own, or those of the base; augmentation None: images as they are
    base: others may build on it
    matched: at the judged size, half of what classes without samples draw is their own images, treated as samples are
    default: runs where `evaluate.arms` names none
    """

    name: str
    kind: ArmKind
    source: Source | None
    use: Use
    words: str
    family: Family | Literal["base"] = "base"
    augmentation: Augmentation | Literal["base"] | None = "base"
    base: bool = False
    matched: bool = False
    default: bool = False
    spoken: str = ""

    @property
    def trains_plainly(self) -> bool:
        """It learns from the images that it draws as every other arm does, in no way of its own."""
        return self.use in ("uniform", "balanced", "fill", "half", "only")
