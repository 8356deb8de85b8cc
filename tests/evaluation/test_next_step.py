"""One thing to do next, which fits the word, what data/augmented holds, and what would decide."""

from typing import Any

import pytest

from augment.evaluation.next_step import ASK_YOUR_OWN, LEAVE_OUT, TRAIN, next_step
from augment.params.arms import DEFAULT_GAN_ARM

WORDS = ("helps", "helps, negligibly", "harms", "equivalent", "not used")


def values(word: str, made: bool, **deciding: Any) -> dict[str, Any]:
    asked = {"setting": "evaluate.seeds", "repeats": None, "growth": None} | deciding
    return {
        "verdict": word,
        "delivery": {"arm": DEFAULT_GAN_ARM if made else None},
        "deciding": asked if word == "undecided" else None,
    }


@pytest.mark.parametrize("word", WORDS)
def test_made_images_that_do_not_help_are_taken_out_and_those_that_do_are_put_in(word: str) -> None:
    helps = word.startswith("helps")
    assert next_step(values(word, made=True)).command == (ASK_YOUR_OWN if helps else LEAVE_OUT)
    assert next_step(values(word, made=False)).command == (LEAVE_OUT.replace("real", "chosen") if helps else TRAIN)


def test_an_undecided_run_names_what_would_decide_it() -> None:
    seeds = next_step(values("undecided", True, repeats=12))
    assert (seeds.text.split()[0], seeds.command) == ("12", "dvc exp run -S evaluate.seeds=12")
    repeated = next_step(values("undecided", True, setting="evaluate.repeats", repeats=20))
    assert repeated.command == "dvc exp run -S evaluate.repeats=20"
    images = next_step(values("undecided", True, growth=2.34))
    assert images.text.startswith("About 2.3 times as many test images would decide it")
    assert images.command == "dvc repro"
    folds = next_step(values("undecided", True, setting=None, growth=2.34))
    assert folds.text.startswith("About 2.3 times as many images ")


@pytest.mark.parametrize(("made", "command"), [(True, LEAVE_OUT), (False, TRAIN)])
def test_what_nothing_would_decide_ends_with_the_simpler_way(made: bool, command: str) -> None:
    step = next_step(values("undecided", made))
    assert step.text.startswith("Nothing that can be had would decide it.")
    assert step.command == command
