"""What `experiment` tells on standard error before and while it trains; it stands in no output."""

from collections.abc import Sequence

from augment.data.split.labelled import LabelledSet
from augment.evaluation.cost.wording import repeats_text, smallest_gain_text
from augment.evaluation.experiment.learning_curve import CurvePoint
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable
from augment.params.arms import Arm


def before_training(
    protocol: Protocol, announced: float | None, groups: Sequence[int], costs: Sequence[str], with_learning_curve: bool
) -> list[str]:
    """What the repeats are, what they can show and what they cost: `costs`, in lines."""
    lines = [] if protocol.scheme == "split" else [f"{protocol.name}: {repeats_announcement(protocol)}"]
    lines += [smallest_gain_text(announced, groups, repeats_text(protocol)), *costs]
    seeds = len(protocol.seeds)
    curve = f"the learning curve takes {seeds} classifiers more for each of its sizes, at least 3"
    return [*lines, curve] if with_learning_curve else lines


def repeats_announcement(protocol: Protocol) -> str:
    """The repeats in one line, told before the expensive part; empty for one split."""
    first, repeats = protocol.first_splits, len(protocol.replicates)
    sizes = f"{len(first.train)} training and {len(first.val)} val images"
    tested = sum(len(one.splits.test) for one in protocol.single_pass)
    return {
        "split": "",
        "subsets": f"{repeats} disjoint training sets of {sizes}, one test set of {len(first.test)} images",
        "rotated": f"{repeats} paired seeds, each with {sizes}: every seed holds out other images as val",
        "folds": f"5 times 5 folds of {tested} images, {sizes} and {len(first.test)} test images in the first",
    }[protocol.scheme]


def base_text(base: Arm | None, tried: Sequence[Arm], val: MetricTable | None) -> str:
    """What the arms with made images build on, and why."""
    if base is None:
        return "evaluate.arms names no augmentation, so made images have none either"
    if len(tried) == 1:
        return f"made images are added to {base}, the only way that may be chosen"
    if val is None:
        return f"made images are added to {base}, the first way: val cannot tell"
    means = ", ".join(f"{arm} {100 * val.mean(arm):.1f}" for arm in tried)
    return f"made images are added to {base}, the strongest way to use real images on val ({means})"


def learning_curve_text(arm: Arm, curve: Sequence[CurvePoint[LabelledSet]]) -> str:
    """The sizes of the learning curve, before its classifiers are trained."""
    return f"learning curve of {arm}: {', '.join(f'{point.images:g}' for point in curve)} images"
