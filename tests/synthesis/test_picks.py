"""What a person keeps and rejects decides, but not against the guard on near copies."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import AugmentError, DataError
from augment.synthesis import selection
from augment.synthesis.picks import FILE, FORMAT, NO_PICKS, NumberPicks, drawn_with, left_out, read_picks
from augment.synthesis.selection import ClassChoice, choose_class
from augment.synthesis.transplant.settings import NO_TRANSPLANT, TransplantSettings
from tests.synthesis.test_selection import TRAIN, ByCorner, candidates_of
from tests.toy import Fixed

KINDS = ["good", "off", "copy", "good", "off", "copy", "good"]
NUMBERS = st.frozensets(st.integers(0, 9), max_size=6)


def reasons(picks: NumberPicks, wanted: int, kinds: list[str] = KINDS) -> list[str]:
    judge: Any = ByCorner(np.full(3, 0.5))
    images = candidates_of(kinds, TRAIN)
    choice = ClassChoice("b", Fixed("b", images), TRAIN.of_class("b").images, judge, 1, wanted, len(kinds), 5, picks)
    found: list[str] = choose_class(choice).reason.tolist()
    return found


@pytest.mark.parametrize(
    ("kept", "rejected", "wanted", "expected"),
    [
        ([], [], 2, ["", "off_class", "near_copy", "", "off_class", "near_copy", "surplus"]),
        ([], [0, 1, 2], 2, ["rejected", "off_class", "near_copy", "", "off_class", "near_copy", ""]),
        ([4, 6], [], 2, ["surplus", "off_class", "near_copy", "surplus", "", "near_copy", ""]),
        ([2, 5], [], 9, ["", "off_class", "near_copy", "", "off_class", "near_copy", ""]),
        ([0, 3, 6], [], 2, ["", "off_class", "near_copy", "", "off_class", "near_copy", "surplus"]),
        ([], [0, 3, 6], 2, ["rejected", "off_class", "near_copy", "rejected", "off_class", "near_copy", "rejected"]),
    ],
)
def test_a_persons_word_by_hand(kept: list[int], rejected: list[int], wanted: int, expected: list[str]) -> None:
    assert reasons(NumberPicks(frozenset(kept), frozenset(rejected)), wanted) == expected


@given(st.lists(st.sampled_from(["good", "off", "copy"]), min_size=1, max_size=10), NUMBERS, NUMBERS, st.integers(1, 9))
def test_rejected_ones_stay_out_copies_too_and_kept_ones_come_first(
    kinds: list[str], kept: frozenset[int], rejected: frozenset[int], wanted: int
) -> None:
    picks = NumberPicks(kept - rejected, rejected)
    found = reasons(picks, wanted, kinds)
    delivered = [number for number, reason in enumerate(found) if not reason]
    may = {number for number, kind in enumerate(kinds) if kind != "copy"} - rejected
    liked = sorted(may & picks.kept)
    others = [number for number in sorted(may - picks.kept) if kinds[number] == "good"]
    assert delivered == sorted([*liked, *others][:wanted])


def test_rounds_go_on_until_kept_candidates_have_been_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROUND_CANDIDATES", 2)
    kinds = ["good"] * 8
    assert len(reasons(NO_PICKS, 2, kinds)) == 2
    assert reasons(NumberPicks(frozenset([5])), 2, kinds) == ["", "surplus", "surplus", "surplus", "surplus", ""]
    assert len(reasons(NumberPicks(frozenset([99])), 2, kinds)) == 8, "and no further than there are candidates"
    assert reasons(NumberPicks(rejected=frozenset([0])), 2, kinds) == ["rejected", "", "", "surplus"]


def test_what_was_kept_and_is_not_delivered_is_said() -> None:
    picks = {"a": NumberPicks(frozenset([0, 1, 2, 7])), "b": NumberPicks(frozenset([0]))}
    lines = left_out(picks, {"a": np.array(["", "near_copy", "surplus"]), "b": np.array([""])})
    assert lines == [
        "class a: kept by you, but near copies of training images, which are never delivered: 1",
        "class a: kept by you, but more than generate.per_class: 2",
        "class a: kept by you, but not among the candidates of this run (generate.oversample): 7",
    ]


DRAWN = "borrowed: 1"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/index.json").write_text("{}")
    return tmp_path / "models"


def test_picks_are_read_back_as_they_were_written(tmp_path: Path, models: Path) -> None:
    folder = tmp_path / "selection"
    empty = read_picks(folder, models, ["a", "b"], DRAWN)
    assert empty.classes == {}
    folder.mkdir()
    (folder / "README.md").touch()
    assert read_picks(folder, models, ["a", "b"], DRAWN) == empty
    picks = empty.with_choice("b", (0, 7), "kept").with_choice("a", (3, 2), "kept").with_choice("b", (0, 1), "rejected")
    picks = picks.with_choice("a", (3, 2), "rejected").with_choice("b", (0, 5), "kept").with_choice("b", (0, 7), "open")
    picks.write(folder)
    assert read_picks(folder, models, ["a", "b"], DRAWN) == picks
    assert json.loads((folder / FILE).read_text())["classes"] == {
        "a": {"kept": [], "rejected": [[3, 2]]},
        "b": {"kept": [[0, 5]], "rejected": [[0, 1]]},
    }
    assert [picks.choice("b", (0, number)) for number in (5, 1, 7)] == ["kept", "rejected", "open"]
    assert picks.of_seed(0)["b"] == NumberPicks(frozenset([5]), frozenset([1]))
    assert picks.of_seed(3) == {"a": NumberPicks(rejected=frozenset([2])), "b": NO_PICKS}
    assert picks.with_choice("a", (3, 2), "open").classes.keys() == {"b"}, "a class without a word goes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{START "classes": {"z": {"kept": [[0, 1]], "rejected": []}}}',
            "no class z among",
        ),
        (
            '{"format": 2, "drawn": "", "models": "' + "0" * 64 + '", "classes": {}}',
            "samples of other generators",
        ),
        ('{"format": 9, "drawn": "", "models": "HASH", "classes": {}}', "damaged (format"),
        ('{"format": 2, "models": "HASH", "classes": {}}', "damaged (drawn"),
        (
            '{"format": 2, "drawn": "borrowed: 0", "models": "HASH", "classes": {}}',
            "drawn with borrowed: 0; params",
        ),
        (
            '{START "classes": {"a": {"kept": [[0, -1]]}}}',
            "damaged (classes.a.kept.0.1",
        ),
        (
            '{START "classes": {"a": {"kept": [[0, 1, 2]]}}}',
            "damaged (classes.a.kept.0",
        ),
        (
            '{START "classes": {"a": {"kept": [[0, 1]], "rejected": [[0, 1]]}}}',
            "twice",
        ),
        ('{START "classes": {}, "more": 1}', "damaged (more"),
        ('{"format": 2, "drawn": "", "models"', "damaged (not json"),
        (None, "no such file beside what else is in that folder"),
    ],
)
def test_a_file_that_does_not_fit_is_one_message(tmp_path: Path, models: Path, text: str | None, message: str) -> None:
    digest = read_picks(tmp_path / "none", models, [], DRAWN).models
    start = f'"format": {FORMAT}, "drawn": "{DRAWN}", "models": "{digest}",'
    (tmp_path / "other.json").touch()
    if text is not None:
        (tmp_path / FILE).write_text(text.replace("START", start).replace("HASH", digest))
    with pytest.raises(DataError) as caught:
        read_picks(tmp_path, models, ["a", "b"], DRAWN)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / FILE))
    assert "\n" not in str(caught.value)
    assert "augment explore" in str(caught.value)


def test_what_decides_which_image_a_number_names() -> None:
    plain = drawn_with(0.75, NO_TRANSPLANT)
    assert plain == ('generate.borrowed: 0.75, generate.sources: "auto", ingest.flips: "none", evaluate.normal: null')
    others = [
        drawn_with(0.5, NO_TRANSPLANT),
        drawn_with(0.75, TransplantSettings({"a": "translated"})),
        drawn_with(0.75, TransplantSettings(flips="both")),
        drawn_with(0.75, TransplantSettings(normal="good")),
    ]
    assert len({plain, *others}) == 5
    assert drawn_with(0, TransplantSettings({"a": "own", "b": "own"})) == drawn_with(
        0, TransplantSettings({"b": "own", "a": "own"})
    ), "whatever order they stand in"


def test_the_shipped_folder_says_nothing(models: Path) -> None:
    shipped = Path(__file__).parents[2] / "data/selection"
    if (shipped / FILE).exists():
        pytest.skip("somebody has chosen here")
    assert read_picks(shipped, models, [], DRAWN).classes == {}


def test_without_generators_it_is_said(tmp_path: Path) -> None:
    with pytest.raises((AugmentError, OSError)):
        read_picks(tmp_path, tmp_path / "models", [], DRAWN)
