"""How many real images the samples are worth: the size, its interval, and where it cannot be told."""

from dataclasses import replace

import numpy as np
import pytest

from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.statistics.sample_equivalence import power_law, sample_equivalence

SIZES = {"0.25": 25.0, "0.5": 50.0, "0.75": 75.0, "1": 100.0}


def error(size: float) -> float:
    return float(2.0 * size**-0.5)


def measured(errors: dict[str, np.ndarray], ratio: float | None = 0.0, images: int = 10_000) -> MetricTable:
    """Figures of names whose errors (S,) are given; without draws, as disjoint training sets have them."""
    values = {name: 1 - own for name, own in errors.items()}
    drawn = {name: np.zeros((len(own), 0)) for name, own in errors.items()}
    return MetricTable("balanced accuracy", values, drawn, 0.0, 100, images, 0, ratio)


def noisy(size_of_gan: float, seeds: int, noise: float, seed: int) -> MetricTable:
    """An exact power law, and a GAN arm that is as good as so many real images, all with noise on the logarithm."""
    rng = np.random.default_rng(seed)
    sizes = {**SIZES, "gan": size_of_gan}
    return measured({name: error(size) * np.exp(noise * rng.normal(size=seeds)) for name, size in sizes.items()})


@pytest.mark.parametrize("size", [40.0, 100.0, 130.0, 300.0])
def test_an_exact_law_gives_the_exact_size(size: float) -> None:
    found = sample_equivalence(noisy(size, 5, 1e-9, 0), "gan", SIZES, 100.0)
    assert found.curve_rises
    assert (found.min_measured, found.max_measured, found.max_searched) == (25.0, 100.0, 400.0)
    for end in (found.low, found.equivalent, found.high):
        assert end == pytest.approx(size, rel=0.005), "as fine as the search"


@pytest.mark.parametrize(("size", "end"), [(10.0, 25.0), (2000.0, 400.0)])
def test_beyond_what_is_looked_at_stands_the_end(size: float, end: float) -> None:
    found = sample_equivalence(noisy(size, 5, 1e-9, 0), "gan", SIZES, 100.0)
    assert (found.low, found.equivalent, found.high) == (end, end, end)


def test_the_interval_covers() -> None:
    """At the true size it errs in 5 % of runs; those whose curve does not surely rise tell nothing."""
    found = [sample_equivalence(noisy(130.0, 10, 0.1, seed), "gan", SIZES, 100.0) for seed in range(300)]
    assert sum(one.curve_rises for one in found) > 290
    covered = np.mean([one.low <= 130 <= one.high for one in found if one.curve_rises])
    assert 0.92 <= covered <= 0.98
    assert np.median([one.equivalent for one in found]) == pytest.approx(130, rel=0.03)


def test_test_images_count_in_the_interval() -> None:
    """With draws that move one arm, the interval is as wide as the draws."""
    exact = noisy(130.0, 5, 1e-9, 0)
    rng = np.random.default_rng(1)
    drawn = {name: own[:, None] + (0.02 * rng.normal(size=500) if name == "gan" else np.zeros(500))[None]
             for name, own in exact.values.items()}  # fmt: skip
    found = sample_equivalence(replace(exact, bootstrap=drawn, ratio=None), "gan", SIZES, 100.0)
    assert (found.low < 100, found.high > 180) == (True, True), "an error off by 11 % is a size off by 22 %"


def test_an_uncertain_threshold_counts_in_the_interval() -> None:
    """Recall at a false-alarm rate: what leaving out a group of normal images changes widens it, as draws do."""
    exact = noisy(130.0, 5, 1e-9, 0)
    exact = replace(exact, bootstrap={name: np.repeat(own[:, None], 50, 1) for name, own in exact.values.items()},
                    ratio=None)  # fmt: skip
    still = {name: np.zeros((5, 20)) for name in exact.values}
    moved = still | {"gan": np.where(np.arange(20) == 0, 0.02, 0.0)[None].repeat(5, 0)}
    certain, uncertain = (
        sample_equivalence(replace(exact, thresholds=changes), "gan", SIZES, 100.0) for changes in (still, moved)
    )
    assert certain == sample_equivalence(exact, "gan", SIZES, 100.0)
    assert certain.high == pytest.approx(130, rel=0.005)
    assert (uncertain.low < 100, uncertain.high > 180) == (True, True), "as wide as draws of this size make it"


def test_perfect_scores_are_no_fault() -> None:
    found = sample_equivalence(measured({name: np.zeros(3) for name in [*SIZES, "gan"]}), "gan", SIZES, 100.0)
    assert not found.curve_rises


def test_power_law() -> None:
    sizes = np.array([10.0, 20.0, 40.0])
    assert power_law(sizes, 3 * sizes**-0.7, 100.0) == pytest.approx(3 * 100**-0.7)
    assert power_law(sizes, np.array([0.1, 0.2, 0.4]), 100.0) == pytest.approx(0.2), "more images never do harm"
