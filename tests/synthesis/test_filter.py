"""The class filter: honest by construction, and as strict as it was told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augment.core.engine import Engine
from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.measure.classifiers import FitSettings, SmallCnn, probabilities
from augment.params import check
from augment.synthesis import filter
from augment.synthesis.filter import FilterSettings, filter_settings, fit_filters
from tests.toy import bars, toy_set

HERE = Engine("serial")
SETTINGS = FilterSettings(folds=3, accept=0.9, fit=FitSettings(2, 2e-3), batch_size=16, flips="none")
COUNTS = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(
    lambda counts: {"abcd"[position]: count for position, count in enumerate(counts)}
)


def numbered(counts: Mapping[str, int], each: int = 1) -> ImageSet:
    """A toy set whose image i holds i in its first pixel, so that a classifier's diet can be read."""
    own = toy_set(counts, each=each)
    own.images[:, 0, 0, 0] = np.arange(len(own))
    return own


@dataclass
class Seen:
    """What each fold's classifier was fitted on, and what it was then asked to score."""

    fitted: list[set[int]]
    scored: list[list[int]]


def watch(patch: pytest.MonkeyPatch, score: Callable[[int], float]) -> Seen:
    """Replace fitting and scoring; image i gets probability `score(i)` for every class."""
    seen = Seen([], [])

    def fit(batch: Callable, shape: tuple, classes: int, *rest: object) -> int:
        images, _ = batch(torch.Generator().manual_seed(0))
        seen.fitted.append(set(images[:, 0, 0, 0].tolist()))
        seen.scored.append([])
        return len(seen.fitted) - 1

    def judge(network: int, images: np.ndarray) -> np.ndarray:
        seen.scored[network] += images[:, 0, 0, 0].tolist()
        return np.array([[score(int(image[0, 0, 0]))] * 4 for image in images]).reshape(-1, 4)

    patch.setattr(filter, "fit_classifier", fit)
    patch.setattr(filter, "probabilities", judge)
    return seen


@settings(max_examples=40)
@given(COUNTS, st.integers(1, 4), st.integers(2, 5), st.integers(0, 99))
def test_no_image_is_scored_by_a_classifier_that_saw_its_group(
    counts: dict[str, int], each: int, folds: int, seed: int
) -> None:
    own = numbered(counts, each)
    assume(len(set(own.groups)) > 1 and max(counts.values()) > 1)
    with pytest.MonkeyPatch.context() as patch:
        seen = watch(patch, lambda index: 0.5)
        fit_filters([own], replace(SETTINGS, folds=folds, batch_size=4000), [seed], HERE)
    assert 2 <= len(seen.fitted) <= folds
    assert sorted(chain(*seen.scored)) == list(range(len(own))), "every image is held out once"
    for fitted, scored in zip(seen.fitted, seen.scored, strict=True):
        assert fitted.isdisjoint(scored)
        assert set(own.groups[sorted(fitted)]).isdisjoint(own.groups[scored])
        assert fitted | set(scored) == set(range(len(own))), "all others are learned from"


@settings(max_examples=40)
@given(COUNTS, st.floats(0.05, 0.95), st.integers(0, 99))
def test_the_wanted_share_of_held_out_images_passes(counts: dict[str, int], accept: float, seed: int) -> None:
    own = numbered(counts)
    assume(max(counts.values()) > 1)
    scores = np.random.default_rng(seed).random(len(own))
    with pytest.MonkeyPatch.context() as patch:
        watch(patch, lambda index: scores[index])
        (found,) = fit_filters([own], replace(SETTINGS, accept=accept), [seed], HERE)
    for threshold, label in zip(found.thresholds, own.classes, strict=True):
        mine = scores[own.labels == label]
        assert threshold in mine
        assert (mine >= threshold).mean() >= accept
        assert (mine >= threshold).sum() <= accept * len(mine) + 2, "and hardly more than that"


@pytest.mark.parametrize("counts", [{"a": 2, "b": 9}, {"a": 1, "b": 4}, {"a": 2, "b": 2}, {"a": 1, "b": 1, "c": 2}])
def test_a_class_smaller_than_the_folds_is_no_fault(counts: dict[str, int]) -> None:
    (found,) = fit_filters([toy_set(counts)], replace(SETTINGS, folds=5), [0], HERE)
    assert len(found.networks) == min(5, max(counts.values()))
    assert found.scores(toy_set(counts).images).shape == (sum(counts.values()), len(counts))
    assert np.isfinite(found.thresholds).all()


@pytest.mark.parametrize(
    ("counts", "each", "found"),
    [({"a": 4}, 4, "1 groups and at most 4 images"), ({"a": 1, "b": 1}, 1, "2 groups and at most 1 images")],
)
def test_nothing_can_be_held_out_of_one_group(counts: dict[str, int], each: int, found: str) -> None:
    with pytest.raises(DataError, match=rf"only {found} of a class; at least 2 of each are needed.*test_fraction"):
        fit_filters([toy_set(counts, each=each)], SETTINGS, [0], HERE)


def test_every_class_is_drawn_equally_often(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[float] = []
    fit = filter.fit_classifier

    def watched(batch: Callable[[torch.Generator], tuple[torch.Tensor, torch.Tensor]], *others: object) -> SmallCnn:
        _, targets = batch(torch.Generator().manual_seed(0))
        drawn.append(targets.float().mean().item())
        return fit(batch, *others)

    monkeypatch.setattr(filter, "fit_classifier", watched)
    fit_filters([toy_set({"a": 40, "b": 4})], replace(SETTINGS, folds=2, batch_size=1000), [0], HERE)
    assert drawn == pytest.approx([0.5, 0.5], abs=0.06), "an eleventh of the images is half of what is learned"


def test_it_tells_classes_apart() -> None:
    train = toy_set({"a": 12, "b": 12, "c": 12})
    (found,) = fit_filters([train], replace(SETTINGS, fit=FitSettings(60, 5e-3)), [0], HERE)
    for position in range(3):
        scores = found.scores(bars(position, 10, seed=1))
        passed = scores >= found.thresholds
        assert passed[:, position].mean() > 0.5
        assert passed[:, [other for other in range(3) if other != position]].mean() < 0.1


def test_a_score_is_the_mean_over_the_folds() -> None:
    train = toy_set({"a": 6, "b": 6})
    (found,) = fit_filters([train], SETTINGS, [0], HERE)
    assert all(isinstance(network, SmallCnn) for network in found.networks)
    each = [probabilities(network, train.images) for network in found.networks]
    assert len(each) == 3
    assert found.scores(train.images) == pytest.approx(sum(each) / 3)
    assert not np.allclose(each[0], each[1])


def test_seeds_have_filters_of_their_own_and_do_not_disturb_each_other() -> None:
    train = toy_set({"a": 6, "b": 6})
    both = fit_filters([train, train], SETTINGS, [3, 4], HERE)
    (alone,) = fit_filters([train], SETTINGS, [4], HERE)
    assert np.array_equal(both[1].thresholds, alone.thresholds)
    assert np.array_equal(both[1].scores(train.images), alone.scores(train.images))
    assert not np.array_equal(both[0].scores(train.images), alone.scores(train.images))


def test_seeds_cut_the_set_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = watch(monkeypatch, lambda index: 0.5)
    fit_filters([numbered({"a": 12, "b": 12})] * 2, SETTINGS, [3, 4], HERE)
    first, second = ({frozenset(scored) for scored in seen.scored[start : start + 3]} for start in (0, 3))
    assert first != second


def test_settings_come_from_params() -> None:
    params = check(
        {
            "ingest": {"flips": "both"},
            "generate": {"folds": 4, "accept": 0.8, "filter_steps": 7},
            "evaluate": {"learning_rate": 0.01, "batch_size": 5, "steps": 9},
        }
    )
    assert filter_settings(params) == FilterSettings(4, 0.8, FitSettings(7, 0.01), 5, "both")
