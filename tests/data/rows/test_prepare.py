"""From a file to a split set of rows: nothing on two sides, everything accounted for, bad input in one message each."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import AugmentError, DataError
from augment.core.files import read_csv, read_json
from augment.data.rows.columns import Column, Schema
from augment.data.rows.prepare import looked_at, prepare_rows
from augment.data.rows.rowset import RowSet, holds_rows
from augment.params import Ingest, check
from tests.rows import COUNTS, toy_rows, write_toy


def ingest_of(path: Path, **settings: object) -> Ingest:
    return check({"ingest": {"source": "table", "path": str(path), **settings}}).ingest


def prepared(tmp_path: Path, **settings: object) -> dict[str, RowSet]:
    prepare_rows(ingest_of(tmp_path / "t.csv", **settings), 0, tmp_path / "out")
    return {side: RowSet.load(tmp_path / "out" / side) for side in ("train", "val", "test", "pool")}


def change(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """The lines of a CSV file, changed."""
    path.write_text("\n".join(edit(path.read_text().splitlines())) + "\n")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_toy(tmp_path / "t.csv")


def test_every_row_stands_on_one_side_as_it_was_written(tmp_path: Path, table: Path) -> None:
    sides = prepared(tmp_path, label_column="kind")
    rows = sides["train"].joined([sides["val"], sides["test"]])
    order = np.argsort([int(source.split(":")[1]) for source in rows.sources.tolist()])
    np.testing.assert_allclose(rows.values[order], toy_rows().values)
    assert rows.counts() == COUNTS
    assert holds_rows(tmp_path / "out" / "train")
    assert [column.kind for column in rows.schema.columns] == ["numeric", "integer", "numeric", "categorical"]
    manifest = read_csv(tmp_path / "out/manifest.csv")
    assert len(manifest) == sum(COUNTS.values())
    assert {row["outcome"] for row in manifest} == {"ok"}


def test_equal_inputs_give_equal_bytes(tmp_path: Path, table: Path) -> None:
    for out in ("first", "second"):
        prepare_rows(ingest_of(table, label_column="kind"), 0, tmp_path / out)
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert files
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_copies_stay_once_and_contradictions_not_at_all(tmp_path: Path, table: Path) -> None:
    def doubled(lines: list[str]) -> list[str]:
        return [*lines, lines[1], lines[1], lines[2].replace("bolt", "pin")]

    change(table, doubled)
    sides = prepared(tmp_path, label_column="kind")
    codes = [row["code"] for row in read_csv(tmp_path / "out/manifest.csv")]
    assert (codes.count("dedup"), codes.count("label_conflict")) == (2, 2)
    assert sum(len(side) for side in sides.values()) == sum(COUNTS.values()) - 1
    with pytest.raises(DataError, match="label_conflict: equal rows under several labels"):
        prepared(tmp_path, label_column="kind", conflicts="stop")


def test_without_a_continuous_column_equal_rows_stay_and_stay_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [
        "kind,a,b,c",
        *(f"{'xyz'[at % 3]},{rng.integers(8)},{rng.integers(8)},{'pq'[at % 2]}" for at in range(240)),
    ]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    sides = prepared(tmp_path, label_column="kind")
    assert sum(len(side) for side in sides.values()) == 240
    of_side = {name: set(side.digests()) for name, side in sides.items()}
    assert not of_side["train"] & of_side["test"]
    assert not of_side["train"] & of_side["val"]


def test_groups_and_declared_sides_are_honoured(tmp_path: Path, table: Path) -> None:
    def grouped(lines: list[str]) -> list[str]:
        return [f"{lines[0]},part", *(f"{line},p{at // 3}" for at, line in enumerate(lines[1:]))]

    def declared(lines: list[str]) -> list[str]:
        sides = ["test" if at % 5 == 0 else "training" for at in range(len(lines) - 1)]
        return [f"{lines[0]},side", *(f"{line},{side}" for line, side in zip(lines[1:], sides, strict=True))]

    change(table, grouped)
    sides = prepared(tmp_path, label_column="kind", group_column="part")
    names = [set(side.groups.tolist()) for side in sides.values()]
    assert not names[0] & names[1]
    assert not names[0] & names[2]
    assert len(sides["train"].schema.columns) == 4, "the group is no column to learn"

    change(write_toy(table), declared)
    sides = prepared(tmp_path, label_column="kind", split_column="side")
    lines = {int(source.split(":")[1]) for source in sides["test"].sources.tolist()}
    assert lines == {at + 2 for at in range(sum(COUNTS.values())) if at % 5 == 0}


def one_row_each(lines: list[str]) -> list[str]:
    return [lines[0], lines[1], lines[-1]]


def prose(lines: list[str]) -> list[str]:
    return [f"{lines[0]},note", *(f"{line},the part number {at} fell off" for at, line in enumerate(lines[1:]))]


def measured_label(lines: list[str]) -> list[str]:
    return [lines[0], *(f"{at},{line.partition(',')[2]}" for at, line in enumerate(lines[1:] * 7))]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (one_row_each, "too_few: 1 usable rows, at least 5 are needed"),
        (prose, "note: prose: free text"),
        (measured_label, "'kind' has 539 different numbers"),
        (lambda lines: [lines[0]], "a header and no rows"),
        (
            lambda lines: [line.partition(",")[2] for line in lines],
            "there is no column 'kind', which ingest.label_column",
        ),
        (lambda lines: [lines[0], *(line for line in lines if line.startswith("bolt"))], "only one class"),
        (lambda lines: [lines[0].replace("mass", "length"), *lines[1:]], "`length` stands twice"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(
    tmp_path: Path, table: Path, edit: Callable[[list[str]], list[str]], words: str
) -> None:
    change(table, edit)
    with pytest.raises(AugmentError) as caught:
        prepared(tmp_path, label_column="kind")
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_column_of_numbers_and_texts_is_named_with_its_line(tmp_path: Path, table: Path) -> None:
    change(
        table, lambda lines: [lines[0], *(line.replace(line.split(",")[1], "?!", 1) for line in lines[1:3]), *lines[3:]]
    )
    with pytest.raises(DataError, match=r"length: mixed: 75 numbers and 2 other texts, such as '\?!' in line 2"):
        prepared(tmp_path, label_column="kind")


def test_the_class_is_found_by_its_name_or_asked_for(tmp_path: Path, table: Path) -> None:
    with pytest.raises(DataError, match=r"which column is the class\?.*ingest\.label_column: kind, shape"):
        prepared(tmp_path)
    change(table, lambda lines: [lines[0].replace("kind", "Class"), *lines[1:]])
    assert prepared(tmp_path)["train"].schema.label == "Class"


def test_rows_without_a_label_are_set_aside(tmp_path: Path, table: Path) -> None:
    change(table, lambda lines: [*lines[:3], lines[3].replace("bolt", "", 1), *lines[4:]])
    prepared(tmp_path, label_column="kind")
    (row,) = [row for row in read_csv(tmp_path / "out/manifest.csv") if row["outcome"] == "quarantined"]
    assert (row["code"], row["path"]) == ("no_label", "t.csv:4")


def test_what_is_left_out_is_told(tmp_path: Path, table: Path) -> None:
    change(table, lambda lines: [f"{lines[0]},made", *(f"{line},2024-05-06" for line in lines[1:])])
    prepared(tmp_path, label_column="kind")
    (one,) = read_json(tmp_path / "out/groups.json")["left_out"]
    assert (one["column"], one["code"]) == ("made", "constant")


def test_vectors_are_split_too(tmp_path: Path) -> None:
    rows = toy_rows()
    np.savez(tmp_path / "v.npz", x=rows.values[:, :3], y=rows.labels)
    ingest = check({"ingest": {"source": "vectors", "path": str(tmp_path / "v.npz")}}).ingest
    findings = prepare_rows(ingest, 0, tmp_path / "out")
    assert findings.counts() == COUNTS
    train = RowSet.load(tmp_path / "out/train")
    assert (train.schema.form, [column.name for column in train.schema.columns]) == ("vectors", ["0", "1", "2"])


def test_a_damaged_set_is_named(tmp_path: Path, table: Path) -> None:
    prepared(tmp_path, label_column="kind")
    path = tmp_path / "out/train/rows.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match=r"rows\.npy: damaged"):
        RowSet.load(tmp_path / "out/train")


def test_names_of_classes_and_groups_are_taken_as_they_stand(tmp_path: Path) -> None:
    """`none` for no defect is a class; only a measured value is missing where a program writes so."""
    lines = [f"{['none', 'crack'][at % 2]},{['NA', 'b'][at % 2]}{at % 3},{'NA' if at == 4 else 0.5 * at}"
             for at in range(60)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["defect,lot,size", *lines]))
    ingest = ingest_of(tmp_path / "t.csv", label_column="defect", group_column="lot")
    findings = looked_at(ingest)
    assert findings.counts() == {"crack": 30, "none": 30}
    assert {entry.group for entry in findings.entries if entry.label == "none"} == {"NA0", "NA1", "NA2"}
    assert np.isnan(findings.values).sum() == 1
    assert findings.entries[0].digest == hashlib.sha256(findings.values[0].tobytes()).hexdigest()


def test_columns_with_more_text_than_a_generator_carries_are_told_ahead(tmp_path: Path, table: Path) -> None:
    """Its manifest could be written, and not be read."""

    def widened(lines: list[str]) -> list[str]:
        texts = [f"{'x' * 9000}{number % 50}" for number in range(len(lines))]
        return [lines[0] + ",long", *(f"{line},{text}" for line, text in zip(lines[1:], texts[1:], strict=True))]

    change(table, widened)
    with pytest.raises(
        DataError, match=r"long: much_text: names and texts of 5 columns take 45\d,\d+ bytes, at most 400,"
    ):
        prepared(tmp_path, label_column="kind")
    assert not (tmp_path / "out").exists()


def test_rows_without_any_class_are_told(tmp_path: Path, table: Path) -> None:
    change(table, lambda lines: [lines[0], *("," + line.partition(",")[2] for line in lines[1:])])
    with pytest.raises(DataError, match=r"the column 'kind' is empty in every row; set ingest\.label_column"):
        prepared(tmp_path, label_column="kind")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.arange(90.0), "the array of labels has 90 different numbers, so it measures something"),
        (np.full(90, np.nan), "the array of labels is empty in every row"),
        (np.array(["a", "A", *["b"] * 88]), "class_case_clash"),
    ],
)
def test_labels_of_vectors_are_classes(tmp_path: Path, labels: np.ndarray, words: str) -> None:
    np.savez(tmp_path / "v.npz", x=np.random.default_rng(0).normal(size=(90, 2)), y=labels)
    with pytest.raises(DataError, match=words):
        prepare_rows(
            check({"ingest": {"source": "vectors", "path": str(tmp_path / "v.npz")}}).ingest, 0, tmp_path / "o"
        )


def test_vectors_without_a_class_are_set_aside(tmp_path: Path) -> None:
    labels = np.array([*["a"] * 20, *["b"] * 20, *[""] * 5])
    np.savez(tmp_path / "v.npz", x=np.random.default_rng(0).normal(size=(45, 2)), y=labels)
    findings = looked_at(check({"ingest": {"source": "vectors", "path": str(tmp_path / "v.npz")}}).ingest)
    assert findings.counts() == {"a": 20, "b": 20}
    assert [entry.code for entry in findings.entries].count("no_label") == 5


def test_a_group_that_cannot_be_written_is_told(tmp_path: Path, table: Path) -> None:
    def grouped(lines: list[str]) -> list[str]:
        return [lines[0] + ",who", *(f"{line},{'x' * 1001}" for line in lines[1:])]

    change(table, grouped)
    with pytest.raises(DataError, match=r"t\.csv:2: bad_group: its group 'x+' has 1001 characters"):
        prepared(tmp_path, label_column="kind", group_column="who")


def test_what_is_added_to_a_table_takes_no_name_of_its_columns() -> None:
    columns = tuple(Column(name, "numeric") for name in ("weight", "weight_", "length"))
    assert Schema("table", "kind", columns).added == ("synthetic", "weight__")
    assert Schema("table", "synthetic", columns[2:]).added == ("synthetic_", "weight")
