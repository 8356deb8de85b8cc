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
    every = images_text(len(tested), groups, "images")
    val = f" in each of {repeats} repeats"
    if protocol.scheme == "subsets":
        size = len(protocol.first_splits.train)
        return Scope(
            extent=f"over {repeats} disjoint training sets",
            scope_sentence=f"It speaks of training sets of {size} images like these {repeats}, which are disjoint, and "
            f"of this "
            f"test set: {images_text(len(tested), groups)}. The first training set is the delivered one.",
            val_suffix=val,
            caution="Before you rely on it, repeat the run with another seed: that draws other images for all sets.",
            repeats_setting="evaluate.repeats",
        )
    sizes = [len(one.splits.train) for one in protocol.replicates]
    between = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    return Scope(
        extent=f"over {repeats} folds",
        scope_sentence=f"It speaks of training on {between} images of this source: 5 times 5 folds of {every}, every "
        f"fold with "
        "GANs of its own. The delivered generators are those of data/prepared/train; no fold uses them.",
        val_suffix=val,
        caution="Before you rely on it, remember that one collection of images, however cut, is one source.",
        repeats_setting=None,
    )


def _rotated_scope(protocol: Protocol, test: MetricTable) -> Scope:
    """One test, and training sets that overlap."""
    train, pool, repeats = (
        len(protocol.first_splits.train),
        len(protocol.first_splits.train) + len(protocol.first_splits.val),
        len(protocol.replicates),
    )
    return Scope(
        extent="on this test set",
        scope_sentence=f"It speaks of this test set, {tested_text(test)}, and of training on about {train} "
        f"of the {pool} other images: each of the {repeats} paired seeds holds out other images as val.",
        val_suffix=f" in each of {repeats} parts",
        caution="Before you rely on it, repeat the run with another seed: that draws another split.",
        repeats_setting="evaluate.seeds",
    )


def tested_text(test: MetricTable) -> str:
    """How many test images the primary metric counts."""
    return images_text(test.images, test.groups, f"test {test.unit}")


def images_text(images: int, groups: int, what: str = "test images") -> str:
    """`120 test images`, with their groups where they are fewer."""
    return f"{images} {what}" + ("" if groups == images else f" in {groups} independent groups")
