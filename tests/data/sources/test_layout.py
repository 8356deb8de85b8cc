"""Layouts of folders: what is recognised, and what is not read in silence."""

from pathlib import Path

import pytest

from augment.core.files import write_csv
from augment.data.cleaning import examine
from augment.data.sources.layout import Place, read_layout, split_of
from augment.params import Ingest
from tests.data.corpus import encode, noise


def places(*paths: str, choice: str = "auto") -> dict[str, Place] | str:
    """What every folder says, or the code of the problem."""
    layout = read_layout({tuple(path.split("/")) for path in paths}, choice)
    return layout.problem[0] if layout.problem else {path: layout.place(tuple(path.split("/"))) for path in paths}


@pytest.mark.parametrize("lead", ["", "images/", "data/images/"])
@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "TEST"), ("training_set", "test_set")])
def test_split_folders_above_the_classes(lead: str, train: str, test: str) -> None:
    found = places(*(f"{lead}{split}/{label}" for split in (train, test) for label in ("crack", "good")))
    assert found[f"{lead}{train}/crack"] == Place("crack", "train")
    assert found[f"{lead}{test}/good"] == Place("good", "test")


def test_split_folders_below_the_classes() -> None:
    found = places("a/train", "a/valid", "b/train", "b/test")
    assert found == {"a/train": Place("a", "train"), "a/valid": Place("a", "val"), "b/train": Place("b", "train"),
                     "b/test": Place("b", "test")}  # fmt: skip


def test_mvtec_masks_are_no_images() -> None:
    found = places("train/good", "test/good", "test/hole", "ground_truth/hole")
    assert found["test/hole"] == Place("hole", "test")
    assert not found["ground_truth/hole"].is_image


def test_images_levels_and_doubled_splits_are_passed_through() -> None:
    assert places("train/images/a", "test/images/b")["train/images/a"] == Place("a", "train")
    assert places("seg_train/seg_train/sea", "seg_test/seg_test/ice")["seg_test/seg_test/ice"] == Place("ice", "test")
    assert places("images/a", "images/b")["images/b"] == Place("b")
    assert places("a/images", "a/masks", "b/images", "b/masks")["a/masks"].is_image is False


def test_plain_class_folders_are_as_ever() -> None:
    assert places("cat", "cat/inner/deep", "dog") == {
        "cat": Place("cat"), "cat/inner/deep": Place("cat"), "dog": Place("dog")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        (("train", "test"), "split_folders"),
        (("train/a", "train/b", "test"), "split_folders"),
        (("cat", "dog", "test"), "split_folders"),
        (("a/train", "a/test", "b"), "split_folders"),
        (("a", "a/train", "b/train"), "split_folders"),
        (("images/train", "labels/train", "images/val", "labels/val"), "split_folders"),
        (("images", "labels"), "no_classes"),
        (("fold1/a", "fold1/b", "fold2/a", "fold2/b"), "shared_folders"),
        (("siteA/crack", "siteB/crack"), "shared_folders"),
    ],
)
def test_what_could_be_read_in_two_ways_stops(paths: tuple[str, ...], code: str) -> None:
    assert places(*paths) == code


def test_a_person_says_which_folder_names_the_class() -> None:
    assert places("fold1/a", "fold2/a", "fold1/b", choice="last")["fold2/a"] == Place("a")
    assert places("p1/train/a", "p1/test/b", choice="last")["p1/test/b"] == Place("b", "test")
    assert places("fold1/a", "fold2/a", choice="top")["fold2/a"] == Place("fold2")
    assert places("train", "bus", choice="top")["train"] == Place("train")


def test_words_that_are_no_splits() -> None:
    assert [split_of(name) for name in ("trains", "testament", "valley", "tester", "detest", "value")] == [""] * 6


def _write(root: Path, *paths: str) -> None:
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(encode(noise(number)))


def look(root: Path, **changes: object):
    return examine(Ingest(source="folder", path=str(root), min_per_class=2, **changes))


def test_the_sets_own_split_is_used_and_told_or_left_aside(tmp_path: Path) -> None:
    _write(tmp_path, *(f"{s}/{c}/{k}.png" for s in ("train", "test") for c in "ab" for k in range(3)))
    found = look(tmp_path)
    assert not found.blockers
    assert found.counts() == {"a": 6, "b": 6}
    assert {entry.path: entry.declared_split for entry in found.usable}["test/a/0.png"] == "test"
    assert any("train, test are the set's own split" in note or "test, train are" in note for note in found.notes)
    assert {entry.declared_split for entry in look(tmp_path, split="drawn").usable} == {""}


@pytest.mark.parametrize("target", ["../elsewhere", "nowhere", "good"])
def test_a_link_in_the_place_of_a_class_stops(tmp_path: Path, target: str) -> None:
    _write(tmp_path, *(f"set/{c}/{k}.png" for c in ("good", "dent") for k in range(3)), "elsewhere/0.png")
    (tmp_path / "set/crack").symlink_to(target)
    assert ("crack", "empty_class") in {(blocker.path, blocker.code) for blocker in look(tmp_path / "set").blockers}


def test_an_empty_class_below_a_split_stops(tmp_path: Path) -> None:
    _write(tmp_path, *(f"{s}/{c}/{k}.png" for s in ("train", "test") for c in "ab" for k in range(3)))
    (tmp_path / "train/crack").mkdir()
    assert ("crack", "empty_class") in {(blocker.path, blocker.code) for blocker in look(tmp_path).blockers}


def test_delivered_images_read_back_without_synthetic_ones(tmp_path: Path) -> None:
    paths = [f"{s}/{c}/{k}.png" for s in ("train", "test") for c in ("a", "b-1f") for k in range(3)]
    _write(tmp_path, *paths)
    rows = [
        {"path": path, "label": "b/" if "/b-1f/" in path else "a", "split": path.split("/")[0],
         "synthetic": int(path.startswith("train") and path.endswith("2.png"))}
        for path in paths
    ]  # fmt: skip
    write_csv(tmp_path / "manifest.csv", rows, ("path", "label", "split", "synthetic"))
    found = look(tmp_path)
    assert found.counts() == {"a": 5, "b/": 5}
    assert not found.blockers
    assert [entry.path for entry in found.entries if entry.code == "synthetic"] == ["train/a/2.png", "train/b-1f/2.png"]
    assert any(note.startswith("synthetic: 2 images") for note in found.notes)
