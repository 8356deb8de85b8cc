"""A further file is read by the columns of the first."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.rows.columns import Column, Schema
from augment.data.rows.encoding import Encoding
from augment.data.rows.known import read_known
from tests.rows import COLUMNS, SCHEMA, toy_rows, write_toy

HEADER = ",".join(["kind", *(column.name for column in COLUMNS)])


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "there.csv"
    path.write_text("\n".join([header, *lines, ""]))
    return path


def test_the_same_file_gives_the_same_rows(tmp_path: Path) -> None:
    found, rows = read_known(write_toy(tmp_path / "parts.csv"), SCHEMA, None), toy_rows()
    assert found.schema == SCHEMA
    np.testing.assert_array_equal(found.values, rows.values)
    assert [entry.label for entry in found.entries] == rows.labels.tolist()


def test_further_columns_and_another_order_do_not_matter_and_groups_count(tmp_path: Path) -> None:
    header = "day,shape,mass,count,length,note,kind"
    found = read_known(written(tmp_path, "mo,flat,1.5,2,0.5,x,nut", "tu,?,,3,1,y,", header=header), SCHEMA, "day")
    np.testing.assert_array_equal(found.values, [[0.5, 2, 1.5, 0], [1, 3, np.nan, np.nan]])
    assert [(entry.label, entry.group, entry.code) for entry in found.entries] == [
        ("nut", "mo", ""), ("", "tu", "no_label"),
    ]  # fmt: skip


def test_a_level_that_nobody_has_seen_is_none_of_those_that_were(tmp_path: Path) -> None:
    found, train = read_known(written(tmp_path, "nut,1,2,3,square"), SCHEMA, None), toy_rows()
    assert found.schema.columns[3].levels == ("flat", "round", "tall", "square")
    encoded = Encoding.of(SCHEMA, train.values).encode(found.values)
    assert encoded.shape == (1, 6)
    assert encoded[0, 3:].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("line", "header", "words"),
    [
        ("nut,1,2,heavy,flat", HEADER, r"line 2 has 'heavy' in 'mass', which holds numbers"),
        ("nut,1,2,flat", HEADER.replace(",mass", ""), r"there\.csv: it has no column 'mass'"),
        ("1,2,3,flat", HEADER.replace("kind,", ""), r"it has no column 'kind'"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, line: str, header: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_known(written(tmp_path, line, header=header), SCHEMA, None)


def test_vectors_of_another_length_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", x=np.zeros((4, 3)), y=np.array(["a", "b", "a", "b"]))
    columns = tuple(Column(f"{at}", "numeric") for at in range(3))
    assert read_known(tmp_path / "v.npz", Schema("vectors", "label", columns), None).values.shape == (4, 3)
    with pytest.raises(DataError, match="3 dimensions, and those that are trained on 2"):
        read_known(tmp_path / "v.npz", Schema("vectors", "label", columns[:2]), None)
