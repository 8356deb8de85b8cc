"""meta.csv is honoured, and contradictions are named by line."""

from pathlib import Path

import pytest

from augment.data.entries import Blocker, Entry
from augment.data.sources import folder, meta
from tests.data.corpus import write_set


def apply(root: Path, content: str | bytes) -> tuple[dict[str, Entry], list[Blocker]]:
    write_set(root)
    (root / "meta.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    entries, blockers, *_ = folder.folder(root)
    assert not blockers
    blockers = meta.apply(root, entries)
    return {entry.path: entry for entry in entries}, blockers


def test_columns_reach_the_entries(tmp_path: Path) -> None:
    text = "\ufeffpath,class,split,group,camera\r\ncat/0.png,cat,train,p1,x\r\n./dog\\1.png,,test,p2,\r\n"
    entries, blockers = apply(tmp_path, text)
    assert not blockers
    assert (entries["cat/0.png"].declared_split, entries["cat/0.png"].group) == ("train", "p1")
    assert (entries["dog/1.png"].declared_split, entries["dog/1.png"].group) == ("test", "p2")
    assert (entries["dog/2.png"].declared_split, entries["dog/2.png"].group) == ("", "")
    assert entries["meta.csv"].outcome == "ignored"


def test_a_name_like_a_column_that_is_there_is_only_another_column(tmp_path: Path) -> None:
    entries, blockers = apply(tmp_path, "path,group,groups,subset\ncat/0.png,p1,x,y\n")
    assert not blockers
    assert entries["cat/0.png"].group == "p1"


@pytest.mark.parametrize("name", ["Meta.csv", "META.CSV"])
def test_another_spelling_of_the_file_is_not_passed_over(tmp_path: Path, name: str) -> None:
    write_set(tmp_path)
    (tmp_path / name).write_text("path,group\ncat/0.png,p1\n")
    entries, _, *_ = folder.folder(tmp_path)
    (blocker,) = meta.apply(tmp_path, entries)
    assert blocker.message == f"{name} is not read; rename it to meta.csv, or take it away"


def test_path_alone_is_enough_and_rows_may_repeat(tmp_path: Path) -> None:
    assert apply(tmp_path, "path\ncat/0.png\ncat/0.png\n")[1] == []


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "no column `path`"),
        ("path,class,split,groups\ncat/0.png,cat,train,p1\n", "its column `groups` is not read; rename it to `group`"),
        ("path,group_id\ncat/0.png,p1\n", "its column `group_id` is not read; rename it to `group`"),
        ("path,splits\ncat/0.png,test\n", "its column `splits` is not read; rename it to `split`"),
        ("path,split,group,Split\ncat/0.png,test,a,train\n", "the column `split` stands twice in its header"),
        ("image;split\ncat/0.png;train\n", "no column `path` in its header (image, split)"),
        ("path,split\ncat/0.png,training\n", "line 2: split 'training'; allowed are train, val, test or empty"),
        ("path,split\ncat/9.png,train\n../x.png,\n", "2 files are not in the folder (cat/9.png, ../x.png)"),
        ("path,split\ncat/0.png,train\ncat/0.png,test\n", "lines 2 and 3 disagree about cat/0.png"),
        ("path,split\ncat/0.png,train,more\n", "line 2 has more cells than the header"),
        (b"path\ncat/\x81.png\n", "it is not UTF-8, and no Windows-1252 either (line 2)"),
        (b'path\n"cat/0.png\n', "meta.csv"),
        (b"path\n\0\n", "meta.csv"),
    ],
)
def test_bad_tables(tmp_path: Path, content: str | bytes, part: str) -> None:
    entries, blockers = apply(tmp_path, content)
    assert {(blocker.path, blocker.code) for blocker in blockers} == {("meta.csv", "bad_meta")}
    assert part in blockers[0].message
    assert entries["meta.csv"].outcome == "stop"


def test_class_that_contradicts_the_folder(tmp_path: Path) -> None:
    entries, blockers = apply(tmp_path, "path,class\ncat/0.png,dog\ndog/0.png,dog\n")
    assert [(blocker.path, blocker.code) for blocker in blockers] == [("cat/0.png", "label_conflict")]
    assert "meta.csv says 'dog', the folder 'cat' (line 2)" in blockers[0].message
    assert (entries["cat/0.png"].outcome, entries["dog/0.png"].outcome) == ("stop", "ok")


def test_a_table_that_cannot_be_opened_is_not_passed_over(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "meta.csv").symlink_to("nowhere")
    entries, _, *_ = folder.folder(tmp_path)
    assert [blocker.code for blocker in meta.apply(tmp_path, entries)] == ["bad_meta"]


def test_composed_and_decomposed_letters_are_one_name(tmp_path: Path) -> None:
    write_set(tmp_path, ("cafe\u0301", "dog"))
    (tmp_path / "meta.csv").write_text("path,class,split\ncaf\u00e9/0.png,caf\u00e9,val\n")
    entries, _, *_ = folder.folder(tmp_path)
    assert meta.apply(tmp_path, entries) == []
    assert [entry.path for entry in entries if entry.declared_split == "val"] == ["cafe\u0301/0.png"]
