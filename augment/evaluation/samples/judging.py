"""All that is judged of an experiment's samples: the rows of the tables that are written of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from augment.core.engine import Engine
from augment.core.progress import say
from augment.core.seeds import numpy_rng
from augment.evaluation.arms.draws import Samples, edits_alone, is_matched
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.samples.backbone_quality import backbone_rows
from augment.evaluation.samples.copies import COPIES_COLUMNS, copy_rate
from augment.evaluation.samples.leakage import (
    AUDIT_COLUMNS,
    Nearness,
    check_no_test_image,
    nearness_rows,
    real_of_classes,
)
from augment.evaluation.samples.made_and_real import SeenClass, seen_classes
from augment.evaluation.samples.membership import MEMBERSHIP_COLUMNS, membership_rows
from augment.evaluation.samples.quality import QUALITY_COLUMNS, fit_independent_classifiers, quality_rows
from augment.evaluation.samples.told_apart import TOLD_APART_COLUMNS, told_apart_rows
from augment.measure.features import pixels
from augment.params.arms import BACKBONE_ARMS, DEFAULT_GAN_ARM
from augment.synthesis.selection import ClassCandidates

Candidates = Mapping[str, ClassCandidates]  # of one repeat, by label
Row = dict[str, Any]

SAMPLE_COLUMNS = {
    "acceptance": (
        "seed", "label", "candidates", "near_copy", "off_class", "accepted", "kept", "other_class_share",
    ),
    "audit": AUDIT_COLUMNS,
    "copies": COPIES_COLUMNS,
    "membership": MEMBERSHIP_COLUMNS,
    "quality": QUALITY_COLUMNS,
    "told_apart": TOLD_APART_COLUMNS,
}  # fmt: skip


def audit_samples(protocol: Protocol, candidates: Sequence[Candidates]) -> list[Nearness]:
    """The rows of audit.csv, of every repeat. Raises `DataError` when a sample equals a test image."""
    rows: list[Nearness] = []
    reals = {
        splits: real_of_classes(splits.sides(), lambda images: pixels(images.images))
        for splits in protocol.unique_splits
    }
    for number, (replicate, of_repeat) in enumerate(zip(protocol.replicates, candidates, strict=True)):
        samples = {label: drawn.images for label, drawn in of_repeat.items()}
        check_no_test_image(samples, replicate.splits.test)
        described = {label: pixels(images) for label, images in samples.items()}
        rows += nearness_rows(described, reals[replicate.splits], number)
    return rows


def acceptance_rows(candidates: Sequence[Candidates]) -> Iterator[Row]:
    """What became of every repeat's candidates, by class."""
    for number, of_repeat in enumerate(candidates):
        for label, drawn in of_repeat.items():
            yield {
                "seed": number,
                "label": label,
                "candidates": len(drawn.images),
                "near_copy": int((drawn.reason == "near_copy").sum()),
                "off_class": int((drawn.reason == "off_class").sum()),
                "accepted": int(drawn.accepted.sum()),
                "kept": len(drawn.kept),
                "other_class_share": float(drawn.other_class.mean()),
            }


def judge_samples(
    splits: Splits, candidates: Candidates, samples: Samples, settings: ExperimentSettings, seed: int, engine: Engine
) -> dict[str, list[Row]]:
    """The rows of copies.csv, membership.csv and quality.csv, of one repeat's candidates before any selection, and
    those of told_apart.csv; of quality.csv those in a backbone's features are of `samples`, which passed the filter."""
    train, test, classes = splits.train, splits.test, splits.train.classes
    drawn = {label: found.images for label, found in candidates.items()}
    control = {label: test.of_class(label) for label in classes}
    copies = copy_rate(
        {label: pixels(images) for label, images in drawn.items()},
        {label: pixels(train.of_class(label).images) for label in classes},
        {label: pixels(side.images) for label, side in control.items()},
        {label: side.groups for label, side in control.items()},
        numpy_rng(seed, "copies"),
    )
    attack = membership_rows(train, test, drawn, numpy_rng(seed, "membership"))
    judges = fit_independent_classifiers(train, settings.filter, seed, engine)
    seen = look_at_samples(splits, samples, settings, seed)
    return {
        "copies": [asdict(row) for row in copies],
        "membership": [asdict(row) for row in attack],
        "quality": [*quality_rows(train, test, drawn, judges), *backbone_rows(test, seen, settings.look, seed)],
        "told_apart": [asdict(row) for row in told_apart_rows(train, seen, seed)],
    }


def look_at_samples(splits: Splits, samples: Samples, settings: ExperimentSettings, seed: int) -> list[SeenClass]:
    """What a backbone sees of made images, as the arms use them; nothing where no arm looks through one."""
    if {*BACKBONE_ARMS}.isdisjoint(settings.arms):
        return []
    say("experiment: made images beside real ones, as the backbone sees both")
    larger = settings.look.judged is not None
    used = edits_alone(samples) if larger else samples
    used = replace(used, matched=is_matched(DEFAULT_GAN_ARM, settings.base, larger))
    return list(seen_classes(splits.train, splits.test, used, settings.look, seed))
