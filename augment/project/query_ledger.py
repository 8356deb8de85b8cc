"""Test queries: which configurations asked a test set, in a file to append to that DVC and git do not know.

The best of several queries is lucky, so a verdict is worth less the more often its test set was asked. The
count belongs to a folder's history and not to its inputs, so no output holds it.
"""

import os
import re
from pathlib import Path

from augment.core.errors import StoreError
from augment.core.files import WORK_STORE

LEDGER = WORK_STORE / "ledger.csv"

_LINE = re.compile(r"([0-9a-f]{64}),([0-9a-f]{64})")


def record_query(ledger: Path, test: str, configuration: str) -> None:
    """Note that a configuration asked a test set; both are SHA-256 fingerprints. Known pairs are not repeated. Raises
    `StoreError` when the file cannot be written."""
    if (test, configuration) in _entries(ledger):
        return
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        with ledger.open("a", encoding="ascii") as stream:
            # One short write: whole lines, also from two runs at once. A line cut short before stays alone.
            start = "" if ledger.read_bytes()[-1:] in (b"", b"\n") else "\n"
            stream.write(f"{start}{test},{configuration}\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StoreError(
            f"{ledger}: cannot be written ({error.strerror or error}). Free some disk space or make the folder "
            "writable, then run the same command again."
        ) from error


def query_count(ledger: Path, test: str, configuration: str) -> int:
    """How many configurations asked this test set, this one included, whether or not it is noted here. Raises
    `StoreError` when the file cannot be read."""
    return len({noted for asked, noted in _entries(ledger) if asked == test} | {configuration})


def queries_text(count: int) -> str:
    if count == 1:
        return "This is the only configuration that has looked at this test set here."
    return (
        f"{count} configurations have looked at this test set here. The best of several is lucky: before you rely on "
        f"one that you picked by its verdict, confirm it on another split (another `seed`); claims at 5 % need "
        f"p <= {0.05 / count:.2g} to count for all {count} together."
    )


def _entries(ledger: Path) -> list[tuple[str, str]]:
    """All whole lines; a line that a power cut left half is skipped."""
    try:
        text = ledger.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{ledger}: cannot be read ({error.strerror or error}). Make it readable.") from error
    return [(match[1], match[2]) for line in text.splitlines() if (match := _LINE.fullmatch(line))]
