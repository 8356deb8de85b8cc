"""Cost and smallest gain in words."""

import math
from collections.abc import Mapping, Sequence

from augment.core.engine import Engine
from augment.core.progress import counted, duration
from augment.data.split.labelled import LabelledSet
from augment.evaluation.cost.counting import ExperimentCost
from augment.evaluation.experiment.protocol import Protocol
from augment.params import arms
from augment.params.arm_row import Family

FAMILY_WORDS: Mapping[Family, str] = {
    **arms.FAMILY_WORDS,
    "scratch": "a network from scratch",
    "probe": "a frozen backbone",
    "finetune": "a fine-tuned backbone",
}


def minutes_text(minutes: Mapping[Family, float]) -> str:
    """`about 5 min if a frozen backbone wins on val, about 2.5 h if a network from scratch does`; without the ends
    where they are the same."""
    least, most = min(minutes, key=minutes.__getitem__), max(minutes, key=minutes.__getitem__)
    low, high = duration(minutes[least]), duration(minutes[most])
    if low == high:
        return high
    return f"{low} if {FAMILY_WORDS[least]} wins on val, {high} if {FAMILY_WORDS[most]} does"


def cost_line(cost: ExperimentCost, engine: Engine) -> str:
    """The cost of an experiment in one line, GANs first, since they are trained first."""
    gans = f"{cost.gans} GANs, as far as .work does not hold them: {duration(cost.gan_minutes)}; " if cost.gans else ""
    work = f"{cost.classifiers} classifiers, with class filters that judge {cost.candidates} samples"
    processes = counted(min(engine.processes, cost.classifiers), "process")
    return f"{gans}{work}: {minutes_text(cost.minutes)}; on {processes}, from a few timed steps of each"


def smallest_gain_text(announced: float | None, groups: Sequence[int], repeats: str) -> str:
    """What the set can show, told before the expensive part; groups: independent test images of each class; repeats:
    their number and kind, as in `5 paired seeds`."""
    shown = (
        "is not expected to show any gain, however large"
        if announced is None
        else f"can only show gains of about {100 * announced:.1f} points and more (4 of 5 such runs would find one)"
    )
    return f"with {groups_text(groups)} in a class and {repeats} this set {shown}"


def groups_text(groups: Sequence[int]) -> str:
    least, most = min(groups), max(groups)
    return f"{least} independent test images" if least == most else f"{least} to {most} independent test images"


def advice_text(
    groups: Sequence[int], seeds: int, found: tuple[int, float] | None, repeated: float | None, coarser: bool
) -> str:
    """What would let the set show a gain of three points.

    found: the seeds, and how many times as many test images, that would do; None for more than can be labelled.
    repeated: what `evaluate.protocol: repeated` would show, None where that is no better; coarser: there are classes
    to put together.
    """
    ways = []
    if found is not None:
        images = f"about {groups_text([math.ceil(found[1] * number) for number in groups])} in a class"
        ways.append(images if found[0] == seeds else f"{images} with `evaluate.seeds: {found[0]}`")
    if repeated is not None:
        ways.append(f"`evaluate.protocol: repeated` (about {100 * repeated:.1f} points)")
    if coarser:
        ways.append("a coarser question (fewer classes)")
    return f"to show about 3 points: {', or '.join(ways)}" if ways else "that needs more images than can be labelled"


def repeats_text(protocol: Protocol[LabelledSet]) -> str:
    """`5 paired seeds`, and what the other schemes have in their place."""
    words = {"split": "paired seeds", "rotated": "paired seeds", "subsets": "disjoint training sets"}
    return f"{len(protocol.replicates)} {words.get(protocol.scheme, 'folds (5 times 5)')}"
