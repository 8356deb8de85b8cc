"""Tables of other programs, and files that are none."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.rows.reading import MAX_COLUMNS, read_raw, read_vectors


def write(folder: Path, content: bytes | str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        ("a,b\n1, x \n2,\n", {"a": ["1", "2"], "b": ["x", ""]}),
        ("sep=;\na;b\n1,5;x\n", {"a": ["1.5"], "b": ["x"]}),
        ("a;b\n1,5;NaN\n2,5;?\n", {"a": ["1.5", "2.5"], "b": ["NaN", "?"]}),
        ("a\tb\n1\t2\n", {"a": ["1"], "b": ["2"]}),
        ('a,b\n"1\n2","x,y"\n', {"a": ["1\n2"], "b": ["x,y"]}),
        ("\ufeffa,b\n1,2\n\n", {"a": ["1"], "b": ["2"]}),
        ("Straße,b\nö,2\n".encode("cp1252"), {"Straße": ["ö"], "b": ["2"]}),
    ],
)
def test_a_table_is_read_as_it_was_meant(tmp_path: Path, content: bytes | str, cells: dict[str, list[str]]) -> None:
    assert dict(read_raw(write(tmp_path, content)).cells) == cells


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    assert read_raw(write(tmp_path, 'a,b\n"1\n2",x\n3,y\n')).lines == [2, 4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty file"),
        ("a,a\n1,2\n", "`a` stands twice"),
        ("a,,c\n1,2,3\n", "column 2 has no name"),
        ("a,b\n1\n", "line 2 has 1 cells where the header has 2"),
        ('a,b\n"1,2\n', "a quote that nothing closes"),
        (b"a,b\n1,\0\n", "NUL"),
        (b"PK\x03\x04abc", "it is a workbook or an archive"),
        (",".join(f"c{at}" for at in range(10_000)) + "\n", f"10,000 columns, at most {MAX_COLUMNS:,}"),
    ],
)
def test_what_is_no_table_is_one_message(tmp_path: Path, content: bytes | str, words: str) -> None:
    with pytest.raises(DataError, match=r"t\.csv") as caught:
        read_raw(write(tmp_path, content))
    assert words in str(caught.value)


def test_a_folder_or_nothing_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder"):
        read_raw(tmp_path)
    with pytest.raises(DataError, match=r"No such file.*ingest\.path"):
        read_raw(tmp_path / "gone.csv")


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame({"a": [1.5, None], "b": ["x", "y"]}).to_parquet(tmp_path / "t.parquet")
    assert dict(read_raw(tmp_path / "t.parquet").cells) == {"a": ["1.5", ""], "b": ["x", "y"]}
    with pytest.raises(DataError, match="no Parquet file"):
        read_raw(write(tmp_path, b"PAR1 cut", "cut.parquet"))


def test_vectors_are_arrays_with_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", x=np.eye(3, dtype=np.float32), y=np.array([0, 1, 1]), groups=np.array(["p", "q", "q"]))
    found = read_vectors(tmp_path / "v.npz")
    assert (found.labels, found.groups, found.splits) == (["0", "1", "1"], ["p", "q", "q"], None)
    np.testing.assert_array_equal(found.vectors, np.eye(3))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"y": np.zeros(3)}, "no array `x`"),
        ({"x": np.zeros((3, 2))}, "no array `y`"),
        ({"x": np.zeros(3), "y": np.zeros(3)}, "needs numbers x"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(2)}, "needs numbers x"),
        ({"x": np.zeros((3, 5000)), "y": np.zeros(3)}, "5000 dimensions"),
        ({"x": np.full((3, 2), np.nan), "y": np.zeros(3)}, "vector 0 holds a number that is not finite"),
        ({"x": np.zeros((3, 2)), "y": np.zeros(3), "groups": np.zeros(2)}, "one value for each of the 3 vectors"),
    ],
)
def test_what_are_no_vectors_is_one_message(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    np.savez(tmp_path / "v.npz", **arrays)
    with pytest.raises(DataError) as caught:
        read_vectors(tmp_path / "v.npz")
    assert words in str(caught.value)


def test_labels_may_be_bytes_and_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", x=np.eye(2), y=np.array([b"n\xc3\xbc", b" x "]), split=np.array([np.nan, np.nan]))
    found = read_vectors(tmp_path / "v.npz")
    assert (found.labels, found.splits) == (["n\u00fc", "x"], ["", ""])
    np.savez(tmp_path / "v.npz", x=np.eye(2), y=np.array([np.nan, 1]))
    assert read_vectors(tmp_path / "v.npz").labels == ["", "1.0"]


def test_a_pickle_is_never_read(tmp_path: Path) -> None:
    for arrays in ({"x": np.array([object()]), "y": np.zeros(1)}, {"x": np.eye(2), "y": np.array(["a", "b"], object)}):
        np.savez(tmp_path / "v.npz", **arrays)
        with pytest.raises(DataError, match=r"cannot be read.*y\.astype\(str\)|y\.astype\(str\).*cannot be read"):
            read_vectors(tmp_path / "v.npz")
    with pytest.raises(DataError, match="cannot be read"):
        read_vectors(write(tmp_path, b"not a zip", "w.npz"))


def test_a_row_in_the_place_of_a_header_is_told(tmp_path: Path) -> None:
    assert "has the number 0.5: if it is a row" in read_raw(write(tmp_path, "x,0.5\ny,0.7\n")).remark
    assert read_raw(write(tmp_path, "x,y\n1,0.7\n")).remark == ""
