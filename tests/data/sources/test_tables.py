"""Tables of other programs are read as they were meant, and every refusal says the true reason."""

import contextlib
import csv
import io
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.commands import check
from augment.core.errors import DataError
from augment.data.cleaning import examine
from augment.data.entries import Blocker, Entry
from augment.data.prepare import prepare
from augment.data.sources import folder, images_csv, meta
from augment.data.sources.tabular.tables import read_table
from augment.params import Ingest, Params
from tests.data.corpus import write_set

PLAIN = "path,label,group\ncat/0.png,caf\u00e9,p1\ncat/1.png,dog,\n"
CELLS = [{"path": "cat/0.png", "label": "caf\u00e9", "group": "p1"}, {"path": "cat/1.png", "label": "dog", "group": ""}]


def cells(content: bytes, suffix: str = ".csv") -> list[dict[str, str]]:
    return [row.cells for row in read_table(content, suffix, ("path",)).rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(encoding: str, separator: str, end: str) -> None:
    content = PLAIN.replace(",", separator).replace("\n", end).encode(encoding)
    assert cells(content) == CELLS


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\n" + PLAIN.replace(",", ";"),
        "\n\n" + PLAIN + "\n\n,,\n , ,\n",
        ",path,label,group\n0,cat/0.png,caf\u00e9,p1\n1,cat/1.png,dog,\n",
        "path,label,group,,\ncat/0.png,caf\u00e9,p1,,\ncat/1.png,dog,,, \n",
        "path,label,group\ncat/0.png,caf\u00e9,p1,,\ncat/1.png,dog,\n",
        ' Path ,"LABEL", group\ncat/0.png,"caf\u00e9",p1\ncat/1.png,dog,\n',
    ],
)
def test_habits_of_spreadsheets_and_data_frames(text: str) -> None:
    rows = cells(text.encode())
    assert [{name.strip(): cell for name, cell in row.items()} for row in rows] == CELLS


def test_a_record_over_several_lines_is_named_by_its_first() -> None:
    table = read_table(b'path,note\na.png,"x\r\ny"\n\nb.png,z\n', ".csv", ("path",))
    assert [row.line for row in table.rows] == [2, 5]


def test_json_lines() -> None:
    content = b'{"file_name": "a.png", "n": 3, "x": null, "y": NaN, "b": true}\n\n{"File_Name ": "b.png"}\n'
    table = read_table(content, ".jsonl")
    assert [row.line for row in table.rows] == [1, 3]
    assert table.rows[0].cells == {"file_name": "a.png", "n": "3", "x": "", "y": "", "b": "true"}
    assert table.rows[1].cells == {"file_name": "b.png"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "it is a workbook or an archive, not text"),
        (b"\xd0\xcf\x11\xe0rest", "it is an old Excel workbook, not text"),
        (b"\x1f\x8brest", "it is compressed"),
        (b"path\n\0\n", "line 2 holds a NUL byte"),
        ("path\na\n".encode("utf-16-le"), "line 1 holds a NUL byte: it is damaged, or UTF-16 without its mark"),
        ("path\na\n".encode("utf-16")[:-1], "it is not UTF-16"),
        (
            "path\nfoto/\u0444\u043e\u0442\u043e\n".encode("cp1251"),
            "it is not UTF-8, and no Windows-1252 either (line 2)",
        ),
        (b'path\n"a.png\n', "line 2: a quote that nothing closes"),
        (b'path\nx\n"a"b\n', "line 3: ',' expected after '\"'"),
        (b"path\n" + b"x" * 200_000, "line 2: field larger than field limit"),
        (b"path,,b\na.png,1,2\n", "line 2 has a cell in column 2, which has no name in the header"),
        (b"path,x,x\na.png,1,2\n", "the column `x` stands twice"),
        (b'[{"path": "a.png"}]', "it is JSON, not cells with separators"),
        (b"<!DOCTYPE html><html></html>", "it is a web page, not cells with separators"),
    ],
)
def test_a_refusal_says_the_true_reason(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_table(content, ".csv", ("path",))


@pytest.mark.parametrize("line", ["[1]", "3", "{", "[" * 100_000, '{"a": ' + "1" * 5000 + "}"])
def test_lines_that_are_no_objects(line: str) -> None:
    with pytest.raises(ValueError, match=r"JSON"):
        read_table(line.encode(), ".jsonl")


@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))] * 2), min_size=1)
)
def test_every_table_comes_back_as_it_was_written(rows: list[tuple[str, str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("path", "group"), *rows])
    kept = [row for row in rows if any(map(str.strip, row))]
    assert cells(stream.getvalue().encode()) == [{"path": path, "group": group} for path, group in kept]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(content: bytes) -> None:
    for suffix in (".csv", ".jsonl"):
        with contextlib.suppress(ValueError):
            assert read_table(content, suffix) is not None


def listed(root: Path, text: str | bytes) -> tuple[list[Entry], list[Blocker]]:
    write_set(root)
    (root / "images.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    entries, blockers = images_csv.listing(root)
    return entries[1:], blockers


@pytest.mark.parametrize(
    ("cell", "code", "words"),
    [
        ("cat\\0.png", "", ""),
        ("cat//0.png", "", ""),
        ("  cat/0.png ", "", ""),
        ("A/1.png", "missing", "there is no such file"),
        ("CAT/0.PNG", "missing", "there is no such file; cat/0.png is there"),
        ("cat/0", "missing", "there is no such file; cat/0.png is there"),
        ("cat/0.jpg", "missing", "there is no such file; cat/0.png is there"),
        ("https://example.org/cat/0.png", "missing", "it is an address; download the file"),
        ("C:\\set\\cat\\0.png", "missing", "it is a path of a Windows computer; write where the file is here"),
        ("\\\\server\\set\\0.png", "missing", "it is a path of a Windows computer"),
        ("~/cat/0.png", "missing", "`~` is not replaced"),
        ("cat/" + "x" * 5000, "unreadable", "File name too long"),
        ("x/" * 5000, "missing", "there is no such file"),
    ],
)
def test_what_the_path_of_a_row_means(tmp_path: Path, cell: str, code: str, words: str) -> None:
    entries, blockers = listed(tmp_path, f"path,label\n{cell},cat\ndog/0.png,dog\n")
    assert blockers == []
    assert entries[0].code == code
    assert words in entries[0].detail
    assert entries[1].outcome == "ok", "the fault of a row is that row's"


def test_the_literal_name_comes_first(tmp_path: Path) -> None:
    entries, _ = listed(tmp_path, "path,label\ncat\\0.png,cat\ndog/0.png,dog\n")
    assert entries[0].path == "cat/0.png"
    (tmp_path / "cat\\0.png").write_bytes((tmp_path / "cat/1.png").read_bytes())
    (entry, _), _ = images_csv.listing(tmp_path)[0][1:], None
    assert (entry.path, entry.location) == ("cat\\0.png", str(tmp_path.resolve() / "cat\\0.png"))


def test_letters_composed_otherwise_are_found(tmp_path: Path) -> None:
    write_set(tmp_path, ("cafe\u0301", "dog"))
    (tmp_path / "images.csv").write_text("path,label\ncaf\u00e9/0.png,x\ndog/0.png,y\n")
    entries, _ = images_csv.listing(tmp_path)
    assert {entry.outcome for entry in entries[1:]} == {"ok"}


def test_a_table_none_of_whose_files_is_found_says_why(tmp_path: Path) -> None:
    _, blockers = listed(tmp_path, "path,label\nCat/0.png,cat\nDog/0.png,dog\n")
    assert "none of its files is found (Cat/0.png, Dog/0.png): there is no such file; cat/0.png is there" in str(
        blockers[0]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\ncat/0.png,cat\ndog/0.png,NaN\n", "line 3: no label ('NaN')"),
        ("path,label\ncat/0.png,cat\ndog/0.png,\n", "line 3: no label"),
        ("filename,label\ncat/0.png,cat\n", "no column `path` in its header (filename, label); rename `filename`"),
        ("path,class\ncat/0.png,cat\n", "no column `label` in its header (path, class); rename `class`"),
        (
            'path,label,group\ncat/0.png,cat,"a\rb"\ndog/0.png,dog,\n',
            "line 2: its group 'a\\rb' holds a carriage return",
        ),
        (f"path,label,group\ncat/0.png,cat,{'x' * 2000}\ndog/0.png,dog,\n", "line 2: its group has 2000 characters"),
        (f"path,label\ncat/0.png,{'x' * 2000}\ndog/0.png,dog\n", "line 2: its label has 2000 characters"),
    ],
)
def test_a_row_at_fault_is_named(tmp_path: Path, text: str, words: str) -> None:
    _, blockers = listed(tmp_path, text)
    assert blockers[0].code == "bad_list"
    assert words in blockers[0].message


def test_check_and_ingest_agree_on_groups(tmp_path: Path) -> None:
    """What prepare cannot write, examine names."""
    write_set(tmp_path / "set", each=8)
    for number, group in enumerate(
        ['"a\rb"', '"a\r"', '"\r\n"', '"a\nb"', "'=1", "\u202ea", '"a""b"', "x" * 1000, "-"]
    ):
        (tmp_path / "set/meta.csv").write_bytes(f"path,group\r\ncat/0.png,{group}\r\ncat/1.png,{group}\r\n".encode())
        stopped = bool(check.inspect(tmp_path / "set", Params()).blockers)
        assert stopped == (number == 0)
        raises = pytest.raises(DataError, match=r"line 2: its group .* holds a carriage return")
        with raises if stopped else contextlib.nullcontext():
            prepare(Ingest(source="folder", path=str(tmp_path / "set")), 0, tmp_path / f"out{number}")


def test_groups_that_would_merge_as_json_escapes_are_refused(tmp_path: Path) -> None:
    write_set(tmp_path)
    for group in ("p\0", "p\ud800", "p\rq"):
        lines = [{"file_name": "cat/0.png", "group": "a" + group + "b"}]
        (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
        assert [(b.path, b.code) for b in examine(Ingest(source="folder", path=str(tmp_path))).blockers] == [
            ("metadata.jsonl", "bad_meta")
        ]


def hugging_face(root: Path, text: str, name: str = "metadata.csv") -> tuple[dict[str, Entry], list[Blocker]]:
    write_set(root)
    (root / name).write_text(text)
    entries, blockers, _ = folder.folder(root)
    assert not blockers
    return {entry.path: entry for entry in entries}, meta.apply(root, entries)


def test_the_table_of_hugging_face_is_read(tmp_path: Path) -> None:
    text = "file_name,split,group,caption\ncat/0.png,train,p1,a cat\ndog/0.png,validation,,a dog\n"
    entries, blockers = hugging_face(tmp_path, text)
    assert not blockers
    assert (entries["cat/0.png"].declared_split, entries["cat/0.png"].group) == ("train", "p1")
    assert entries["dog/0.png"].declared_split == "val"
    assert entries["metadata.csv"].code == "meta"


def test_as_json_lines_too(tmp_path: Path) -> None:
    lines = [
        {"file_name": f"{label}/0.png", "split": "test", "label": number} for number, label in enumerate(("cat", "dog"))
    ]
    entries, blockers = hugging_face(tmp_path, "\n".join(map(json.dumps, lines)), "metadata.jsonl")
    assert not blockers, "its labels are other names of the folders"
    assert [entries[f"{label}/0.png"].declared_split for label in ("cat", "dog")] == ["test", "test"]


@pytest.mark.parametrize(
    "rows", ["cat/0.png,dog\ndog/0.png,cat\n", "cat/0.png,0\ncat/1.png,1\ndog/0.png,1\n", "cat/0.png,1\ndog/0.png,1\n"]
)
def test_labels_that_contradict_the_folders_stop(tmp_path: Path, rows: str) -> None:
    _, blockers = hugging_face(tmp_path, f"file_name,label\n{rows}")
    assert {blocker.code for blocker in blockers} == {"label_conflict"}


def test_meta_csv_goes_before_and_another_table_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "meta.csv").write_text("path,group\ncat/0.png,p1\n")
    entries, blockers = hugging_face(tmp_path, "file_name,group\ncat/0.png,other\n")
    assert not blockers
    assert entries["cat/0.png"].group == "p1"
    (tmp_path / "meta.csv").unlink()
    entries, blockers = hugging_face(tmp_path, "id,value\n1,2\n")
    assert not blockers
    assert entries["metadata.csv"].code == "root_file"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("CAT/0.png", "(CAT/0.png); of CAT/0.png: there is no such file; cat/0.png is there; correct or delete"),
        ("C:\\x\\cat\\0.png", "a path of a Windows computer; write where the file is here; cat/0.png is there"),
        ("http://x.org/0.png", "it is an address; download the file"),
        ("cat/7.png", "1 files are not in the folder (cat/7.png); correct or delete the rows"),
        ("cat/" + "x" * 9000, "1 files are not in the folder"),
    ],
)
def test_a_path_of_meta_csv_that_is_not_there(tmp_path: Path, cell: str, words: str) -> None:
    write_set(tmp_path)
    (tmp_path / "meta.csv").write_text(f"path,group\n{cell},p1\n")
    entries, *_ = folder.folder(tmp_path)
    (blocker,) = meta.apply(tmp_path, entries)
    assert words in blocker.message


def test_a_backslash_that_belongs_to_a_name(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "cat/0.png").rename(tmp_path / "cat/a\\b.png")
    (tmp_path / "meta.csv").write_text("path,group\ncat/a\\b.png,p1\ncat\\1.png,p2\n")
    entries, *_ = folder.folder(tmp_path)
    assert meta.apply(tmp_path, entries) == []
    assert Counter(entry.group for entry in entries if entry.group) == {"p1": 1, "p2": 1}
