"""reports/metrics.json and verdict.json: the verdict and what the rules chose on the way, as JSON values."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from augment.evaluation.experiment.protocol import Plan
from augment.evaluation.verdict.explanation import Line
from augment.evaluation.verdict.rules import Verdict
from augment.evaluation.verdict.selection import Policy


def summary(
    plan: Plan,
    policy: Policy,
    verdict: Verdict,
    announced: float | None,
    looked: dict[str, str],
    caveats: Sequence[str],
    beside: Sequence[Line],
) -> dict[str, Any]:
    """verdict.json: the word, its reasons, and what the rules chose on the way. A gain above 1 stands for none.

    caveats: reasons that the figures do not show. beside: what is told after the verdict's own explanation.
    """
    measured = verdict.smallest_gain if verdict.smallest_gain <= 1 else None
    return {
        "verdict": verdict.word,
        "protocol": {
            "name": plan.protocol,
            "form": plan.form,
            "repeats": len(plan.replicates),
            "ratio": plan.ratio,
            "speaks": verdict.speaks,
        },
        "sentence": verdict.sentence,
        "reasons": [*verdict.reasons, *caveats],
        "advice": list(verdict.advice),
        "explanation": [asdict(line) for line in (*verdict.explanation, *beside)],
        "policy": {"arm": policy.arm, "weight": policy.weight},
        "chosen_real": policy.chosen_real,
        "best_real": verdict.best_real,
        "objections": {"repeats": policy.gate.found.seeds if policy.gate else 0, "objected": policy.objections},
        "ungated": asdict(verdict.ungated),
        "as_delivered": asdict(verdict.delivered) if verdict.delivered else None,
        "smallest_gain": {"announced": announced, "measured": measured},
        "looked": looked,
    }


def metrics(plan: Plan, policy: Policy, verdict: Verdict, primary: str) -> dict[str, Any]:
    """metrics.json: small, so that `dvc metrics diff` reads well; fractions of 1."""
    gains = {"gross": verdict.gross, "net": verdict.net}
    gains |= {"as_delivered": verdict.delivered.net} if verdict.delivered else {}
    return {
        "verdict": verdict.word,
        "protocol": plan.protocol,
        "primary": primary,
        "gain": {name: asdict(gain) for name, gain in gains.items()},
        "policy": {"arm": policy.arm, "weight": policy.weight},
        "arms": {row["arm"]: {key: row[key] for key in ("mean", "low", "high")} for row in verdict.arms},
        "val": {row["arm"]: row["val_mean"] for row in verdict.arms if row["val_mean"] is not None},
    }
