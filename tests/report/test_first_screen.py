"""What one sees without scrolling: what to do, what would decide an undecided run and what that costs, images."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment.evaluation.next_step import next_step
from augment.params import check
from augment.params.arms import ARMS, FIRST_LOOK_ARMS
from augment.report.contents import Contents
from augment.report.delivered import first_turns, read_delivered
from augment.report.first_screen import cost_of_deciding, counts_line
from augment.report.page import render
from pipeline.report import folder_of_first_look
from tests.report.builder import deliver, random_images
from tests.report.pages import make
from tests.report.test_page import words

VERDICTS = ("helps", "helps, negligibly", "harms", "equivalent", "undecided", "not used")


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    found: Contents = make(tmp_path_factory.mktemp("run"), labels=["a", "b"], verdict="undecided")
    return found


def deciding(contents: Contents, minutes: float | None, **what: Any) -> str:
    """What it costs; the run has two repeats and twelve test images."""
    asked = {"setting": "evaluate.seeds", "repeats": None, "growth": None} | what
    verdict = {**contents.verdict, "deciding": asked}
    return cost_of_deciding(replace(contents, verdict=verdict, repeat_minutes=minutes))


def test_further_repeats_cost_their_minutes(contents: Contents) -> None:
    assert deciding(contents, 4.0, repeats=12) == "It costs 10 repeats more: about 40 min on this machine."
    assert deciding(contents, 4.0, repeats=3).startswith("It costs 1 repeat more: about 4 min")
    assert deciding(contents, None, repeats=12) == "It costs 10 repeats more: how long was not measured here."


def test_further_images_cost_their_labelling_and_a_run(contents: Contents) -> None:
    text = deciding(contents, 4.0, growth=2.5)
    assert text == "It costs labelling about 18 more test images, and a new run: about 8 min on this machine."
    of_folds = deciding(contents, 4.0, growth=2.5, setting=None)
    assert "about 42 more images," in of_folds, "train, val and test are all that is folded"


def test_what_is_decided_or_cannot_be_costs_nothing(contents: Contents) -> None:
    assert deciding(contents, 4.0) == ""
    assert cost_of_deciding(replace(contents, verdict={**contents.verdict, "deciding": None})) == ""


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_one_word_one_sentence_and_one_command(tmp_path: Path, verdict: str) -> None:
    contents = make(tmp_path, labels=["a", "b"], verdict=verdict)
    page = render(contents)
    first = page[page.index('<section id="verdict"') : page.index('<section id="why"')]
    assert words(re.findall(r'<h2 class="word".*?</h2>', first)[0]) == verdict.capitalize()
    assert len(re.findall(r'<p class="sentence">', first)) == 1
    (command,) = re.findall(r"<pre><code>(.*?)</code></pre>", first)
    assert words(command) == next_step(contents.verdict).command
    assert "dvc exp run -S evaluate.seeds=12" in command or verdict != "undecided"
    assert not set(re.findall(r"\w+", words(first))) & {arm for arm in ARMS if "_" in arm}, "names for people"


def test_a_first_look_says_so_and_leads_to_a_whole_run(contents: Contents) -> None:
    page = words(render(replace(contents, looked_at="my images")))
    assert "This was a first look: fewer repeats" in page
    assert "augment run 'my images'" in page
    assert "evaluate.seeds=12" not in page
    assert "It costs" not in page
    assert "first look" not in words(render(contents))


@pytest.mark.parametrize(
    ("source", "arms", "more", "folder"),
    [
        ("folder", list(FIRST_LOOK_ARMS), {}, "my images"),
        ("folder", [*FIRST_LOOK_ARMS, "classical"], {}, ""),
        ("folder", [*FIRST_LOOK_ARMS, "classical"], {"augmentation": "classical"}, "my images"),
        ("folder", list(FIRST_LOOK_ARMS), {"seeds": 10}, ""),
        ("folder", list(FIRST_LOOK_ARMS), {"second_classifier": "random_convolutions"}, ""),
        ("folder", "default", {}, ""),
        ("digits", list(FIRST_LOOK_ARMS), {}, ""),
    ],
)
def test_a_first_look_is_a_run_as_brief_and_of_no_more_arms(
    source: str, arms: list[str] | str, more: dict[str, Any], folder: str
) -> None:
    brief = {"arms": arms, "seeds": 2, "second_classifier": "off"} | more
    params = check({"ingest": {"source": source, "path": "my images"}, "evaluate": brief})
    assert folder_of_first_look(params) == folder


def test_sizes_and_counts_stand_in_one_line(contents: Contents) -> None:
    assert counts_line(contents) == (
        "2 classes · 12 training images (6 a class) · 12 test images · 2 repeats · GANs at 8×8 px · "
        "delivered: 12 real and 12 made"
    )


def test_the_first_images_of_every_class_are_shown_in_turn() -> None:
    turns = first_turns({"a": 1, "b": 4, "c": 2}, 6)
    assert turns == [("a", 0), ("b", 0), ("c", 0), ("b", 1), ("c", 1), ("b", 2)]
    assert first_turns({"a": 0}, 6) == []


def test_what_is_shown_is_what_the_folder_holds(tmp_path: Path) -> None:
    train, made = (random_images(["a", "b"], 4, (3, 24, 30), seed) for seed in (1, 2))
    deliver(tmp_path, ["a", "b"], train, {"b": made["b"]})
    found = read_delivered(tmp_path, {"a": made["a"], "b": made["b"]})
    assert (found.real, found.made) == (8, 4)
    assert [look.label for look in found.looks] == ["b"] * 4, "classes without made images show none"
    for number, look in enumerate(found.looks):
        assert look.made is not None
        assert np.array_equal(look.real, train["b"][number])
        assert np.array_equal(look.made, made["b"][number])


def test_without_delivered_ones_the_samples_are_shown_and_without_those_real_images(tmp_path: Path) -> None:
    train, made = (random_images(["a", "b"], 2, (1, 8, 8), seed) for seed in (1, 2))
    deliver(tmp_path, ["a", "b"], train, {})
    found = read_delivered(tmp_path, made)
    assert (found.real, found.made) == (4, 0)
    assert [(look.label, look.made is not None) for look in found.looks] == [("a", True), ("b", True)] * 2
    none = {label: images[:0] for label, images in made.items()}
    assert [look.made for look in read_delivered(tmp_path, none).looks] == [None] * 4
