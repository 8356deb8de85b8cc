"""The rules of the verdict with one run's numbers, each with the row of the file that holds them.

Behind them stands what was found of the samples: copies, and what a membership attack learns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from augment.evaluation.samples.copies import POOLED, CopyRow
from augment.evaluation.samples.membership import MembershipRow
from augment.evaluation.statistics.comparisons import Comparison, GrossAndNet, comparison_rows, gain_over_best
from augment.evaluation.verdict.figures import gain_text, interval_text, margin_text, points
from augment.evaluation.verdict.wording import VerdictFacts, turned_out_text, vetoes_text
from augment.params.arms import BASELINE_ARM, DEFAULT_GAN_ARM, DELIVERED_ARM, ROW_OF


@dataclass(frozen=True)
class ExplanationLine:
    """A sentence, and where its numbers stand: a file of reports/evaluation, its row and its columns."""

    text: str
    source: str


def explain(
    facts: VerdictFacts, comparisons: Sequence[Comparison], delivered: GrossAndNet | None
) -> list[ExplanationLine]:
    """In the order in which the rules are applied."""
    return [
        ExplanationLine(facts.scope.scope_sentence, "verdict.json (protocol)"),
        *_primary_metric(facts),
        *_selection(facts),
        *_help_lines(facts),
        *_harm_lines(facts),
        *_equivalence(facts),
        ExplanationLine(f"So the word is: {facts.word}.", "verdict.json (verdict)"),
        *_secondary(comparisons),
        *_further_lines(facts, comparisons, delivered),
    ]


def comparison_source(row: Comparison, columns: str) -> str:
    """Where a comparison stands."""
    keys = f"candidate {row.candidate}, rival {row.rival}, split {row.split}"
    return f"comparisons.csv: {keys} ({columns})"


def net_source(rivals: Sequence[Comparison]) -> str:
    """Where the three numbers of a gain over the best of several rivals stand."""
    net, by_rival = gain_over_best(rivals), {row.rival: row for row in rivals}
    named = ((net.best_rival, "mean"), (net.low_rival, "low"), (net.high_rival, "high_joint"))
    return "; ".join(comparison_source(by_rival[rival], column) for rival, column in named)


def _primary_metric(facts: VerdictFacts) -> Iterator[ExplanationLine]:
    arm = facts.net.best_rival
    made, real = (100 * facts.test.mean(each) for each in (DEFAULT_GAN_ARM, arm))
    yield ExplanationLine(
        f"The primary metric is {facts.test.name}. The GAN images have {made:.1f} %, the best way to use real "
        f"images alone on test, {ROW_OF[arm].spoken}, has {real:.1f} %.",
        f"arms.csv: arm {DEFAULT_GAN_ARM}, arm {arm} (mean)",
    )


def _selection(facts: VerdictFacts) -> Iterator[ExplanationLine]:
    selection, comparison = facts.selection, facts.selection.veto_comparison
    if comparison is None:
        yield ExplanationLine(
            "Val cannot tell, so nothing vetoes the GAN images.", "comparisons.csv: no row with split val"
        )
        return
    yield ExplanationLine(
        f"Among the ways to use real images alone val prefers {ROW_OF[selection.chosen_real].spoken}.",
        f"arms.csv: arm {selection.chosen_real} (val_mean, the highest with kind real)",
    )
    vetoed = "it is, so they are not used and the gain is exactly 0"
    yield ExplanationLine(
        "Val vetoes the GAN images when the 90 % interval of theirs minus that way lies below 0. "
        f"Its upper end is {points(comparison.interval90[1])}: "
        f"{'it is not, so they are used' if selection.used else vetoed}.",
        comparison_source(comparison, "high90"),
    )
    yield ExplanationLine(vetoes_text(selection), "facts.csv: fact repeats_objecting, fact repeats_with_val (value)")


def _help_lines(facts: VerdictFacts) -> Iterator[ExplanationLine]:
    for row in (*facts.rivals, *facts.controls):
        yield ExplanationLine(
            f"To help, the lower 95 % bound against {ROW_OF[row.rival].spoken} must lie above 0. It is "
            f"{points(row.gain.low)}: {_yes(row.gain.low > 0)}.",
            comparison_source(row, "low"),
        )


def _harm_lines(facts: VerdictFacts) -> Iterator[ExplanationLine]:
    row = next(row for row in facts.rivals if row.rival == facts.net.high_rival)
    yield ExplanationLine(
        f"To harm, the upper 95 % bound of the gain over the best of {row.rival_count} ways to use real images alone "
        "must lie below 0. Since the best is picked after looking at test, each bound is taken at 2.5 % / "
        f"{row.rival_count}; the lowest is {points(row.high_joint)}, against {ROW_OF[row.rival].spoken}: "
        f"{_yes(row.high_joint < 0)}.",
        comparison_source(row, "high_joint"),
    )


def _equivalence(facts: VerdictFacts) -> Iterator[ExplanationLine]:
    low, high = facts.net.interval90
    lowest = min(facts.rivals, key=lambda row: row.interval90[0])
    highest = min(facts.rivals, key=lambda row: row.high90_joint)
    inside = -facts.equivalence <= low and high <= facts.equivalence
    yield ExplanationLine(
        f"To be equivalent, the 90 % interval of that gain, {interval_text(low, high)}, must lie within plus or minus "
        f"{margin_text(facts.equivalence)} (`evaluate.equivalence`): {_yes(inside)}.",
        f"{comparison_source(lowest, 'low90')}; {comparison_source(highest, 'high90_joint')}",
    )


def _secondary(comparisons: Sequence[Comparison]) -> Iterator[ExplanationLine]:
    """The one that holds best, and how many do."""
    secondary = [row for row in comparison_rows(comparisons) if row["claim"] == "secondary"]
    if not secondary:
        return
    held = [row for row in secondary if row["p_holm"] <= 0.05]
    first = min(secondary, key=lambda row: row["p"])
    yield ExplanationLine(
        f"{len(held)} of the {len(secondary)} other comparisons differ from 0 when their number is counted in (Holm, "
        f"5 %); the clearest is {ROW_OF[first['candidate']].spoken} against {ROW_OF[first['rival']].spoken}: "
        f"{points(first['mean'])}, p = {first['p']:.2g}, adjusted {first['p_holm']:.2g}.",
        f"comparisons.csv: candidate {first['candidate']}, rival {first['rival']}, split test (mean, p, p_holm)",
    )


def _further_lines(
    facts: VerdictFacts, comparisons: Sequence[Comparison], delivered: GrossAndNet | None
) -> Iterator[ExplanationLine]:
    real = {row.rival for row in facts.rivals}
    measured = "facts.csv: fact smallest_gain_announced, fact smallest_gain_measured (value)"
    yield ExplanationLine(turned_out_text(facts), measured)
    if not facts.selection.used:
        yield ExplanationLine(
            f"Without val's veto the gain would be {gain_text(facts.net.gain, facts.test.name)}.",
            net_source(facts.rivals),
        )
    if delivered is not None:
        as_delivered = [row for row in comparisons if row.candidate == DELIVERED_ARM and row.rival in real]
        gross_row = comparison_source(next(row for row in as_delivered if row.rival == BASELINE_ARM), "mean, low, high")
        yield ExplanationLine(
            f"A plain training on data/augmented, its weights and no other augmentation, gains "
            f"{gain_text(delivered.gross, facts.test.name)} over {ROW_OF[BASELINE_ARM].spoken}, and over the best "
            f"way to use real images alone {points(delivered.net.mean)} "
            f"{interval_text(delivered.net.low, delivered.net.high)}.",
            f"{gross_row}; {net_source(as_delivered)}",
        )


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


MAX_RATE_RATIO = 2.0  # times the control's rate: above it the samples are told to be copies too often


def explain_copies(rows: Sequence[CopyRow]) -> list[ExplanationLine]:
    """What the pooled row, the last one, shows, for `augment verdict --explain`."""
    made, unseen = rows[-1].synthetic_rate, rows[-1].control_rate
    if made is None or unseen is None:
        text = f"How many samples are copies is not known: {rows[-1].note.removeprefix('not measured: ')}."
    else:
        text = (
            f"Before any selection {100 * made:.1f} % of the samples lie as near to a training image as hardly any "
            f"unseen real image does; of those {100 * unseen:.1f} % do."
        )
        if made > MAX_RATE_RATIO * unseen:
            text += (
                f" That is more than {MAX_RATE_RATIO:.0f} times as many: these generators repeat what they were "
                "trained on. More images help, and so do fewer train.steps."
            )
    return [ExplanationLine(text, f"copies.csv: label {POOLED} (synthetic_rate, control_rate)")]


MEMBERSHIP_WAYS = {
    "pixels": "by pixels", "random_convolutions": "by random features", "encoded": "by all columns together",
}  # fmt: skip


def explain_membership(rows: Sequence[MembershipRow]) -> list[ExplanationLine]:
    """What the attack found, for `augment verdict --explain`."""
    return [
        ExplanationLine(_membership_sentence(row), f"membership.csv: space {row.space}, figure auc (value, low, high)")
        for row in rows
        if row.figure == "auc"
    ]


def _membership_sentence(row: MembershipRow) -> str:
    way = MEMBERSHIP_WAYS[row.space]
    if row.value is None:
        return f"Whether the samples give training images away, {way}, was {row.note}. They are not anonymous."
    return (
        f"From the samples, {way}, a training image is told from an unseen one with a chance of {row.value:.2f} "
        f"[{row.low:.2f}, {row.high:.2f}]; guessing has {row.chance:.2f}. However low it is, they are not anonymous: "
        "another attack may find more."
    )
