"""What was found of the samples themselves, in sentences for `augment verdict --explain`."""

from collections.abc import Sequence

from augment.evaluation.samples.copies import POOLED, CopyRow
from augment.evaluation.samples.membership import MembershipRow
from augment.evaluation.verdict.explanation import ExplanationLine

MAX_RATE_RATIO = 2.0  # times the control's rate: above it the samples are told to be copies too often


def explain_copies(rows: Sequence[CopyRow]) -> list[ExplanationLine]:
    """What the pooled row, the last one, shows, for `augment verdict --explain`."""
    return [ExplanationLine(_copy_sentence(rows[-1]), f"copies.csv: label {POOLED} (synthetic_rate, control_rate)")]


def _copy_sentence(pooled: CopyRow) -> str:
    made, unseen = pooled.synthetic_rate, pooled.control_rate
    if made is None or unseen is None:
        return f"How many samples are copies is not known: {pooled.note.removeprefix('not measured: ')}."
    rates = (
        f"Before any selection {100 * made:.1f} % of the samples lie as near to a training image as hardly any unseen "
        f"real image does; of those {100 * unseen:.1f} % do."
    )
    if made <= MAX_RATE_RATIO * unseen:
        return rates
    return (
        f"{rates} That is more than {MAX_RATE_RATIO:.0f} times as many: these generators repeat what they were trained "
        f"on. More "
        "images help, and so do fewer train.steps."
    )


def explain_membership(rows: Sequence[MembershipRow]) -> list[ExplanationLine]:
    """What the attack found, for `augment verdict --explain`."""
    return [
        ExplanationLine(_membership_sentence(row), f"membership.csv: space {row.space}, figure auc (value, low, high)")
        for row in rows
        if row.figure == "auc"
    ]


def _membership_sentence(row: MembershipRow) -> str:
    way = {"pixels": "by pixels", "random_convolutions": "by random features"}[row.space]
    if row.value is None:
        return f"Whether the samples give training images away, {way}, was {row.note}. They are not anonymous."
    return (
        f"From the samples, {way}, a training image is told from an unseen one with a chance of {row.value:.2f} "
        f"[{row.low:.2f}, {row.high:.2f}]; guessing has {row.chance:.2f}. However low it is, they are not anonymous: "
        "another attack may find more."
    )
