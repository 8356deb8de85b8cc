"""The page says what the verdict speaks of, what the samples are worth, and what images from elsewhere gave."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from augment.report.contents import Contents
from augment.report.page import render
from tests.report.test_page import make, words

EXCHANGE = {
    "arm": "classical",
    "images": 48.0,
    "reached": 0.775,
    "curve": [{"images": 12.0, "mean": 0.5}, {"images": 48.0, "mean": 0.75}],
    "sentence": "The synthetic images are worth about 12 more real ones: `classical` would <do>.",
    "advice": "Label about 12 more.",
}
EXTERNAL = [
    {"arm": "none", "kind": "real", "figure": "balanced accuracy", "images": 30, "groups": 25, "mean": 0.601,
     "low": 0.55, "high": 0.65, "gain": 0.0, "gain_low": 0.0, "gain_high": 0.0, "internal_mean": 0.7,
     "internal_low": 0.69, "internal_high": 0.71},
]  # fmt: skip


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    root: Path = tmp_path_factory.mktemp("run")
    found: Contents = make(root)
    return found


def shown(contents: Contents, **verdict: Any) -> str:
    return render(replace(contents, verdict={**contents.verdict, **verdict}))


def test_one_split_is_called_so(contents: Contents) -> None:
    assert "It speaks of this split alone" in words(shown(contents))


def test_repeated_training_sets_speak_for_themselves(contents: Contents) -> None:
    protocol = {**contents.verdict["protocol"], "form": "subsets", "speaks": "It speaks of <ten> training sets."}
    page = shown(contents, protocol=protocol)
    assert "It speaks of &lt;ten&gt; training sets." in page
    assert "this split alone" not in page


def test_folds_count_all_that_was_tested_and_own_no_pictures(contents: Contents) -> None:
    protocol = {**contents.verdict["protocol"], "form": "folds", "speaks": "It speaks of folds."}
    label, real = contents.classes[0]["label"], contents.verdict["best_real"]
    rows = [
        {**row, "train": "45", "val": "11", "test": "70"} if (row["label"], row["arm"]) == (label, real) else row
        for row in contents.tables["classes"]
    ]
    page = render(
        replace(
            contents, verdict={**contents.verdict, "protocol": protocol}, tables={**contents.tables, "classes": rows}
        )
    )
    assert f"{label} 45 11 70" in words(page)
    assert "pictures of the delivered generators, which no fold uses" in words(page)
    assert "first five folds (columns)" in words(page)


def test_a_test_that_can_show_nothing_is_not_said_to_show_all(contents: Contents) -> None:
    text = words(shown(contents, smallest_gain={"announced": None, "measured": None}))
    assert "no gain, however large, would have shown in 4 of 5 such runs" in text
    assert "none shows" in text
    gains = words(shown(contents, smallest_gain={"announced": 0.021, "measured": 0.034}))
    assert "gains of about 3.4 points or more would have shown in 4 of 5 such runs" in gains


def test_the_worth_is_shown_where_it_was_asked_for(contents: Contents) -> None:
    assert "Not measured. With evaluate.learning_curve: on" in words(shown(contents))
    page = shown(contents, exchange=EXCHANGE)
    text = words(page)
    assert "worth about 12 more real ones: classical would <do>." in text
    assert "12 50.0 48 75.0 48 and synthetic ones 77.5" in text
    assert "&lt;do&gt;" in page


def test_external_images_are_shown_where_there_are_any(contents: Contents) -> None:
    assert 'id="external"' not in shown(contents, external=[])
    text = words(shown(contents, external=EXTERNAL))
    assert "30 images of another source, in 25 independent groups" in text
    assert "Real images as they are 60.1 55.0 to 65.0 0.0 0.0 to 0.0 70.0 69.0 to 71.0" in text
    assert re.search("They decide nothing", text)


OTHER_TEST, OTHER_SPLIT = "Other test images of the same kind", "Another draw of training"
VAL, TRAINING, SAME_TEST = "The choice of val", "Other training sets of this size", "Another test set"


@pytest.mark.parametrize(
    ("form", "covered", "left_out"),
    [
        ("split", {OTHER_TEST}, {OTHER_SPLIT}),
        ("rotated", {OTHER_TEST, VAL}, {OTHER_SPLIT}),
        ("subsets", {TRAINING}, {SAME_TEST}),
        ("folds", {TRAINING}, set()),
    ],
)
def test_what_is_covered_is_the_protocols(contents: Contents, form: str, covered: set[str], left_out: set[str]) -> None:
    text = words(shown(contents, protocol={**contents.verdict["protocol"], "form": form}))
    inside, outside = text.split("What this covers", 1)[1].split("It does not cover", 1)
    claims = {OTHER_TEST, VAL, TRAINING, OTHER_SPLIT, SAME_TEST}
    assert {claim for claim in claims if claim in inside} == covered
    assert {claim for claim in claims if claim in outside} == left_out


def test_a_tested_source_is_no_longer_called_uncovered(contents: Contents) -> None:
    assert "than those of the test images." in words(shown(contents))
    assert "than those of the test images and of the external ones." in words(shown(contents, external=EXTERNAL))
