"""Stage 1: from images to a clean, split set in data/prepared."""

from collections import Counter

from augment.core.progress import say
from augment.data.prepare import prepare
from augment.data.split.pool import check_split
from augment.params import Params
from pipeline.common import PREPARED, main
from pipeline.rows.ingest import ingest_rows


def ingest(params: Params) -> None:
    """Write data/prepared and say what became of the files; of rows, see pipeline/rows."""
    if params.ingest.of_rows:
        ingest_rows(params)
        return
    findings = prepare(params.ingest, params.seed, PREPARED)
    outcomes = Counter[str](entry.outcome for entry in findings.entries)
    splits = Counter(entry.split or "unused" for entry in findings.usable)
    say(f"ingest: {len(findings.entries)} files: " + _counts(outcomes))
    say(f"ingest: {len(findings.counts())} classes: " + _counts(splits))
    for note in findings.notes:
        say(f"ingest: note: {note}")
    if params.evaluate.protocol == "repeated":  # told here, not after the GANs have trained
        check_split(findings.usable, params.evaluate.repeats)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


if __name__ == "__main__":
    main(ingest, PREPARED)
