"""What a file name says of its group holds in the split, and no group or image is on two sides."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError, ParamsError
from augment.data import prepare as module
from augment.data.entries import Blocker, Entry
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.split.groups import by_pattern, check_sides, group_folds
from augment.params import Ingest, check
from tests.data.corpus import encode, noise, write_set


def grouped(paths: list[str], pattern: str) -> tuple[list[str], list[str], list[Blocker]]:
    entries, blockers = [Entry(path, "x") for path in paths], []
    notes = by_pattern(entries, pattern, blockers)
    return [entry.group for entry in entries], notes, blockers


def test_the_first_group_names_the_group() -> None:
    paths = ["dent/part12_a.png", "dent/part12_b.png", "ok/part7_a.png"]
    assert grouped(paths, r"(part\d+)_(.)") == (["part12", "part12", "part7"], [], [])
    assert grouped(paths, r"^([^/]+)/")[0] == ["dent", "dent", "ok"], "the path is relative to the image folder"


def test_silence_is_noted_and_nothing_but_silence_stops() -> None:
    groups, notes, blockers = grouped(["a/1_x.png", "a/x.png", "a/_x.png"], r"/(\d*)_")
    assert (groups, blockers) == (["1", "", ""], [])
    assert notes == ["ingest.group_pattern finds no group in 2 of 3 paths, for example a/x.png"]
    (blocker,) = grouped(["a/x.png"], r"(\d+)")[2]
    assert "finds no group in any path, for example a/x.png" in blocker.message


def test_what_a_person_declared_stays() -> None:
    entry = Entry("a/1.png", "a", group="mine")
    by_pattern([entry, Entry("a/2.png", "a")], r"(\d)", [])
    assert entry.group == "mine"


def test_a_group_never_straddles_a_split(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        for number in range(24):
            path = tmp_path / label / f"{label}{number // 4}-{number}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encode(noise(number + 100 * (label == "dog"), channels=1)))
    pattern = r"/([a-z]+\d+)-"
    found = prepare(Ingest(source="folder", path=str(tmp_path), group_pattern=pattern), 0, tmp_path / ".out")
    sides: dict[str, set[str]] = {}
    for entry in found.usable:
        sides.setdefault(entry.path.split("/")[1].split("-")[0], set()).add(entry.split)
    assert len(sides) == 12
    assert all(len(side) == 1 for side in sides.values())
    with pytest.raises(DataError, match="no_group"):
        prepare(Ingest(source="folder", path=str(tmp_path), group_pattern="(cow)"), 0, tmp_path / ".out")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"source": "folder", "group_pattern": "("}, "not a regular expression"),
        ({"source": "folder", "group_pattern": "part"}, "put parentheses around"),
        ({"group_pattern": "(part)"}, "source digits has none"),
    ],
)
def test_patterns_that_cannot_work_are_refused(values: dict[str, str], words: str) -> None:
    with pytest.raises(ParamsError, match=words) as caught:
        check({"ingest": values})
    assert str(caught.value).startswith("params.yaml: ingest: group_pattern ")


def test_folds_divide_no_group_and_hold_every_image_out_once() -> None:
    targets, groups = np.repeat([0, 1], 12), np.repeat(np.arange(12), 2)
    folds = group_folds(targets, groups, 3, 0)
    assert sorted(np.concatenate([outside for _, outside in folds]).tolist()) == list(range(24))
    for inside, outside in folds:
        assert not set(groups[inside]) & set(groups[outside])
        assert (np.bincount(targets[outside]) == 4).all(), "both classes in every fold alike"


def test_folds_follow_their_seed_and_a_small_class_is_no_warning() -> None:
    targets, groups = np.array([0] * 22 + [1] * 2), np.arange(24)

    def held_out(seed: int) -> list[list[int]]:
        return [outside.tolist() for _, outside in group_folds(targets, groups, 3, seed)]

    assert held_out(0) == held_out(0) != held_out(1)


def images(side: str, count: int, seed: int) -> ImageSet:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)
    names = np.array([f"{side:.2}{index}" for index in range(count)], dtype="<U9")
    return ImageSet(pixels, np.array(["a"] * count), names, np.array([f"a/{name}.png" for name in names]))


def sides() -> dict[str, ImageSet]:
    return {"train": images("train", 4, 0), "val": images("val", 0, 1), "test": images("test", 3, 2)}


def test_separate_sides_pass() -> None:
    check_sides(sides())
    repeated = sides() | {"train": sides()["train"].take([0, 0, 1])}
    check_sides(repeated)  # within a side a group may have several images, equal ones too


@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("test", "train")])
def test_a_group_on_two_sides_is_named(one: str, other: str) -> None:
    broken = sides()
    broken[other].groups[1] = broken[one].groups[2]
    with pytest.raises(DataError, match=rf"^leak: the group '{one:.2}2' lies in train \(a/tr.*in test \(a/te.*--force"):
        check_sides(broken)


def test_an_image_on_two_sides_is_named() -> None:
    broken = sides()
    broken["test"].images[2] = broken["train"].images[0]
    with pytest.raises(DataError, match=r"^leak: the image lies in train \(a/tr0\.png\) and in test \(a/te2\.png\)"):
        check_sides(broken)


def test_what_ingest_wrote_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path / "raw", each=8)
    ingest = Ingest(source="folder", path=str(tmp_path / "raw"))
    prepare(ingest, 0, tmp_path / "sound")
    save = ImageSet.save

    def broken_save(self: ImageSet, target: Path) -> None:
        """As if the split had put one group on all sides."""
        save(ImageSet(self.images, self.labels, np.array(["same"] * len(self)), self.sources), target)

    monkeypatch.setattr(module.ImageSet, "save", broken_save)
    with pytest.raises(DataError, match=r"^leak: the group 'same' lies in train"):
        prepare(ingest, 0, tmp_path / "broken")
    assert not (tmp_path / "broken" / "manifest.csv").exists()


def test_a_prepared_folder_changed_by_hand_is_found(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", each=8)
    prepare(Ingest(source="folder", path=str(tmp_path / "raw")), 0, tmp_path / "out")
    load = {side: ImageSet.load(tmp_path / "out" / side) for side in ("train", "val", "test")}
    check_sides(load)
    groups = load["test"].groups.copy()
    groups[0] = str(load["train"].groups[0])
    replace(load["test"], groups=groups).save(tmp_path / "out" / "test")
    changed = load | {"test": ImageSet.load(tmp_path / "out" / "test")}
    with pytest.raises(DataError, match=r"^leak: the group"):
        check_sides(changed)
    shutil.copytree(tmp_path / "out" / "train", tmp_path / "out" / "test", dirs_exist_ok=True)
    with pytest.raises(DataError, match=r"^leak: the group"):
        check_sides(load | {"test": ImageSet.load(tmp_path / "out" / "test")})
