"""Files are whole or absent, and their names safe."""

import contextlib
import csv
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core import files
from augment.core.errors import DataError, StoreError
from augment.core.files import (
    exclusive,
    folder_name,
    read_csv,
    read_file,
    sha256_json,
    slug,
    sweep_temporaries,
    write_bytes,
    write_csv,
    write_json,
)
from augment.params.yaml_text import parse_yaml


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
@pytest.mark.parametrize("durable", [True, False])
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, durable: bool
) -> None:
    if broken == "fsync" and not durable:
        return
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if broken == "write":
        monkeypatch.setattr(os, "fdopen", fail)
    elif broken == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match=r"file: could not write 3 bytes \(No space left on device\)"):
        write_bytes(path, b"new", durable=durable)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A file-size limit stands for the full disk: the kernel refuses the write."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    code = f"""
import resource, signal, sys
from pathlib import Path
from augment.core.errors import DataError, StoreError
from augment.core.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path({str(path)!r}), bytes(100_000))
except StoreError as error:
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_only_own_temporaries_are_swept(tmp_path: Path) -> None:
    for name in (".a.x.tmp", "b.tmp", ".c"):
        (tmp_path / name).write_text("")
    sweep_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c", "b.tmp"]


def test_temporaries_are_swept_in_a_folder_and_beside_a_file(tmp_path: Path) -> None:
    long = "x" * 60
    (tmp_path / "folder/deep").mkdir(parents=True)
    mine = [f".{long[:40]}.a.tmp", "folder/.c.b.tmp", "folder/deep/.d.c.tmp"]
    others = [".other.a.tmp", f".{long[:39]}.a.tmp", "folder/deep/d.tmp", "folder/.d"]
    for name in (*mine, *others):
        (tmp_path / name).write_text("")
    sweep_temporaries(tmp_path / long)
    sweep_temporaries(tmp_path / "folder")
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(others)
    sweep_temporaries(tmp_path / "gone/file")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path / "f"), pytest.raises(StoreError, match="another run"), exclusive(tmp_path / "f"):
        pass
    with exclusive(tmp_path / "f"):
        pass


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


def test_json_is_the_same_for_the_same_value(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": 1, "a": [1.5, "é"]})
    write_json(tmp_path / "b", {"a": [1.5, "é"], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sha256_json({"b": 1, "a": 2}) == sha256_json(json.loads('{"a": 2, "b": 1}'))
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "c", float("nan"))


def test_only_a_regular_file_is_read_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"abc")
    assert read_file(tmp_path / "file", 3) == b"abc"
    for name, words in (("pipe", "not a regular file"), ("file", "3 bytes where at most 2"), (".", "directory")):
        with pytest.raises(OSError, match=words):
            read_file(tmp_path / name, 2)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some disk space"),
        (errno.EACCES, "Make the folder writable"),
        (errno.EROFS, "Make the folder writable"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EIO, "Look at that folder"),
    ],
)
def test_the_advice_fits_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    for action in (lambda: write_bytes(tmp_path / "a", b""), lambda: exclusive(tmp_path).__enter__()):
        with pytest.raises(StoreError, match=advice):
            action()


def test_a_file_in_a_folders_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file/inside", tmp_path / "folder"):
        with pytest.raises(StoreError, match="move one of them away, then run the same command again") as caught:
            write_bytes(path, b"")
        assert "disk space" not in str(caught.value)


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
    (tmp_path / "cut.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(DataError, match=r"cut\.csv: cut short or damaged\. Run `dvc repro`"):
        read_csv(tmp_path / "cut.csv")


LABELS = st.text(min_size=1, max_size=120) | st.sampled_from(["con", "NUL.txt", "..", ".hidden", "a/b", "a\\b", "a b"])


def digest(label: str) -> str:
    return hashlib.sha256(label.encode("utf-8", "surrogateescape")).hexdigest()[:6]


@pytest.mark.parametrize("label", ["bag", "0", "a-b-2", "x" * 48])
def test_a_safe_label_is_its_own_slug(label: str) -> None:
    assert slug(label) == label


@pytest.mark.parametrize(
    ("label", "base"),
    [
        ("Bag", "bag"),
        ("Größe 7", "groe-7"),
        ("a/b", "a-b"),
        ("../../etc", "etc"),
        ("$(rm -rf ~)", "rm-rf"),
        ("猫", "class"),
        ("x" * 49, "x" * 40),
        ("", "class"),
        ("caf\udce9", "caf"),
    ],
)
def test_another_label_gets_a_base_and_its_hash(label: str, base: str) -> None:
    assert slug(label) == f"{base}-{digest(label)}"


@given(LABELS)
def test_a_slug_is_always_safe(label: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,48}", slug(label))


@given(st.lists(LABELS, min_size=2, max_size=6, unique=True))
def test_two_labels_never_share_a_slug_by_their_look(labels: list[str]) -> None:
    variants = [variant for label in labels for variant in (label, label + " ", label.upper())]
    assert len({slug(label) for label in variants}) == len(set(variants))


@pytest.mark.parametrize("label", ["bag", "Größe 7", "猫", "a'b", "a;b&c $(x)", "x" * 100, "a.b", "conical", "com10"])
def test_a_usable_label_stays_the_folders_name(label: str) -> None:
    assert folder_name(label) == label


@pytest.mark.parametrize(
    "label",
    [
        "", ".", "..", ".hidden", "-X", "end ", "end.", "a/b", "a\\b", "a:b", 'a"b', "a*b", "a?b", "a|b", "a<b", "a\nb",
        "Con", "NUL", "nul.txt", "Com1", "lpt9.tar", "x" * 101, "猫" * 70, "a\u202eb", "a\x7fb",
        "manifest.csv", "MANIFEST.csv",
    ],
)  # fmt: skip
def test_another_becomes_the_slug(label: str) -> None:
    assert folder_name(label) == slug(label) != label


@given(LABELS)
def test_a_folder_name_is_one_part_of_a_path_everywhere(label: str) -> None:
    name = folder_name(label)
    assert PurePosixPath("root", name).parts == ("root", name)
    assert PureWindowsPath("root", name).parts == ("root", name)
    assert name == name.strip(" .-") or name == slug(label)
    assert len(name.encode()) <= 200


def test_yaml_is_that_of_1_2_and_mistakes_are_value_errors() -> None:
    assert parse_yaml("a: [no, 012, null]\n") == {"a": ["no", 12, None]}
    for text in ("a: [", "a: {" * 5000, "a: 1\na: 2"):
        with pytest.raises(ValueError, match=r"^\S.*\S$"):
            parse_yaml(text)
