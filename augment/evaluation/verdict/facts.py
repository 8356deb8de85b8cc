"""facts.csv: the numbers of verdict.json that stand in no other table, one to a row."""

from collections.abc import Mapping
from typing import Any

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
