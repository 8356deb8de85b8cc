"""Stage 1 of a table: from a file to a clean, split set of rows in data/prepared."""

from collections import Counter

from augment.core.progress import say
from augment.data.rows.looking import kinds_text
from augment.data.rows.prepare import prepare_rows
from augment.data.rows.wording import errors_in_rows
from augment.data.split.pool import check_repeats
from augment.params import Params
from pipeline.common import PREPARED


def ingest_rows(params: Params) -> None:
    """Write data/prepared and say what was found."""
    with errors_in_rows():  # those of the split speak of images
        findings = prepare_rows(params.ingest, params.seed, PREPARED)
    outcomes = Counter(entry.code or entry.outcome for entry in findings.entries)
    splits = Counter(entry.split or "unused" for entry in findings.entries if entry.usable)
    say(f"ingest: {len(findings.entries)} rows: " + _counts(outcomes))
    say(f"ingest: {len(findings.counts())} classes: " + _counts(splits))
    for line in kinds_text(findings.schema.columns):
        say(f"ingest: {line}")
    for note in findings.notes:
        say(f"ingest: note: {note}")
    if params.evaluate.protocol == "repeated":
        train, val, test, pool = (
            Counter(entry.label for entry in findings.entries if entry.split == name)
            for name in ("train", "val", "test", "pool")
        )
        with errors_in_rows():
            check_repeats(train, val, test, pool, params.evaluate.repeats)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
