"""reports/metrics.json and verdict.json: the verdict and what the rules chose on the way, as JSON values.

facts.csv: the numbers of verdict.json that stand in no other table, one to a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.verdict.explanation import ExplanationLine
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.selection import Selection


def verdict_summary(
    protocol: Protocol,
    selection: Selection,
    verdict: Verdict,
    announced: float | None,
    fingerprints: dict[str, str],
    caveats: Sequence[str],
    further_lines: Sequence[ExplanationLine],
) -> dict[str, Any]:
    """verdict.json: the word, its reasons, and what the rules chose on the way. A gain above 1 stands for none.

    caveats: reasons that the figures do not show. further_lines: what is told after the verdict's own explanation.
    """
    measured = verdict.smallest_gain if verdict.smallest_gain <= 1 else None
    return {
        "verdict": verdict.word,
        "protocol": {
            "name": protocol.name,
            "form": protocol.scheme,
            "repeats": len(protocol.replicates),
            "ratio": protocol.ratio,
            "speaks": verdict.scope_sentence,
        },
        "sentence": verdict.sentence,
        "reasons": [*verdict.reasons, *caveats],
        "advice": list(verdict.advice),
        "explanation": [asdict(each) for each in (*verdict.explanation, *further_lines)],
        "policy": {"arm": selection.arm, "weight": selection.synthetic_share},
        "chosen_real": selection.chosen_real,
        "best_real": verdict.best_real,
        "objections": {
            "repeats": selection.veto_comparison.estimate.seeds if selection.veto_comparison else 0,
            "objected": selection.vetoes,
        },
        "ungated": asdict(verdict.without_veto),
        "as_delivered": asdict(verdict.delivered) if verdict.delivered else None,
        "smallest_gain": {"announced": announced, "measured": measured},
        "looked": fingerprints,
    }


def metrics_summary(protocol: Protocol, selection: Selection, verdict: Verdict, primary: str) -> dict[str, Any]:
    """metrics.json: small, so that `dvc metrics diff` reads well; fractions of 1."""
    gains = {"gross": verdict.gross, "net": verdict.net}
    gains |= {"as_delivered": verdict.delivered.net} if verdict.delivered else {}
    return {
        "verdict": verdict.word,
        "protocol": protocol.name,
        "primary": primary,
        "gain": {name: asdict(gain) for name, gain in gains.items()},
        "policy": {"arm": selection.arm, "weight": selection.synthetic_share},
        "arms": {row["arm"]: {key: row[key] for key in ("mean", "low", "high")} for row in verdict.arms},
        "val": {row["arm"]: row["val_mean"] for row in verdict.arms if row["val_mean"] is not None},
    }


FACTS_COLUMNS = ("fact", "value", "low", "high")

Row = dict[str, str | float | None]


def fact_rows(verdict: Mapping[str, Any]) -> list[Row]:
    """The rows for what stands in verdict.json; a value that was not measured, or does not exist, is empty."""
    exchange = verdict["exchange"] or {"mean": None, "low": None, "high": None}
    return [
        _row("smallest_gain_announced", verdict["smallest_gain"]["announced"]),
        _row("smallest_gain_measured", verdict["smallest_gain"]["measured"]),
        _row("repeats_with_val", verdict["objections"]["repeats"]),
        _row("repeats_objecting", verdict["objections"]["objected"]),
        _row("worth_in_real_images", exchange["mean"], exchange["low"], exchange["high"]),
    ]


def _row(fact: str, value: float | None, low: float | None = None, high: float | None = None) -> Row:
    return {"fact": fact, "value": value, "low": low, "high": high}
