"""Test queries: which configurations asked a test set, in a file to append to that DVC and git do not know.

The best of several queries is lucky, so a verdict is worth less the more often its test set was asked. The
count belongs to a folder's history and not to its inputs, so no output holds it.
"""

import os
import re
from pathlib import Path

from augment.core.errors import StoreError
from augment.core.files import WORK_STORE, read_file
from augment.core.progress import counted

LEDGER = WORK_STORE / "ledger.csv"
MARK = "unreadable: "  # before a line that a person has been told of and that still counts

MAX_BYTES = 100_000_000  # a line for each look: more is no ledger
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


def unreadable_lines(ledger: Path, *, told: bool = True) -> int:
    """Lines that are no entry, each perhaps an earlier look at a test set; `told` False: but for those with `MARK`."""
    lines = [line for line in _lines(ledger) if not _LINE.fullmatch(line)]
    return sum(told or not line.startswith(MARK) for line in lines)


def queries_text(count: int, unreadable: int = 0) -> str:
    """How often the test set was asked and what follows. unreadable: lines of the ledger, which are not passed over."""
    forgotten = (
        f" {counted(unreadable, 'line')} of {LEDGER} cannot be read, each perhaps one look more at this test set; "
        "`augment doctor` says more."
        if unreadable
        else ""
    )
    if count == 1 and not unreadable:
        return "This is the only configuration that has looked at this test set here."
    if count == 1:
        return f"This is the only configuration that is known to have looked at this test set here.{forgotten}"
    return (
        f"{count} configurations have looked at this test set here. The best of several is lucky: before you rely on "
        f"one that you picked by its verdict, confirm it on another split (another `seed`); claims at 5 % need "
        f"p <= {0.05 / (count + unreadable):.2g} to count for all {count + unreadable} together.{forgotten}"
    )


def _entries(ledger: Path) -> list[tuple[str, str]]:
    """All whole lines."""
    return [(match[1], match[2]) for line in _lines(ledger) if (match := _LINE.fullmatch(line))]


def _lines(ledger: Path) -> list[str]:
    """Lines that are not blank. Raises `StoreError` when the file cannot be read."""
    try:
        text = read_file(ledger, MAX_BYTES).decode("ascii", "replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(f"{ledger}: cannot be read ({error.strerror or error}). Make it readable.") from error
    return [line.strip() for line in text.split("\n") if line.strip()]
