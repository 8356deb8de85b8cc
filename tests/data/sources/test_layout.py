"""Layouts of folders: what is recognised is used and said, and what could be read in two ways stops a run."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.core.files import write_csv
from augment.core.seeds import derive_seed
from augment.data.entries import Entry
from augment.data.prepare import prepare
from augment.data.sources import folder
from augment.data.sources.layout import split_of
from augment.params import Ingest
from tests.data.corpus import encode, look, noise

Sides = dict[tuple[str, str], int]


def write(root: Path, folders: Sequence[str], each: int = 6) -> None:
    """Images in every folder; a folder with `*` holds files of that name instead, and `/` alone holds none."""
    for name in folders:
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(0 if name.endswith("/") else each):
            (root / name / f"{index}.png").write_bytes(encode(noise(derive_seed(name, index))))


def sides(entries: Sequence[Entry]) -> Sides:
    """(class, declared split) -> images."""
    counts: Sides = {}
    for entry in entries:
        if entry.outcome in ("ok", "fixed"):
            counts[entry.label, entry.declared_split] = counts.get((entry.label, entry.declared_split), 0) + 1
    return counts


PLAIN = {("cat", ""): 6, ("dog", ""): 6}
SPLIT = {(label, side): 6 for label in ("cat", "dog") for side in ("train", "test")}
WITH_VAL = SPLIT | {(label, "val"): 6 for label in ("cat", "dog")}


def below(*tops: str) -> list[str]:
    return [f"{top}/{label}" for top in tops for label in ("cat", "dog")]


@pytest.mark.parametrize(
    ("folders", "expected", "said"),
    [
        (["cat", "dog"], PLAIN, ""),
        (below("images"), PLAIN, "cat, dog stand in images"),
        (below("set/Images"), PLAIN, "cat, dog stand in set/Images"),
        ([*below("images"), *below("masks")], PLAIN, "masks or annotations"),
        (["cat/images", "cat/masks", "dog/images", "dog/masks"], PLAIN, "masks or annotations"),
        (["cat/a", "dog/b"], PLAIN, ""),
        (below("train", "test"), SPLIT, "test, train hold cat, dog"),
        (below("TRAIN", "Test"), SPLIT, "TRAIN, Test hold cat, dog"),
        (below("training", "testing", "valid"), WITH_VAL, "testing, training, valid hold"),
        (below("train", "test", "validation"), WITH_VAL, "test, train, validation hold"),
        (below("set/train", "set/test", "set/dev"), WITH_VAL, "dev, test, train hold"),
        (below("images/train", "images/test"), SPLIT, "test, train hold cat, dog"),
        (below("train/images", "test/img"), SPLIT, "test, train hold cat, dog"),
        (below("seg_train/seg_train", "seg_test/seg_test"), SPLIT, "seg_test, seg_train hold"),
        (below("training_set", "test_set"), SPLIT, "test_set, training_set hold"),
        (below("train2017", "val2017", "test2017"), WITH_VAL, "val2017"),
        (below("train"), PLAIN, "stand in train alone"),
        ([f"{label}/{side}" for label in ("cat", "dog") for side in ("train", "test")], SPLIT, "within the classes"),
        ([f"{label}/images/{side}" for label in ("cat", "dog") for side in ("train", "test")], SPLIT, "within"),
    ],
)
def test_recognised(tmp_path: Path, folders: list[str], expected: Sides, said: str) -> None:
    write(tmp_path, folders)
    entries, blockers, notes = folder.folder(tmp_path)
    assert not blockers
    assert sides(entries) == expected
    assert len(notes) == bool(said)
    assert all(note.startswith("layout: ") and said in note for note in notes)
    assert {entry.code for entry in entries if entry.outcome == "ignored"} <= {"mask"}


@pytest.mark.parametrize(
    ("folders", "code", "named"),
    [
        (["train", "test"], "split_folders", "train"),
        (["car", "train", "ship"], "split_folders", "ingest.class_folder: top"),
        ([*below("train", "test"), "unlabelled"], "split_folders", "unlabelled"),
        ([*below("train"), "test"], "split_folders", "test"),
        (["cat/train", "cat/test", "dog"], "split_folders", "images of dog"),
        (["cat/train", "cat", "dog/train", "dog/test"], "split_folders", "images of cat"),
        (["cat/a/train", "cat/a/test", "dog/b/train"], "split_folders", "test, train: named like a split, deep"),
        ([*below("train"), "test/"], "split_folders", "test"),
        (["cat", "dog", "old/cat", "old/dog"], "shared_folders", "share the folder names cat, dog"),
        (["images/cat", "images/dog", "bird"], "no_classes", "images"),
        ([*below("seg_train", "seg_test"), "seg_pred"], "split_folders", "seg_pred"),
        (below("fold1", "fold2"), "split_folders", "fold1, fold2"),
        (["fold_1", "fold_2"], "split_folders", "fold_1, fold_2"),
        (below("site a", "site b"), "shared_folders", "share the folder names cat, dog"),
        (["p1/Cat", "p1/dog", "p2/cat"], "shared_folders", "share the folder names cat"),
        (["s1/p1/cat", "s1/p2/dog", "s2/p3/cat"], "shared_folders", "s1, s2 share"),
        (below("s1/train", "s1/test", "s2/train", "s2/test"), "shared_folders", "s1, s2 share"),
        (below("train/day1", "train/day2", "test/day1"), "shared_folders", "day1, day2"),
        (["images", "masks"], "no_classes", "a level of images beside masks"),
        (["train/images", "train/masks", "test/images", "test/masks"], "split_folders", "train"),
    ],
)
def test_what_can_be_read_in_two_ways_stops(tmp_path: Path, folders: list[str], code: str, named: str) -> None:
    write(tmp_path, folders, each=2)
    entries, blockers, notes = folder.folder(tmp_path)
    assert [blocker.code for blocker in blockers] == [code]
    assert named in blockers[0].message
    assert "images.csv" in blockers[0].message or "ingest.class_folder" in blockers[0].message
    assert not notes
    assert {entry.outcome for entry in entries} == {"stop"}


def test_mvtec(tmp_path: Path) -> None:
    """The good ones train, the defects stand in test alone, and masks are no images."""
    write(tmp_path, ["train/good", "test/good", "test/bent", "ground_truth/bent"])
    entries, blockers, notes = folder.folder(tmp_path)
    assert not blockers
    assert sides(entries) == {("good", "train"): 6, ("good", "test"): 6, ("bent", "test"): 6}
    assert [entry.code for entry in entries if entry.label == ""] == ["mask"] * 6
    assert len(notes) == 1
    assert "6 files such as ground_truth/bent/0.png" in notes[0]
    ingest = Ingest(source="folder", path=str(tmp_path))
    with pytest.raises(DataError, match=r"'bent'.* 0 images to train on and 6 to test on.*ingest\.split: drawn"):
        prepare(ingest, 0, tmp_path / "out")
    drawn = prepare(ingest.model_copy(update={"split": "drawn"}), 0, tmp_path / "out")
    assert {entry.split for entry in drawn.usable if entry.label == "bent"} == {"train", "val", "test"}
    assert any("ingest.split: drawn" in note for note in drawn.notes)


def test_the_split_of_the_folders_is_the_sets_own(tmp_path: Path) -> None:
    write(tmp_path / "in", below("train", "val", "test"))
    findings = prepare(Ingest(source="folder", path=str(tmp_path / "in")), 0, tmp_path / "out")
    assert all(entry.split == entry.path.split("/")[0] for entry in findings.usable)
    assert len(findings.usable) == 36


@pytest.mark.parametrize("side", ["images", "train/images"])
def test_boxes_are_no_classes(tmp_path: Path, side: str) -> None:
    write(tmp_path, [f"{side}/train", f"{side}/val"] if side == "images" else [side, "valid/images"])
    labels = tmp_path / side.replace("images", "labels")
    labels.mkdir()
    (labels / "3.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (blocker,) = folder.folder(tmp_path)[1]
    assert blocker.code == "boxes"
    assert "3.txt" in blocker.message


def without_mount(real: Callable[[Path], os.stat_result]) -> Callable[[Path], os.stat_result]:
    """As the system answers of a mount that is gone."""

    def lstat(path: Path) -> os.stat_result:
        if str(path).endswith("mount"):
            raise OSError(107, "Transport endpoint is not connected")
        return real(path)

    return lstat


def test_missing_classes_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the place of a class, and cannot be read, ends the run; inside a class it does not."""
    root = tmp_path / "in"
    write(root, [*below("train", "test"), "train/empty/", "test/cat/inner/"])
    write(tmp_path, ["elsewhere/crack"])
    (root / "train" / "crack").symlink_to("../../elsewhere/crack")
    (root / "val").symlink_to("test")
    (root / "train" / "gone").symlink_to("nowhere")
    (root / "test" / "cat" / "more").symlink_to("../dog")
    found = {blocker.path: blocker.code for blocker in folder.folder(root)[1]}
    assert found == {
        "train/crack": "empty_class",
        "val": "empty_class",
        "train/gone": "empty_class",
        "train/empty": "empty_class",
    }
    (root / "mount").touch()
    for owner in (Path, os):
        monkeypatch.setattr(owner, "lstat", without_mount(owner.lstat))
    assert {blocker.path for blocker in folder.folder(root)[1]} == {*found, "mount"}
    assert all(entry.outcome == "stop" for entry in folder.folder(root)[0] if entry.path in {*found, "mount"})


def test_words_that_are_no_splits() -> None:
    assert [split_of(name) for name in ("trains", "testament", "valley", "tester", "detest", "value")] == [""] * 6


def test_a_person_says_which_folder_names_the_class(tmp_path: Path) -> None:
    write(tmp_path, [*below("fold1"), "fold2/train/cat", "fold2/test/dog"])
    entries, blockers, notes = folder.folder(tmp_path, "last")
    assert not blockers
    assert sides(entries) == PLAIN | {("cat", "train"): 6, ("dog", "test"): 6}
    assert "the last folder" in notes[0]
    entries, blockers, notes = folder.folder(tmp_path, "top")
    assert sides(entries) == {("fold1", ""): 12, ("fold2", ""): 12}
    assert not blockers
    assert not notes


@pytest.mark.parametrize("target", ["../elsewhere", "nowhere", "good"])
def test_a_link_in_the_place_of_a_class_stops(tmp_path: Path, target: str) -> None:
    write(tmp_path, ["set/good", "set/dent", "elsewhere"])
    (tmp_path / "set/crack").symlink_to(target)
    assert ("crack", "empty_class") in {(blocker.path, blocker.code) for blocker in look(tmp_path / "set").blockers}


def test_delivered_images_read_back_without_synthetic_ones(tmp_path: Path) -> None:
    paths = [f"{s}/{c}/{k}.png" for s in ("train", "test") for c in ("a", "b-1f") for k in range(3)]
    write(tmp_path, [f"{s}/{c}" for s in ("train", "test") for c in ("a", "b-1f")], each=3)
    rows = [
        {"path": path, "label": "b/" if "/b-1f/" in path else "a", "split": path.split("/")[0],
         "synthetic": int(path.startswith("train") and path.endswith("2.png"))}
        for path in paths
    ]  # fmt: skip
    write_csv(tmp_path / "manifest.csv", rows, ("path", "label", "split", "synthetic"))
    found = look(tmp_path, min_per_class=2)
    assert found.counts() == {"a": 5, "b/": 5}
    assert not found.blockers
    assert [entry.path for entry in found.entries if entry.code == "synthetic"] == ["train/a/2.png", "train/b-1f/2.png"]
    assert any(note.startswith("synthetic: 2 images") for note in found.notes)


def test_delivered_images_without_a_manifest_are_named(tmp_path: Path) -> None:
    """What `assemble` wrote is told by its names where the file that tells it is gone."""
    write(tmp_path, below("train", "test"))
    (tmp_path / "train" / "cat" / "0.png").rename(tmp_path / "train" / "cat" / "synthetic-000001.png")
    assert any("read as real ones" in note and "synthetic-000001.png" in note for note in folder.folder(tmp_path)[2])
    rows = [{"path": "train/cat/1.png", "label": "cat", "split": "train", "synthetic": 1}]
    write_csv(tmp_path / "manifest.csv", rows, ("path", "label", "split", "synthetic"))
    notes = folder.folder(tmp_path)[2]
    assert [note.split(" ")[1] for note in notes if note.startswith("synthetic")] == ["1", "1"]


def test_delivered_images_read_back_below_another_folder(tmp_path: Path) -> None:
    write(tmp_path, below("augmented/train", "augmented/test"))
    rows = [{"path": "train/cat/1.png", "label": "cat", "split": "train", "synthetic": 1}]
    write_csv(tmp_path / "augmented" / "manifest.csv", rows, ("path", "label", "split", "synthetic"))
    entries, blockers, _ = folder.folder(tmp_path)
    assert not blockers
    assert [entry.path for entry in entries if entry.code == "synthetic"] == ["augmented/train/cat/1.png"]


def test_images_that_stand_nowhere_stop(tmp_path: Path) -> None:
    """Beside a level of images a file is judged by its content, so that no class is lost for want of a suffix."""
    write(tmp_path, [*below("images"), "more/bird"], each=2)
    for index in range(2):
        (tmp_path / "more" / "bird" / f"{index}.png").rename(tmp_path / "more" / "bird" / str(index))
    (tmp_path / "more" / "list.txt").write_text("cat\n")
    entries, blockers, _ = folder.folder(tmp_path)
    assert [blocker.code for blocker in blockers] == ["loose_files"]
    assert {entry.path: entry.code for entry in entries if not entry.label} == {
        "more/bird/0": "loose_files",
        "more/bird/1": "loose_files",
        "more/list.txt": "root_file",
    }


NAMES = st.sampled_from(["cat", "dog", "train", "Test", "val", "images", "masks", "fold1", "2019", "labels"])


@given(st.sets(st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_image_is_lost_and_no_split_is_a_class(folders: set[str]) -> None:
    """In any tree each image is used under one class, is a mask, or stops the run; and what is used agrees with its
    folders: its class and split are among their names, and a class is no split beside another class."""
    with TemporaryDirectory() as root:
        write(Path(root), sorted(folders), each=1)
        entries, blockers, notes = folder.folder(Path(root))
    assert len(entries) == len(folders)
    stopped = bool(blockers)
    for entry in entries:
        names = entry.path.split("/")[:-1]
        if entry.outcome == "ignored":
            assert entry.code == "mask"
            assert {"masks", "labels"} & set(names)
            assert notes or stopped
        elif entry.outcome != "stop":
            assert entry.label in names
            assert stopped or not split_of(entry.label)
            assert not entry.declared_split or entry.declared_split in map(split_of, names)
        else:
            assert stopped
