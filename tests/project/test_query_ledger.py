"""Who has looked at a test set."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import StoreError
from augment.project.query_ledger import MARK, queries_text, query_count, record_query, unreadable_lines


def name(number: int) -> str:
    return f"{number:064x}"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=20))
def test_configurations_are_counted_once_for_each_test_set(tmp_path_factory, entries):
    ledger = tmp_path_factory.mktemp("work") / ".work/ledger.csv"
    for test, configuration in entries:
        record_query(ledger, name(test), name(configuration))
    for test in range(3):
        seen = {configuration for own, configuration in entries if own == test}
        assert query_count(ledger, name(test), name(9)) == len(seen) + 1, "the one asked about counts, noted or not"
        for configuration in seen:
            assert query_count(ledger, name(test), name(configuration)) == len(seen)


def test_a_fresh_clone_starts_at_one(tmp_path: Path):
    assert query_count(tmp_path / ".work/ledger.csv", name(1), name(2)) == 1


def test_nothing_is_rewritten_and_a_torn_line_costs_itself_alone(tmp_path: Path):
    ledger = tmp_path / "ledger.csv"
    record_query(ledger, name(1), name(2))
    before = ledger.read_bytes() + b"0123,torn by a power cu"
    ledger.write_bytes(before)
    record_query(ledger, name(1), name(3))
    assert ledger.read_bytes() == before + f"\n{name(1)},{name(3)}\n".encode()
    assert query_count(ledger, name(1), name(3)) == 2
    record_query(ledger, name(1), name(3))
    assert len(ledger.read_bytes().splitlines()) == 3


def test_the_text_says_what_follows():
    assert "only configuration" in queries_text(1)
    assert queries_text(4).startswith("4 configurations have looked")
    assert "p <= 0.013" in queries_text(4)


def test_a_folder_in_its_place_is_a_message(tmp_path: Path):
    (tmp_path / "ledger.csv").mkdir()
    with pytest.raises(StoreError, match=r"ledger\.csv: cannot be read"):
        query_count(tmp_path / "ledger.csv", name(1), name(2))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be"):
        record_query(tmp_path / "file/ledger.csv", name(1), name(2))


def test_lines_that_are_no_entry_are_counted_and_never_dropped(tmp_path: Path):
    ledger = tmp_path / "ledger.csv"
    ledger.write_bytes(f"{name(1)},{name(2)}\r\n\n".encode() + b"\xff\x00 garbage\n" + f"{MARK}old\n{name(3)}".encode())
    assert query_count(ledger, name(1), name(2)) == 1
    assert unreadable_lines(ledger) == 3
    assert unreadable_lines(ledger, told=False) == 2
    assert unreadable_lines(tmp_path / "none") == 0
    text = queries_text(2, 3)
    assert "p <= 0.01 to count for all 5 together" in text
    assert "3 lines of .work/ledger.csv cannot be read, each perhaps one look more" in text
    assert "only configuration that is known" in queries_text(1, 1)


def test_a_pipe_in_its_place_is_no_wait(tmp_path: Path):
    os.mkfifo(tmp_path / "ledger.csv")
    with pytest.raises(StoreError, match="not a regular file"):
        query_count(tmp_path / "ledger.csv", name(1), name(2))
