"""A group or an image on two sides ends the run, wherever it came from."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data import prepare as module
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.split.groups import check_sides
from augment.params import Ingest
from tests.data.corpus import write_set


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
    rows = read_csv(tmp_path / "out" / "test" / "index.csv")
    rows[0]["group"] = str(load["train"].groups[0])
    with (tmp_path / "out" / "test" / "index.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    changed = load | {"test": ImageSet.load(tmp_path / "out" / "test")}
    with pytest.raises(DataError, match=r"^leak: the group"):
        check_sides(changed)
    shutil.copytree(tmp_path / "out" / "train", tmp_path / "out" / "test", dirs_exist_ok=True)
    with pytest.raises(DataError, match=r"^leak: the group"):
        check_sides(load | {"test": ImageSet.load(tmp_path / "out" / "test")})
