"""What a verdict speaks of, in words: one split, or training sets drawn anew."""

from dataclasses import dataclass

from augment.data.split.labelled import LabelledSet
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.statistics.metric_table import MetricTable

ANOTHER_SEED = "Before you rely on it, repeat the run with another seed: that draws"


@dataclass(frozen=True)
class Scope:
    """The parts of sentences that depend on the protocol.

    extent: ends the verdict's sentence; scope_sentence: what it speaks of, a sentence of its own; val_suffix: follows
    the number of val images; caution: advice before a help is relied on; repeats_setting: the setting that adds
    repeats, None where none does
    """

    extent: str
    scope_sentence: str
    val_suffix: str = ""
    caution: str = f"{ANOTHER_SEED} another split."
    repeats_setting: str | None = "evaluate.seeds"


def split_scope(test: MetricTable) -> Scope:
    """One train, val and test, paired seeds."""
    seeds = len(next(iter(test.values.values())))
    return Scope("on this split", f"It speaks of this split: {tested_text(test)}, {seeds} paired seeds.")


def protocol_scope(protocol: Protocol[LabelledSet], test: MetricTable) -> Scope:
    """What the verdict of a protocol speaks of; test: the metrics on it."""
    tested, repeats, first = protocol.tested_images, len(protocol.replicates), protocol.first_splits
    groups, train, val = len(set(tested.groups.tolist())), len(first.train), f" in each of {repeats} repeats"
    match protocol.scheme:
        case "split":
            return split_scope(test)
        case "rotated":  # one test, and training sets that overlap
            return Scope(
                "on this test set",
                f"It speaks of this test set, {tested_text(test)}, and of training on about {train} of the "
                f"{train + len(first.val)} other images: each of the {repeats} paired seeds holds out other images as "
                "val.",
                f" in each of {repeats} parts",
            )
        case "subsets":
            return Scope(
                f"over {repeats} disjoint training sets",
                f"It speaks of training sets of {train} images like these {repeats}, which are disjoint, and of this "
                f"test set: {images_text(len(tested), groups)}. The first training set is the delivered one.",
                val,
                f"{ANOTHER_SEED} other images for all sets.",
                "evaluate.repeats",
            )
        case "folds":
            sizes = sorted({len(one.splits.train) for one in protocol.replicates})
            between = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
            return Scope(
                f"over {repeats} folds",
                f"It speaks of training on {between} images of this source: 5 times 5 folds of "
                f"{images_text(len(tested), groups, 'images')}, every fold with GANs of its own. The delivered "
                "generators are those of data/prepared/train; no fold uses them.",
                val,
                "Before you rely on it, remember that one collection of images, however cut, is one source.",
                None,
            )


def tested_text(test: MetricTable) -> str:
    """How many test images the primary metric counts."""
    return images_text(test.images, test.groups, f"test {test.unit}")


def images_text(images: int, groups: int, what: str = "test images") -> str:
    """`120 test images`, with their groups where they are fewer."""
    return f"{images} {what}" + ("" if groups == images else f" in {groups} independent groups")
