"""images.csv: images anywhere on disk, every row accounted for, contradictions named by line."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.commands import check, setup
from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.sources import folder, images_csv
from augment.params import Ingest, Params, load
from tests.data.corpus import encode, noise, write_set


def write(root: Path, text: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "images.csv").write_text(text)
    return root / "images.csv"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two classes of ten images that lie in two places outside the table's folder."""
    write_set(tmp_path / "far", ("cat", "dog"), each=10)
    rows = [f"{tmp_path}/far/cat/{n}.png,a cat,p{n // 2},{'test' if n < 4 else ''}" for n in range(10)]
    rows += [f"../far/dog/{n}.png,a dog,,{'test' if n < 3 else ''}" for n in range(10)]
    return write(tmp_path / "lists", "path,label,group,split,camera\n" + "\n".join(f"{row},x" for row in rows) + "\n")


def test_rows_become_the_images_that_they_name(table: Path, tmp_path: Path) -> None:
    found = prepare(Ingest(source="list", path=str(table)), 0, tmp_path / "out")
    rows = read_csv(tmp_path / "out" / "manifest.csv")
    assert Counter(row["outcome"] for row in rows) == {"ok": 20, "ignored": 1}
    test = ImageSet.load(tmp_path / "out" / "test")
    assert test.counts() == {"a cat": 4, "a dog": 3}
    for image, source in zip(test.images, test.sources, strict=True):
        assert np.array_equal(image.transpose(1, 2, 0), np.asarray(Image.open(table.parent / source)))
    groups: dict[str, set[str]] = {}
    for entry in found.usable:
        groups.setdefault(entry.group, set()).add(entry.split)
    assert {name for name in groups if name.startswith("p")} == {"p0", "p1", "p2", "p3", "p4"}
    assert all(len(sides) == 1 for sides in groups.values())


def test_the_folder_of_the_table_is_enough(table: Path) -> None:
    assert images_csv.listing(table.parent) == images_csv.listing(table)


def test_missing_and_damaged_images_are_quarantined(table: Path, tmp_path: Path) -> None:
    (tmp_path / "far/cat/0.png").unlink()
    (tmp_path / "far/dog/0.png").write_bytes(b"")
    (tmp_path / "far/dog/1.png").unlink()
    (tmp_path / "far/dog/1.png").symlink_to("2.png")
    os.mkfifo(tmp_path / "far/pipe")
    table.write_text(table.read_text() + "../far/pipe,a cat,,,\n../far,a cat,,,\n")
    entries = {entry.path: (entry.outcome, entry.code) for entry in sources_of(table)}
    assert entries[f"{tmp_path}/far/cat/0.png"] == ("quarantined", "missing")
    assert entries["../far/dog/0.png"] == ("quarantined", "empty_file")
    assert entries["../far/pipe"] == entries["../far"] == ("quarantined", "not_regular")
    assert entries["../far/dog/2.png"] == ("fixed", "dedup")  # the link, declared test too, leads to it
    assert len(entries) == 23


def sources_of(table: Path) -> list:
    return check.inspect(table, Params()).entries


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column `path` in its header (empty file)"),
        ("path,class\na.png,x\n", "no column `label`"),
        ("path,label\n", "it holds no rows"),
        ("path,label\na.png,x\na.png,y\n", "lines 2 and 3 disagree about a.png"),
        ("path,label,split\na.png,x,\n./a.png,x,test\n", "lines 2 and 3 disagree about ./a.png"),
        ("path,label,split\na.png,x,training\n", "line 2: split 'training'; allowed are train, val, test or empty"),
        ("path,label\na.png,\n,x\n", "line 2: no label"),
        ("path,label\na.png,x\n,x\n", "line 3: no path"),
        (
            "path,label\nb.png,x\nc.png,y\n",
            "none of its files is found (b.png, c.png): there is no such file; paths start from",
        ),
        ("path,label\na.png,x,more\n", "line 2 has more cells than the header"),
        ("path,label\na.png,x\n", "one_class"),
        ("path,label\na.png,x\na.png,X\n", "upper and lower case"),
    ],
)
def test_bad_tables_are_named_by_line(tmp_path: Path, text: str, words: str) -> None:
    table = write(tmp_path, text)
    (tmp_path / "a.png").write_bytes(encode(noise(1)))
    with pytest.raises(DataError) as caught:
        prepare(Ingest(source="list", path=str(tmp_path)), 0, tmp_path / ".out")
    assert words in str(caught.value)
    assert str(table) in str(caught.value)


@pytest.mark.parametrize("content", [b"path,label\ncaf\xe9.png,x\n", b"path,label\na\0b.png,x\n"])
def test_bytes_that_are_no_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images.csv").write_bytes(content)
    entries, blockers = images_csv.listing(tmp_path)
    assert [blocker.code for blocker in blockers if blocker.code == "bad_list"]
    assert all(entry.outcome != "ok" for entry in entries)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        ((entries, blockers),) = [images_csv.listing(path)]
        assert entries == []
        assert "set ingest.path to the table" in blockers[0].message


def test_check_and_init_know_a_list(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.detect(table) == folder.detect(table.parent) == folder.detect(tmp_path / "no.csv") == "list"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("ingest:\n  source: digits\n")
    for given in ("lists", "lists/images.csv"):
        assert setup.run(Path(given)) == 0
        settled = load(tmp_path / "params.yaml").ingest
        assert (settled.source, settled.path, settled.color) == ("list", "lists/images.csv", "rgb")
    assert "20 usable images, 2 classes" in capsys.readouterr().out
    settled_params = load(tmp_path / "params.yaml")
    for given in ("lists", "lists/images.csv"):
        assert check.as_dict(check.inspect(Path(given), settled_params))["classes"] == {"a cat": 10, "a dog": 10}
