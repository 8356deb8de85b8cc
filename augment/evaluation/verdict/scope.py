"""What a verdict speaks of, in words: one split, or training sets drawn anew."""

from dataclasses import dataclass

from augment.evaluation.experiment.protocol import Plan
from augment.evaluation.statistics.metric_table import Figures


@dataclass(frozen=True)
class Scope:
    """The parts of sentences that depend on the protocol.

    where: ends the verdict's sentence; speaks: what it speaks of, a sentence of its own; val: follows the number of
    val images; before: advice before a help is relied on; more: the setting that adds repeats, None where none does
    """

    where: str
    speaks: str
    val: str
    before: str
    more: str | None


def of_split(test: Figures) -> Scope:
    """One train, val and test, paired seeds."""
    seeds = len(next(iter(test.values.values())))
    return Scope(
        where="on this split",
        speaks=f"It speaks of this split: {tested_text(test)}, {seeds} paired seeds.",
        val="",
        before="Before you rely on it, repeat the run with another seed: that draws another split.",
        more="evaluate.seeds",
    )


def scope_of(plan: Plan, test: Figures) -> Scope:
    """What the verdict of a plan speaks of; test: the figures on it."""
    if plan.form == "split":
        return of_split(test)
    if plan.form == "rotated":
        return _of_rotated(plan, test)
    tested, repeats = plan.tested, len(plan.replicates)
    groups = len(set(tested.groups.tolist()))
    every = images_text(len(tested), groups, "images")
    val = f" in each of {repeats} repeats"
    if plan.form == "subsets":
        size = len(plan.first.train)
        return Scope(
            where=f"over {repeats} disjoint training sets",
            speaks=f"It speaks of training sets of {size} images like these {repeats}, which are disjoint, and of this "
            f"test set: {images_text(len(tested), groups)}. The first training set is the delivered one.",
            val=val,
            before="Before you rely on it, repeat the run with another seed: that draws other images for all sets.",
            more="evaluate.repeats",
        )
    sizes = [len(one.splits.train) for one in plan.replicates]
    between = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    return Scope(
        where=f"over {repeats} folds",
        speaks=f"It speaks of training on {between} images of this source: 5 times 5 folds of {every}, every fold with "
        "GANs of its own. The delivered generators are those of data/prepared/train; no fold uses them.",
        val=val,
        before="Before you rely on it, remember that one collection of images, however cut, is one source.",
        more=None,
    )


def _of_rotated(plan: Plan, test: Figures) -> Scope:
    """One test, and training sets that overlap."""
    train, pool, repeats = len(plan.first.train), len(plan.first.train) + len(plan.first.val), len(plan.replicates)
    return Scope(
        where="on this test set",
        speaks=f"It speaks of this test set, {tested_text(test)}, and of training on about {train} "
        f"of the {pool} other images: each of the {repeats} paired seeds holds out other images as val.",
        val=f" in each of {repeats} parts",
        before="Before you rely on it, repeat the run with another seed: that draws another split.",
        more="evaluate.seeds",
    )


def announced_text(plan: Plan) -> str:
    """The repeats in one line, told before the expensive part; empty for one split."""
    first, repeats = plan.first, len(plan.replicates)
    sizes = f"{len(first.train)} training and {len(first.val)} val images"
    if plan.form == "subsets":
        return f"{repeats} disjoint training sets of {sizes}, one test set of {len(first.test)} images"
    if plan.form == "rotated":
        return f"{repeats} paired seeds, each with {sizes}: every seed holds out other images as val"
    if plan.form == "folds":
        return f"5 times 5 folds of {len(plan.tested)} images, {sizes} and {len(first.test)} test images in the first"
    return ""


def repeats_text(plan: Plan) -> str:
    """`5 paired seeds`, and what the other forms have in their place."""
    return (
        f"{len(plan.replicates)} "
        + {
            "split": "paired seeds",
            "rotated": "paired seeds",
            "subsets": "disjoint training sets",
            "folds": "folds (5 times 5)",
        }[plan.form]
    )


def tested_text(test: Figures) -> str:
    """How many test images the figure that decides counts."""
    return images_text(test.images, test.groups, f"test {test.counted}")


def images_text(images: int, groups: int, what: str = "test images") -> str:
    """`120 test images`, with their groups where they are fewer."""
    return f"{images} {what}" + ("" if groups == images else f" in {groups} independent groups")
