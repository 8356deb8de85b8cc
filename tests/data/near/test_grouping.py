"""Near duplicates among entries: one group, the declared test first, and a stop where a cluster is too large."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.commands.check import as_dict, as_text
from augment.core.errors import DataError
from augment.core.files import sha256
from augment.data.entries import Entry
from augment.data.findings import Findings
from augment.data.near import grouping
from augment.data.near.grouping import NearDuplicates, group_near_duplicates
from augment.data.prepare import _groups, prepare
from augment.params import Ingest
from tests.data.corpus import encode, look
from tests.data.near.pictures import COPIES, jpeg, picture


def entry(path: str, pixels: np.ndarray, given: str = "", named: str = "") -> Entry:
    pixels = np.ascontiguousarray(pixels)
    return Entry(path, path.partition("/")[0], pixels=pixels, size=pixels.shape[:2], channels=3,
                 digest=sha256(pixels.tobytes()), declared_split=given, group=named)  # fmt: skip


def copies(*givens: str, first: str = "", label: str = "a") -> list[Entry]:
    """a/0 is a picture with the split `first`, a/1 and so on copies of it; then others."""
    entries = [entry(f"{label}/0", picture(0), first)]
    entries += [entry(f"{label}/{i + 1}", jpeg(picture(0), 95 - i), given) for i, given in enumerate(givens)]
    return entries + [entry(f"b/{seed}", picture(seed)) for seed in range(1, 7)]


def test_copies_share_the_group_of_the_first() -> None:
    entries = copies("", "")
    near, blockers = group_near_duplicates(entries)
    assert blockers == []
    assert near == NearDuplicates([["a/0", "a/1", "a/2"]], searched=True)
    assert [one.group for one in entries] == ["a/0"] * 3 + [""] * 6
    assert {one.outcome for one in entries} == {"ok"}
    assert {one.code for one in entries} == {""}
    assert all(one.detail.startswith("nearly equal to a/") for one in entries[:3])
    assert not any(one.detail for one in entries[3:])


def test_a_declared_group_takes_its_copies_in_and_keeps_its_name() -> None:
    entries = copies("", "")
    entries[1].group = "part 7"
    group_near_duplicates(entries)
    assert [one.group for one in entries[:3]] == ["part 7"] * 3


def test_declared_groups_are_the_persons_word(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = copies("", "")
    for number, one in enumerate(entries):
        one.group = f"part {number}"
    monkeypatch.setattr(grouping, "near_duplicate_pairs", lambda *_: pytest.fail("there is nothing to search"))
    assert group_near_duplicates(entries) == (NearDuplicates(), [])
    assert [one.group for one in entries] == [f"part {number}" for number in range(9)]


@pytest.mark.parametrize(
    ("first", "givens", "kept"),
    [
        ("test", ("train", ""), ["a/0"]),
        ("train", ("test", "test"), ["a/1", "a/2"]),
        ("train", ("val", ""), ["a/1"]),
        ("val", ("test", "train"), ["a/1"]),
        ("train", ("", "train"), ["a/0", "a/1", "a/2"]),
    ],
)
def test_of_copies_on_declared_sides_those_in_test_stay(first: str, givens: tuple[str, ...], kept: list[str]) -> None:
    entries = copies(*givens, first=first)
    near, _ = group_near_duplicates(entries)
    assert [one.path for one in entries if one.usable and one.label == "a"] == kept
    left_out = [one for one in entries if not one.usable]
    assert near.left_out == [one.path for one in left_out]
    assert {(one.outcome, one.code) for one in left_out} <= {("quarantined", "near_duplicate")}
    assert all(one.detail.startswith("nearly equal to a/") and "is declared" in one.detail for one in left_out)
    assert {one.group for one in entries if one.path in kept} == {kept[0]}


def test_copies_under_two_labels_share_a_group_and_are_noted() -> None:
    entries = copies()
    entries.append(entry("c/0", COPIES["mirrored"](picture(0))))
    near, _ = group_near_duplicates(entries)
    assert near.several_classes == near.clusters == [["a/0", "c/0"]]
    assert entries[0].group == entries[-1].group == "a/0"
    assert any("several classes in 1 cluster;" in note and "a/0 and c/0" in note for note in near.notes())


def test_what_cannot_be_compared_is_left_alone() -> None:
    assert group_near_duplicates([]) == (NearDuplicates(), [])
    mixed = [entry("a/0", picture(0)), entry("a/1", picture(0, 40, 40))]
    assert group_near_duplicates(mixed) == (NearDuplicates(), [])
    large = [entry("a/0", picture(0)), entry("a/1", picture(0))]
    large[1].pixels = None
    assert group_near_duplicates(large) == (NearDuplicates(), [])


def burst(count: int, others: int) -> list[Entry]:
    """One picture `count` times, each time with a little noise of its own, and others of the class."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(picture(0) + rng.normal(0, 2, (32, 32, 3)), 0, 255).astype(np.uint8) for _ in range(count)]
    return [entry(f"a/{i:03d}", one) for i, one in enumerate([*noisy, *(picture(s) for s in range(1, others + 1))])]


@pytest.mark.parametrize(
    ("count", "others", "stopped"), [(11, 98, True), (11, 99, False), (10, 7, False), (12, 8, True)]
)
def test_a_cluster_of_more_than_a_tenth_of_a_class_stops(count: int, others: int, stopped: bool) -> None:
    entries = burst(count, others)
    near, blockers = group_near_duplicates(entries)
    assert [len(paths) for paths in near.clusters] == [count]
    assert [(blocker.path, blocker.code) for blocker in blockers] == [("a/000", "near_cluster")] * stopped
    for blocker in blockers:
        assert f"{count} of the {count + others} images of class 'a' are near duplicates" in blocker.message
        assert "a/000 and a/001" in blocker.message
        for way_out in ("meta.csv", "ingest.group_pattern", "ingest.near_duplicates: off"):
            assert way_out in blocker.message


def test_declared_groups_may_be_of_any_size() -> None:
    entries = burst(12, 8)
    for one in entries[:12]:
        one.group = "video"
    _, blockers = group_near_duplicates(entries)
    assert blockers == []
    assert {one.group for one in entries[:12]} == {"video"}


def test_pairs_that_no_cluster_holds_are_counted() -> None:
    near = NearDuplicates(clusters=[["a/0", "a/1"]], apart=[["a/1", "a/2"]])
    assert near.summary()["apart"] == 1
    assert near.notes()[1] == (
        "near_duplicates: 1 pair in different groups, since others there are unlike; for example a/1 and a/2"
    )


def test_pairs_apart_are_those_of_different_clusters() -> None:
    chain = [grouping.Pair(0.7, 0, 1), grouping.Pair(0.8, 2, 3), grouping.Pair(0.9, 1, 2), grouping.Pair(3.0, 0, 3)]
    assert grouping._apart(chain, [[0, 1], [2, 3]], [""] * 4) == [[1, 2]]
    assert grouping._apart(chain, [[0, 1], [2, 3]], ["", "x", "y", ""]) == []
    assert grouping._apart(chain, [], ["", "x", "", ""]) == [[0, 1], [2, 3], [1, 2]]


def write(root: Path, name: str, pixels: np.ndarray) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(encode(pixels))


def folder(root: Path, each: int = 12) -> dict[str, str]:
    """Two classes of pictures with a copy of every third; returns copy -> original."""
    planted = {}
    for number, label in enumerate(("cat", "dog")):
        for index in range(each):
            pixels = picture(100 * number + index, 28, 28)
            write(root, f"{label}/{index:02d}.png", pixels)
            if index % 3 == 0:
                kind = list(COPIES)[(index // 3 + 4 * number) % len(COPIES)]
                planted[f"{label}/copy{index:02d}.png"] = f"{label}/{index:02d}.png"
                write(root, f"{label}/copy{index:02d}.png", np.ascontiguousarray(COPIES[kind](pixels)))
    return planted


@pytest.mark.parametrize("seed", range(5))
def test_planted_copies_never_straddle_the_split(tmp_path: Path, seed: int) -> None:
    planted = folder(tmp_path / "raw")
    found = prepare(Ingest(source="folder", path=str(tmp_path / "raw")), seed, tmp_path / "out")
    entries = {one.path: one for one in found.entries}
    assert len(planted) == 8
    for copy, original in planted.items():
        assert entries[copy].split == entries[original].split != ""
        assert entries[copy].group == entries[original].group
    assert {one.split for one in found.usable} == {"train", "val", "test"}
    assert sorted(map(tuple, found.near.clusters)) == sorted((original, copy) for copy, original in planted.items())


def test_pairs_that_the_split_tore_apart_are_counted(tmp_path: Path) -> None:
    folder(tmp_path / "raw")
    found = prepare(Ingest(source="folder", path=str(tmp_path / "raw")), 0, tmp_path / "out")
    written = json.loads((tmp_path / "out/groups.json").read_text())["near_duplicates"]
    assert (written["searched"], written["two_sides"]) == (True, 0)
    train, test = (next(one.path for one in found.usable if one.split == side) for side in ("train", "test"))
    alone = next(one.path for one in found.usable if one.split == "train" and one.path != train)
    torn = replace(found, near=NearDuplicates(apart=[[train, test], [train, alone], [test, "left/out.png"]]))
    assert _groups(torn)["near_duplicates"]["two_sides"] == 1


def test_off_leaves_copies_where_the_draw_puts_them(tmp_path: Path) -> None:
    planted = folder(tmp_path / "raw")
    split = set()
    for seed in range(5):
        ingest = Ingest(source="folder", path=str(tmp_path / "raw"), near_duplicates="off")
        entries = {one.path: one for one in prepare(ingest, seed, tmp_path / "out").entries}
        split |= {entries[copy].split == entries[original].split for copy, original in planted.items()}
    assert split == {True, False}


def test_the_check_tells_how_many_and_names_some(tmp_path: Path) -> None:
    folder(tmp_path)
    found: Findings = look(tmp_path, size=None)
    text = "\n".join(as_text(str(tmp_path), found))
    assert "note: near_duplicates: 16 images in 8 clusters, each one group; for example cat/00.png and cat/copy" in text
    report = as_dict(found)["near_duplicates"]
    assert (report["clusters"], report["images"], report["largest"], report["apart"]) == (8, 16, 2, 0)
    assert report["examples"][0] == ["cat/00.png", "cat/copy00.png"]


def test_too_large_a_cluster_ends_ingest_with_its_message(tmp_path: Path) -> None:
    for one in burst(12, 8):
        write(tmp_path / "raw", f"{one.path}.png", one.pixels)
        write(tmp_path / "raw", f"{one.path.replace('a/', 'b/')}.png", picture(200 + int(one.path[2:])))
    with pytest.raises(DataError, match=r"^a/000\.png: near_cluster: 12 of the 20 images of class 'a'"):
        prepare(Ingest(source="folder", path=str(tmp_path / "raw")), 0, tmp_path / "out")
    prepare(Ingest(source="folder", path=str(tmp_path / "raw"), near_duplicates="off"), 0, tmp_path / "out")
    meta = ["path,group", *(f"a/{i:03d}.png,{'video' if i < 12 else i}" for i in range(15))]
    (tmp_path / "raw" / "meta.csv").write_text("\n".join(meta))
    found = prepare(Ingest(source="folder", path=str(tmp_path / "raw"), val_fraction=0.1), 0, tmp_path / "out")
    assert len({one.split for one in found.usable if one.group == "video"}) == 1
