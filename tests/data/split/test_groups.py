"""Group patterns: what a file name says of its group holds in the split."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError, ParamsError
from augment.data.entries import Blocker, Entry
from augment.data.prepare import prepare
from augment.data.split.groups import by_pattern, group_folds
from augment.params import Ingest, check
from tests.data.corpus import encode, noise


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
