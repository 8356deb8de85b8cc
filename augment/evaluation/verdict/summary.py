"""reports/metrics.json and verdict.json: the verdict and what the rules chose on the way, as JSON values.

facts.csv: the numbers of verdict.json that stand in no other table, one to a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from augment.core.files import sha256_json
from augment.data.split.labelled import LabelledSet
from augment.evaluation.experiment.protocol import Protocol
from augment.evaluation.verdict.delivery import Delivery
from augment.evaluation.verdict.explanation import ExplanationLine
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.selection import Selection
from augment.params import Evaluate, Params

METRICS_DIGITS = 4  # a hundredth of a point


def verdict_summary(
    protocol: Protocol[LabelledSet],
    selection: Selection,
    verdict: Verdict,
    announced: float | None,
    fingerprints: dict[str, str],
    caveats: Sequence[str],
    further_lines: Sequence[ExplanationLine],
    delivery: Delivery,
    chosen: Evaluate,
) -> dict[str, Any]:
    """verdict.json: the word, its reasons, and what the rules chose on the way. A gain above 1 stands for none.

    caveats: reasons that the figures do not show. further_lines: what is told after the verdict's own explanation.
    delivery: what data/augmented holds; chosen: the section `evaluate`.
    """
    measured = verdict.smallest_gain if verdict.smallest_gain <= 1 else None
    return {
        **_judgement(verdict, chosen),
        "protocol": _protocol_entry(protocol, verdict),
        "first_line": verdict.first_line,
        "sentence": verdict.sentence,
        "reasons": [*verdict.reasons, *caveats],
        "advice": list(verdict.advice),
        "explanation": [asdict(each) for each in (*verdict.explanation, *further_lines)],
        "policy": {"arm": selection.arm, "weight": selection.synthetic_share},
        "delivery": {"use": delivery.use, "arm": delivery.arm, "reason": delivery.reason},
        "tried": list(verdict.tried),
        "references": [row for row in verdict.arms if row["arm"] in verdict.references],
        "chosen_real": selection.chosen_real,
        "best_real": verdict.best_real,
        "objections": {"repeats": selection.repeats, "objected": selection.vetoes},
        "ungated": asdict(verdict.without_veto),
        "as_delivered": asdict(verdict.delivered) if verdict.delivered else None,
        "smallest_gain": {"announced": announced, "measured": measured},
        "looked": fingerprints,
    }


def _judgement(verdict: Verdict, chosen: Evaluate) -> dict[str, Any]:
    return {
        "verdict": verdict.word,
        "primary": chosen.primary,
        "gain": {"gross": asdict(verdict.gross), "net": asdict(verdict.net)},
        "equivalence": chosen.equivalence,
        "deciding": asdict(verdict.deciding) if verdict.deciding else None,
    }


def _protocol_entry(protocol: Protocol[LabelledSet], verdict: Verdict) -> dict[str, Any]:
    return {
        "name": protocol.name,
        "form": protocol.scheme,
        "repeats": len(protocol.replicates),
        "ratio": protocol.ratio,
        "speaks": verdict.scope_sentence,
    }


def metrics_summary(selection: Selection, verdict: Verdict, copy_rate: float | None) -> dict[str, Any]:
    """metrics.json: what one compares between configurations, in the order of the columns of `dvc exp show`; fractions
    of 1, short enough for a table. copy_rate: None where it was not measured."""
    (policy,) = (row for row in verdict.arms if row["arm"] == selection.arm)
    figures = {"net": verdict.net.mean, "gross": verdict.gross.mean, "val": policy["val_mean"], "test": policy["mean"]}
    figures |= {"copy_rate": copy_rate}
    rounded = {name: None if value is None else round(value, METRICS_DIGITS) for name, value in figures.items()}
    return {"verdict": verdict.word, **rounded, "policy": selection.arm}


def fingerprints(
    protocol: Protocol[LabelledSet], prepared_test: LabelledSet, pinned: Mapping[str, Any] | None, params: Params
) -> dict[str, str]:
    """What the ledger knows this run by: all that is tested, and all else that the verdict depends on.

    prepared: the delivered test, which the page compares with data/prepared. pinned: what the manifest of a pinned
    start says of its training.
    """
    chosen = params.model_dump(
        mode="json", include={"seed", "train", "generate", "evaluate"}, exclude={"evaluate": NOT_IN_THE_VERDICT}
    )
    sides = [side.fingerprint() for splits in protocol.unique_splits for side in (splits.train, splits.val)]
    configuration = sha256_json([chosen, params.ingest.flips, pinned, *sides])
    tested, prepared = protocol.tested_images.fingerprint(), prepared_test.fingerprint()
    return {"test": tested, "prepared": prepared, "configuration": configuration}


Row = dict[str, str | float | None]
NOT_IN_THE_VERDICT = {"external", "learning_curve", "second_classifier"}  # of evaluate; they change nothing of it


def fact_rows(verdict: Mapping[str, Any]) -> list[Row]:
    """The rows for what stands in verdict.json; a value that was not measured, or does not exist, is empty."""
    exchange = verdict["exchange"] or {"mean": None, "low": None, "high": None}
    return [
        *(_row(f"gain_{kind}", **gain) for kind, gain in verdict["gain"].items()),
        _row("smallest_gain_announced", verdict["smallest_gain"]["announced"]),
        _row("smallest_gain_measured", verdict["smallest_gain"]["measured"]),
        _row("repeats_with_val", verdict["objections"]["repeats"]),
        _row("repeats_objecting", verdict["objections"]["objected"]),
        _row("worth_in_real_images", exchange["mean"], exchange["low"], exchange["high"]),
    ]


def _row(fact: str, mean: float | None, low: float | None = None, high: float | None = None) -> Row:
    return {"fact": fact, "value": mean, "low": low, "high": high}
