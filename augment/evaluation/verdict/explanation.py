"""The rules of the verdict with one run's numbers filled in, each with the row of the file that holds them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from augment.evaluation.statistics.comparisons import Comparison, GrossAndNet, over_the_best, rows
from augment.evaluation.verdict.selection import BASELINE, DEFAULT
from augment.evaluation.verdict.wording import (
    Facts,
    gain_text,
    interval_text,
    margin_text,
    objections_text,
    points,
    turned_out_text,
)


@dataclass(frozen=True)
class Line:
    """A sentence, and where its numbers stand: a file of reports/evaluation, its row and its columns."""

    text: str
    source: str


def explain(facts: Facts, comparisons: Sequence[Comparison], delivered: GrossAndNet | None) -> list[Line]:
    """In the order in which the rules are applied."""
    return [
        Line(facts.scope.speaks, "verdict.json (protocol)"),
        *_figure(facts),
        *_policy(facts),
        *_help(facts),
        *_harm(facts),
        *_equivalence(facts),
        *_word(facts),
        *_secondary(comparisons),
        *_beside(facts, comparisons, delivered),
    ]


def row_of(row: Comparison, columns: str) -> str:
    """Where a comparison stands."""
    keys = f"candidate {row.candidate}, rival {row.rival}, split {row.split}"
    return f"comparisons.csv: {keys} ({columns})"


def net_rows(rivals: Sequence[Comparison]) -> str:
    """Where the three numbers of a gain over the best of several rivals stand."""
    net, by_rival = over_the_best(rivals), {row.rival: row for row in rivals}
    named = ((net.best, "mean"), (net.lowest, "low"), (net.highest, "high_joint"))
    return "; ".join(row_of(by_rival[rival], column) for rival, column in named)


def _figure(facts: Facts) -> Iterator[Line]:
    arm = facts.net.best
    yield Line(
        f"The figure that decides is {facts.test.name}. {DEFAULT} has {_percent(facts.test.mean(DEFAULT))}, the best "
        f"real-only arm on test, {arm}, has {_percent(facts.test.mean(arm))}.",
        f"arms.csv: arm {DEFAULT}, arm {arm} (mean)",
    )


def _policy(facts: Facts) -> Iterator[Line]:
    policy, gate = facts.policy, facts.policy.gate
    if gate is None:
        yield Line("Val cannot tell, so nothing objects to the GAN images.", "comparisons.csv: no row with split val")
        return
    yield Line(
        f"Among the real-only arms val prefers {policy.chosen_real}.",
        f"arms.csv: arm {policy.chosen_real} (val_mean, the highest with kind real)",
    )
    high = gate.interval90[1]
    outcome = "it is not, so they are used" if policy.used else "it is, so they are not used and the gain is exactly 0"
    yield Line(
        f"Val objects to the GAN images when the 90 % interval of {DEFAULT} minus {gate.rival} lies below 0. Its upper "
        f"end is {points(high)}: {outcome}.",
        row_of(gate, "high90"),
    )
    yield Line(objections_text(policy), "facts.csv: fact repeats_objecting, fact repeats_with_val (value)")


def _help(facts: Facts) -> Iterator[Line]:
    for row in (*facts.rivals, *facts.controls):
        yield Line(
            f"To help, the lower 95 % bound against {row.rival} must lie above 0. It is {points(row.gain.low)}: "
            f"{_yes(row.gain.low > 0)}.",
            row_of(row, "low"),
        )


def _harm(facts: Facts) -> Iterator[Line]:
    row = next(row for row in facts.rivals if row.rival == facts.net.highest)
    yield Line(
        f"To harm, the upper 95 % bound of the gain over the best of {row.rivals} real-only arms must lie below 0. "
        f"Since the best is picked after looking at test, each bound is taken at 2.5 % / {row.rivals}; the lowest is "
        f"{points(row.high_joint)}, against {row.rival}: {_yes(row.high_joint < 0)}.",
        row_of(row, "high_joint"),
    )


def _equivalence(facts: Facts) -> Iterator[Line]:
    low, high = facts.net.interval90
    lowest = min(facts.rivals, key=lambda row: row.interval90[0])
    highest = min(facts.rivals, key=lambda row: row.high90_joint)
    inside = -facts.equivalence <= low and high <= facts.equivalence
    yield Line(
        f"To be equivalent, the 90 % interval of that gain, {interval_text(low, high)}, must lie within plus or minus "
        f"{margin_text(facts.equivalence)} (`evaluate.equivalence`): {_yes(inside)}.",
        f"{row_of(lowest, 'low90')}; {row_of(highest, 'high90_joint')}",
    )


def _word(facts: Facts) -> Iterator[Line]:
    yield Line(f"So the word is: {facts.word}.", "verdict.json (verdict)")


def _secondary(comparisons: Sequence[Comparison]) -> Iterator[Line]:
    """The one that holds best, and how many do."""
    found = [row for row in rows(comparisons) if row["claim"] == "secondary"]
    if not found:
        return
    held = [row for row in found if row["p_holm"] <= 0.05]
    first = min(found, key=lambda row: row["p"])
    yield Line(
        f"{len(held)} of the {len(found)} other comparisons differ from 0 when their number is counted in (Holm, "
        f"5 %); the clearest is {first['candidate']} against {first['rival']}: {points(first['mean'])}, "
        f"p = {first['p']:.2g}, adjusted {first['p_holm']:.2g}.",
        f"comparisons.csv: candidate {first['candidate']}, rival {first['rival']}, split test (mean, p, p_holm)",
    )


def _beside(facts: Facts, comparisons: Sequence[Comparison], delivered: GrossAndNet | None) -> Iterator[Line]:
    real = {row.rival for row in facts.rivals}
    measured = "facts.csv: fact smallest_gain_announced, fact smallest_gain_measured (value)"
    yield Line(turned_out_text(facts), measured)
    if not facts.policy.used:
        yield Line(
            f"Had val not objected, the gain would be {gain_text(facts.net.gain, facts.test.name)}.",
            net_rows(facts.rivals),
        )
    if delivered is not None:
        own = [row for row in comparisons if row.candidate == "as_delivered" and row.rival in real]
        gross_row = row_of(next(row for row in own if row.rival == BASELINE), "mean, low, high")
        yield Line(
            f"A plain training on data/augmented, its weights and no other augmentation, gains "
            f"{gain_text(delivered.gross, facts.test.name)} over {BASELINE}, and over the best real-only arm "
            f"{points(delivered.net.mean)} {interval_text(delivered.net.low, delivered.net.high)}.",
            f"{gross_row}; {net_rows(own)}",
        )


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.1f} %"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"
