"""Translated samples among candidates: how each is made travels with it, and at the judged size it is made again."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from augment.evaluation.arms.enlarged import MadeFrom, enlarged
from augment.evaluation.arms.judged import judged_images
from augment.evaluation.experiment.experiment import with_controls
from augment.measure.sampling import WeightedImages
from augment.params.arms import UNTRANSLATED_ARM
from augment.synthesis.selection import ClassCandidates, ClassChoice, choose_class
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants
from pipeline.generate import carried_from
from tests.evaluation.experiment.test_experiment import SETTINGS
from tests.synthesis.transplant.test_transplant import TRAIN

PIT = TRAIN.classes.index("pit")


@dataclass(frozen=True)
class EverySecond:
    """A class filter that lets the second of two candidates pass."""

    thresholds: NDArray[np.float64]

    def scores(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        found = np.zeros((len(images), len(TRAIN.classes)))
        found[1::2, PIT] = 1
        return found


@pytest.fixture(scope="module")
def chosen() -> ClassCandidates:
    one = transplants(TRAIN, None, TransplantSettings("translated"), 0)[0]["pit"]
    passing = EverySecond(np.full(len(TRAIN.classes), 0.5))
    own = TRAIN.of_class("pit").images
    return choose_class(ClassChoice("pit", one, own, passing, PIT, 6, 12, 3))  # type: ignore[arg-type]


def test_of_each_candidate_it_is_told_whose_defect_is_on_which_image(chosen: ClassCandidates) -> None:
    assert chosen.translated is not None
    draws = chosen.translated.draws
    assert np.array_equal(chosen.translated.onto(TRAIN.images[draws.lender]), chosen.images)
    assert not chosen.transferred.any()
    positions = np.flatnonzero(TRAIN.labels == "pit")
    row = carried_from(chosen, 4, positions)
    assert row["source"] == "translated"
    assert TRAIN.labels[row["source_image"]] == "pit"
    assert TRAIN.labels[row["lender_image"]] == "good"


def test_the_kept_ones_keep_how_they_are_made(chosen: ClassCandidates) -> None:
    assert chosen.kept_translated is not None
    lenders = TRAIN.images[chosen.kept_translated.draws.lender]
    assert 0 < len(chosen.kept) < len(chosen.images)
    assert np.array_equal(chosen.kept_translated.onto(lenders), chosen.kept)


def test_the_control_runs_where_there_is_what_it_controls(chosen: ClassCandidates) -> None:
    both = replace(SETTINGS, arms=("none", UNTRANSLATED_ARM))
    assert with_controls(both, [{"pit": chosen}]) is both
    assert with_controls(both, [{"pit": replace(chosen, translated=None)}]).arms == ["none"]


def test_at_the_judged_size_defects_lie_on_originals_and_the_control_shows_these_alone(chosen: ClassCandidates) -> None:
    larger = TRAIN.images.repeat(2, axis=2).repeat(2, axis=3)
    larger[:, :, ::2, ::2] += 1  # detail that no small picture has
    judged, how = judged_images([TRAIN], larger), chosen.kept_translated
    assert how is not None
    doubled = type(how)(how.changes.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3), how.positions, how.draws)
    count = len(chosen.kept)
    made = WeightedImages(chosen.kept, np.full(count, PIT), np.ones(count))
    origins = {"pit": np.full(count, -1)}
    (shown,) = enlarged(made, MadeFrom("filtered", TRAIN, judged, origins, "none", 0, True, {"pit": doubled}))
    good = larger[how.draws.lender]
    same = shown == good
    assert same.mean() > 0.8
    assert not same.all(axis=(1, 2, 3)).any()
    lent = WeightedImages(TRAIN.images[how.draws.lender], made.targets, made.sampling_weights)
    (control,) = enlarged(lent, MadeFrom("untranslated", TRAIN, judged, {}, "none", 0))
    assert np.array_equal(control, good)
