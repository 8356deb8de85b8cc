"""Tables that are written read back, hold no formula, and are whole."""

import contextlib
import csv
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.core.files import (
    read_csv,
    write_csv,
)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


@given(st.lists(st.tuples(st.floats(allow_nan=False), TEXTS)))
def test_csv_round_trip(rows: list[tuple[float, str]]) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"gan-augment-csv-{os.getpid()}"
    try:
        write_csv(path, ({"number": number, "text": text} for number, text in rows), ("number", "text"))
        assert [(float(row["number"]), row["text"]) for row in read_csv(path)] == rows
    finally:
        path.unlink()


FORMULAS = [
    "=1+1",
    "+a",
    "-a",
    "@SUM(1)",
    "\ta",
    "\ra",
    "\uff1d1",
    "'=1",
    "''",
    "'",
    "-",
    "-inf",
    "--1",
    "+1-1",
    "-1\n",
]


@given(st.one_of(st.sampled_from(FORMULAS), st.text("='+-@\t 1a\uff1d", max_size=5)))
def test_no_cell_is_a_formula_and_every_cell_reads_back(text: str) -> None:
    """A label in a cell, and as a header; the rule itself is written here a second time."""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"gan-augment-formula-{os.getpid()}"
    try:
        write_csv(path, [{"x": 1, text: text}], ("x", text))
        assert read_csv(path) == [{"x": "1", text: text}]
        with path.open(newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
    finally:
        path.unlink(missing_ok=True)
    for cell in cells:
        if not re.fullmatch(r"[+-]?[0-9]+", cell):
            assert not cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")), cell


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    row = {"a": -0.5, "b": "-0.5", "c": "+1.25", "d": -3, "e": "-1e-05", "f": float("-inf")}
    write_csv(tmp_path / "t.csv", [row], tuple(row))
    assert (tmp_path / "t.csv").read_text() == "a,b,c,d,e,f\n-0.5,-0.5,+1.25,-3,-1e-05,-inf\n"


def test_csv_reads_back_with_other_readers(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"a": 0.1, "b": 'x"y,\n'}], ("a", "b"))
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["a", "b"], ["0.1", 'x"y,\n']]


def test_a_table_that_was_cut_is_said_wherever_the_cut_falls(tmp_path: Path) -> None:
    rows = [{"a": "1,5", "b": "two\nlines"}, {"a": "", "b": '"'}]
    write_csv(tmp_path / "whole.csv", rows, ("a", "b"))
    assert read_csv(tmp_path / "whole.csv") == rows
    whole = (tmp_path / "whole.csv").read_bytes()
    accepted = []
    for length in range(len(whole)):
        (tmp_path / "cut.csv").write_bytes(whole[:length])
        with contextlib.suppress(DataError):
            accepted.append((length, read_csv(tmp_path / "cut.csv")))
    assert [found for _, found in accepted if found not in (rows[:1], [])] in ([], [[{"a": "1,5", "b": "two\n"}]])
    for damaged in ("a,b\n1,2,3\n", "a,b\n1\n", 'a\n"b\n', 'a\n"b"c\n'):
        (tmp_path / "cut.csv").write_text(damaged)
        with pytest.raises(DataError, match=r"cut\.csv: cut short or damaged\. Run `dvc repro`"):
            read_csv(tmp_path / "cut.csv")


def test_what_a_spreadsheet_puts_before_a_table_is_passed_over_and_no_byte_stops_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa,b\n\xff,2\n")
    assert read_csv(tmp_path / "t.csv") == [{"a": "\ufffd", "b": "2"}]
