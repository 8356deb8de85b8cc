"""Rows from elsewhere: what is read, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.rows.columns import Column, Schema
from augment.data.rows.rowset import RowSet
from augment.evaluation.rows.external import read_external_rows, require_apart
from augment.params import Ingest
from tests.rows import COUNTS, SCHEMA, toy_rows, write_toy

INGEST = Ingest(source="table", path="parts.csv", label_column="kind")
CLASSES = sorted(COUNTS)


def read(place: Path) -> RowSet | None:
    return read_external_rows(place, INGEST, SCHEMA, CLASSES)


def test_a_folder_without_a_file_is_none_and_one_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    assert read(tmp_path) is None
    path = write_toy(tmp_path / "there.csv", {"bolt": 5, "pin": 3}, 7)
    for place in (tmp_path, path):
        found = read(place)
        assert found is not None
        assert found.counts() == {"bolt": 5, "pin": 3}
        assert len(set(found.groups.tolist())) == 8
        np.testing.assert_array_equal(found.values, toy_rows({"bolt": 5, "pin": 3}, 7).values)


def test_what_cannot_be_tested_on_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^evaluate\.external: there is nothing called .*gone"):
        read(tmp_path / "gone")
    (tmp_path / "nut").mkdir()
    with pytest.raises(DataError, match=r"holds nut; of a table it takes one file"):
        read(tmp_path)
    write_toy(tmp_path / "a.csv", {"bolts": 5})
    with pytest.raises(DataError, match=r"class 'bolts' is not among those that are trained; .* did you mean 'bolt'"):
        read(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("kind,length,count,mass,shape\n,1,2,3,flat\n")
    with pytest.raises(DataError, match=r"b\.csv: no row of it can be used"):
        read(tmp_path / "b.csv")
    (tmp_path / "c.csv").write_text("kind,length\nbolt,1\n")
    with pytest.raises(DataError, match=r"^evaluate\.external: c\.csv: it has no column 'count'"):
        read(tmp_path / "c.csv")


def test_a_row_that_was_trained_on_is_not_from_elsewhere() -> None:
    train, there = toy_rows(seed=0), toy_rows(seed=1, name="there")
    require_apart(there, [train])
    with pytest.raises(DataError, match=r"there:3 equals the training image row:3"):
        require_apart(there.take([0]).joined([toy_rows(name="there").take([3])]), [train])
    coarse = Schema("table", "kind", (Column("shape", "categorical", ("flat", "round", "tall")),))
    rows = RowSet(coarse, train.values[:, 3:], train.labels, train.groups, train.sources)
    require_apart(rows, [rows])  # where rows equal each other by chance
