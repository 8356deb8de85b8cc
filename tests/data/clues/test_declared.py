"""A declared split whose test images were trained on is the person's leak, and is told as one."""

from pathlib import Path

import numpy as np
import pytest

from augment.data.clues.declared import declared_leaks
from augment.data.entries import Entry
from augment.data.near.grouping import NearDuplicates
from tests.data.corpus import encode, look, noise
from tests.data.near.pictures import jpeg, picture


def entry(path: str, given: str, digest: str) -> Entry:
    return Entry(path, path.partition("/")[0], digest=digest, declared_split=given, size=(2, 2), channels=1)


@pytest.mark.parametrize(
    ("sides", "told"),
    [
        (("test", "train"), ["test"]),
        (("test", ""), ["test"]),
        (("test", "val"), ["test"]),
        (("val", "train"), ["val"]),
        (("val", ""), ["val"]),
        (("test", "test"), []),
        (("train", "train"), []),
        (("train", ""), []),
        (("", ""), []),
    ],
)
def test_copies_on_two_declared_sides(sides: tuple[str, str], told: list[str]) -> None:
    exact = [entry("a/0", sides[0], "x"), entry("a/1", sides[1], "x"), entry("a/2", sides[0], "y")]
    notes = declared_leaks(exact, NearDuplicates())
    assert [note.split("declared ")[1].split()[0] for note in notes] == told
    unlike = [entry("a/0", sides[0], "x"), entry("a/1", sides[1], "z"), entry("a/2", sides[0], "y")]
    for near in (NearDuplicates(clusters=[["a/0", "a/1"]]), NearDuplicates(apart=[["a/0", "a/1"]])):
        assert len(declared_leaks(unlike, near)) == len(told)
    assert declared_leaks(unlike, NearDuplicates()) == []


def test_each_image_is_counted_once() -> None:
    entries = [
        entry("a/0", "test", "x"),
        entry("a/1", "train", "x"),
        entry("a/2", "train", "y"),
        entry("a/3", "test", "z"),
    ]
    (note,) = declared_leaks(entries, NearDuplicates(clusters=[["a/0", "a/2"], ["a/2", "a/3"]]))
    assert note.startswith(
        "declared_leak: 2 of 2 images declared test have a copy outside of test "
        "(1 equal and 1 nearly equal; a/0 and a/1)"
    )


def write(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)


def test_ingest_tells_it_of_exact_and_of_near_copies(tmp_path: Path) -> None:
    rows = []
    for number in range(24):
        label = "ab"[number % 2]
        write(tmp_path, f"{label}/train{number}.png", encode(picture(number)))
        rows.append(f"{label}/train{number}.png,train")
        if number < 6:
            copy = picture(number) if number < 4 else np.asarray(jpeg(picture(number), 90))
            write(tmp_path, f"{label}/test{number}.png", encode(copy))
            rows.append(f"{label}/test{number}.png,test")
    (tmp_path / "meta.csv").write_text("\n".join(["path,split", *rows]))
    found = look(tmp_path, size=None, min_per_class=2)
    (note,) = [note for note in found.notes if note.startswith("declared_leak")]
    assert "6 of 6 images declared test have a copy outside of test (4 equal and 2 nearly equal;" in note
    assert "the declared split leaks" in note
    details = {one.path: one.detail for one in found.entries}
    assert details["a/train0.png"] == "equal to a/test0.png, which is declared test"
    (tmp_path / "meta.csv").unlink()
    assert not [note for note in look(tmp_path, size=None).notes if note.startswith("declared_leak")]


def test_a_clean_declaration_is_not_told(tmp_path: Path) -> None:
    rows = [f"{label}/{number}.png,{'test' if number < 4 else 'train'}" for label in "ab" for number in range(12)]
    for number, row in enumerate(rows):
        write(tmp_path, row.partition(",")[0], encode(noise(number)))
    (tmp_path / "meta.csv").write_text("\n".join(["path,split", *rows]))
    assert look(tmp_path).notes == []
