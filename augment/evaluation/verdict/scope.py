"""What a verdict speaks of, in words: one split, or training sets drawn anew."""

from dataclasses import dataclass

from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable


@dataclass(frozen=True)
class Scope:
    """The parts of sentences that depend on the protocol.

    extent: ends the verdict's sentence; scope_sentence: what it speaks of, a sentence of its own; val_suffix: follows
    the number of val images; caution: advice before a help is relied on; repeats_setting: the setting that adds
    repeats, None where none does
    """

    extent: str
    scope_sentence: str
    val_suffix: str
    caution: str
    repeats_setting: str | None


def split_scope(test: MetricTable) -> Scope:
    """One train, val and test, paired seeds."""
    seeds = len(next(iter(test.values.values())))
    return Scope(
        extent="on this split",
        scope_sentence=f"It speaks of this split: {tested_text(test)}, {seeds} paired seeds.",
        val_suffix="",
        caution="Before you rely on it, repeat the run with another seed: that draws another split.",
        repeats_setting="evaluate.seeds",
    )


def protocol_scope(protocol: Protocol, test: MetricTable) -> Scope:
    """What the verdict of a protocol speaks of; test: the metrics on it."""
    if protocol.scheme == "split":
        return split_scope(test)
    if protocol.scheme == "rotated":
        return _rotated_scope(protocol, test)
    tested, repeats = protocol.tested_images, len(protocol.replicates)
    groups = len(set(tested.groups.tolist()))
    val = f" in each of {repeats} repeats"
    if protocol.scheme == "subsets":
        size = len(protocol.first_splits.train)
        return Scope(
            extent=f"over {repeats} disjoint training sets",
            scope_sentence=f"It speaks of training sets of {size} images like these {repeats}, which are disjoint, and "
            f"of this test set: {images_text(len(tested), groups)}. The first training set is the delivered one.",
            val_suffix=val,
            caution="Before you rely on it, repeat the run with another seed: that draws other images for all sets.",
            repeats_setting="evaluate.repeats",
        )
    sizes = [len(one.splits.train) for one in protocol.replicates]
    between = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    return Scope(
        extent=f"over {repeats} folds",
        scope_sentence=f"It speaks of training on {between} images of this source: 5 times 5 folds of "
        f"{images_text(len(tested), groups, 'images')}, every "
        "fold with GANs of its own. The delivered generators are those of data/prepared/train; no fold uses them.",
        val_suffix=val,
        caution="Before you rely on it, remember that one collection of images, however cut, is one source.",
        repeats_setting=None,
    )


def _rotated_scope(protocol: Protocol, test: MetricTable) -> Scope:
    """One test, and training sets that overlap."""
    train, val, repeats = len(protocol.first_splits.train), len(protocol.first_splits.val), len(protocol.replicates)
    return Scope(
        extent="on this test set",
        scope_sentence=f"It speaks of this test set, {tested_text(test)}, and of training on about {train} "
        f"of the {train + val} other images: each of the {repeats} paired seeds holds out other images as val.",
        val_suffix=f" in each of {repeats} parts",
        caution="Before you rely on it, repeat the run with another seed: that draws another split.",
        repeats_setting="evaluate.seeds",
    )


def repeats_announcement(protocol: Protocol) -> str:
    """The repeats in one line, told before the expensive part; empty for one split."""
    first, repeats = protocol.first_splits, len(protocol.replicates)
    sizes = f"{len(first.train)} training and {len(first.val)} val images"
    if protocol.scheme == "subsets":
        return f"{repeats} disjoint training sets of {sizes}, one test set of {len(first.test)} images"
    if protocol.scheme == "rotated":
        return f"{repeats} paired seeds, each with {sizes}: every seed holds out other images as val"
    if protocol.scheme == "folds":
        return (
            f"5 times 5 folds of {len(protocol.tested_images)} images, {sizes} and {len(first.test)} test images in "
            f"the first"
        )
    return ""


def repeats_text(protocol: Protocol) -> str:
    """`5 paired seeds`, and what the other forms have in their place."""
    return (
        f"{len(protocol.replicates)} "
        + {
            "split": "paired seeds",
            "rotated": "paired seeds",
            "subsets": "disjoint training sets",
            "folds": "folds (5 times 5)",
        }[protocol.scheme]
    )


def tested_text(test: MetricTable) -> str:
    """How many test images the primary metric counts."""
    return images_text(test.images, test.groups, f"test {test.unit}")


def images_text(images: int, groups: int, what: str = "test images") -> str:
    """`120 test images`, with their groups where they are fewer."""
    return f"{images} {what}" + ("" if groups == images else f" in {groups} independent groups")
