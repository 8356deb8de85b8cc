"""Folders: what is a class, what stops a run, what is left alone."""

import os
from pathlib import Path

import pytest

from augment.data.sources import disk, folder
from tests.data.corpus import encode, noise, write_set


def codes(root: Path) -> dict[str, str]:
    return {blocker.path: blocker.code for blocker in folder.folder(root)[1]}


def test_classes_are_the_top_folders(tmp_path: Path) -> None:
    write_set(tmp_path, ("-rf", "CON", "a b", "; $(touch x) `y`", "${x}@%'\"", "猫 🐈", "x" * 255, "...")[:-1])
    entries, blockers, *_ = folder.folder(tmp_path)
    assert not blockers
    assert {entry.label for entry in entries} == {path.name for path in tmp_path.iterdir()}
    assert len(entries) == 7 * 6


def test_documents_in_the_root_are_ignored(tmp_path: Path) -> None:
    write_set(tmp_path)
    for name in ("README.md", "LICENSE", "meta.csv", "SOURCE", "all.zip", ".gitignore", "notes.json"):
        (tmp_path / name).write_text("path\n")
    entries, blockers, *_ = folder.folder(tmp_path)
    assert not blockers
    assert {entry.code for entry in entries if "/" not in entry.path} == {"root_file", "meta", "hidden"}
    assert all(entry.outcome == "ignored" for entry in entries if "/" not in entry.path)


def test_loose_images_stop(tmp_path: Path) -> None:
    write_set(tmp_path)
    for name in ("a.png", "b.JPG", "no_extension", "photo.heic"):
        (tmp_path / name).write_bytes(encode(noise(1)))
    entries, blockers, *_ = folder.folder(tmp_path)
    assert [blocker.code for blocker in blockers] == ["loose_files"]
    assert "4 images" in blockers[0].message
    assert "a.png, b.JPG, no_extension, ..." in blockers[0].message
    assert sum(entry.outcome == "stop" for entry in entries) == 4


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("Cat", "cat"), "class_case_clash"),
        (("stra\u00dfe", "STRASSE"), "class_case_clash"),
        (("caf\u00e9", "cafe\u0301"), "class_unicode_clash"),
        (("good", "good "), "class_blank_clash"),
        (("a  b", "A b"), "class_blank_clash"),
        (("a\u00a0b", "a\u2003b"), "class_blank_clash"),
        (("dent", "de\u200bnt"), "class_blank_clash"),
        (("dent", "\u2060dent"), "class_blank_clash"),
        (("dent", "den\u00adt"), "class_blank_clash"),
        (("dent", "dent\ufe0f"), "class_blank_clash"),
        (("\uff24\uff25\uff2e\uff34", "dent"), "class_blank_clash"),
        (("\u30ab\u30bf", "\uff76\uff80"), "class_blank_clash"),
        (("x\u3164", "x"), "class_blank_clash"),
        (("a\u2800b", "a b"), "class_blank_clash"),
    ],
)
def test_labels_that_look_alike(tmp_path: Path, names: tuple[str, str], code: str) -> None:
    write_set(tmp_path, (*names, "other"))
    assert codes(tmp_path) == dict.fromkeys(names, code)


def test_labels_that_are_different_things(tmp_path: Path) -> None:
    write_set(tmp_path, ("ab", "a b", "a-b", "a_b", "\u00e4", "a", "1", "01"))
    assert codes(tmp_path) == {}


def test_a_label_of_nothing_to_see(tmp_path: Path) -> None:
    write_set(tmp_path, ("\u200b\ufe0f", "dent", "good"))
    assert "class_bad_name" in codes(tmp_path).values()


def test_labels_that_cannot_be_written(tmp_path: Path) -> None:
    write_set(tmp_path, ("a\nb", os.fsdecode(b"caf\xe9"), "ok"))
    assert codes(tmp_path) == {"a\\nb": "class_bad_name", "caf\\xe9": "class_bad_name"}


def test_hidden_folders_are_no_classes(tmp_path: Path) -> None:
    write_set(tmp_path, ("a", "b", ".cache", "__MACOSX"))
    entries, blockers, *_ = folder.folder(tmp_path)
    assert not blockers
    assert {entry.path.split("/")[0] for entry in entries if entry.outcome == "ignored"} == {".cache", "__MACOSX"}


def test_folders_without_images(tmp_path: Path) -> None:
    write_set(tmp_path, ("a", "b"))
    (tmp_path / "c").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / ".DS_Store").touch()
    assert codes(tmp_path) == {"c": "empty_class", "d": "empty_class"}


def test_one_class(tmp_path: Path) -> None:
    write_set(tmp_path, ("a",))
    assert codes(tmp_path) == {str(tmp_path): "one_class"}


def test_paths_that_are_no_folder_of_classes(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "a.txt").touch()
    (tmp_path / "loop").symlink_to("loop")
    expected = {"empty": "empty", "a.zip": "archive", "a.txt": "not_a_folder", "none": "missing", "loop": "unreadable"}
    for name, code in expected.items():
        assert codes(tmp_path / name) == {str(tmp_path / name): code}
    assert "unzip a.zip" in folder.folder(tmp_path / "a.zip")[1][0].message


def test_unreadable_folder_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path)
    (tmp_path / "cat" / "inner").mkdir()
    (tmp_path / ".inner").mkdir()
    real = os.listdir

    def refuse(path: str):
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert codes(tmp_path) == {"cat/inner": "unreadable"}


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    write_set(tmp_path)
    depths = [tmp_path / "cat" / "/".join("d" * depth) for depth in range(1, 1100)]
    for path in depths:
        path.mkdir()
    try:
        assert len(folder.folder(tmp_path)[0]) == 12
    finally:
        for path in reversed(depths):  # deeper than what others can delete
            path.rmdir()


def test_names_that_dvc_cannot_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path)
    os.mkfifo(tmp_path / "cat" / ".pipe")
    (tmp_path / "cat" / "gone.png").symlink_to("nowhere")
    (tmp_path / "cat" / "self.png").symlink_to("self.png")
    (tmp_path / "cat" / "up").symlink_to("..")
    (tmp_path / "cat" / os.fsdecode(b"\xe9.png")).touch()
    (tmp_path / "cat" / "new\nline.png").touch()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "3.png" and real(path, mode))
    hazards = dict(disk.dvc_hazards(tmp_path))
    names = {".pipe", "gone.png", "self.png", "\\xe9.png", "3.png"}
    assert set(hazards) == {f"cat/{name}" for name in names} | {"dog/3.png"}
    assert "forever" in hazards["cat/.pipe"]
