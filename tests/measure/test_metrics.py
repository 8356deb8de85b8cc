import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import polynomial_kernel

from augment.core.errors import DataError
from augment.measure import metrics
from augment.measure.metrics import (
    density_coverage,
    fid,
    kid,
    leave_one_out_nearest,
    nearest,
    nearest_elsewhere,
    precision_recall,
)


def normal(n: int, seed: int, d: int = 6, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=(n, d)) * spread + shift).astype(np.float32)


@pytest.fixture(params=[metrics.MAX_BLOCK_ENTRIES, 50])
def block(request, monkeypatch):
    """Whole matrices, and blocks of one or two rows."""
    monkeypatch.setattr(metrics, "MAX_BLOCK_ENTRIES", request.param)


@pytest.mark.usefixtures("block")
def test_kid_equals_the_unbiased_mmd_of_sklearns_kernel():
    real, fake = normal(30, 0), normal(20, 1, shift=0.3)

    def mean_off_diagonal(x):
        kernel = polynomial_kernel(x, degree=3, gamma=1 / 6, coef0=1)
        return (kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1))

    cross = polynomial_kernel(real, fake, degree=3, gamma=1 / 6, coef0=1).mean()
    expected = mean_off_diagonal(real) + mean_off_diagonal(fake) - 2 * cross
    assert kid(real=real, fake=fake) == pytest.approx(expected, rel=1e-5)


def test_kid_by_hand():
    # D = 1: k(x, y) = (xy + 1)^3. real 0, 1: k = 1. fake 1, 2: k = 27. cross: 1, 1, 8, 27.
    real, fake = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    assert kid(real=real, fake=fake) == pytest.approx(1 + 27 - 2 * (1 + 1 + 8 + 27) / 4)


def test_kid_is_unbiased_for_equal_distributions_and_grows_with_the_shift():
    values = [kid(real=normal(25, 2 * s), fake=normal(25, 2 * s + 1)) for s in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))
    shifts = [kid(real=normal(200, 0), fake=normal(200, 1, shift=s)) for s in (0.0, 0.5, 1.0)]
    assert shifts == sorted(shifts)


def test_fid_equals_the_formula_with_scipys_root():
    real, fake = normal(40, 0), normal(30, 1, shift=0.5, spread=1.7)
    first, second = np.cov(real.T), np.cov(fake.T)
    root = sqrtm(first @ second)
    expected = ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(first + second - 2 * root.real)
    assert fid(real=real, fake=fake) == pytest.approx(expected, rel=1e-5)
    assert fid(real=fake, fake=real) == pytest.approx(expected, rel=1e-5)


def test_fid_of_shifted_and_scaled_sides_by_hand():
    real = normal(500, 0)
    assert fid(real=real, fake=real) == pytest.approx(0, abs=1e-6)
    assert fid(real=real, fake=real + 2) == pytest.approx(6 * 4, rel=1e-5)
    spread = real.var(axis=0, ddof=1).sum()
    doubled = 2 * real - real.mean(axis=0)
    assert fid(real=real, fake=doubled) == pytest.approx(spread, rel=1e-5)  # (2 - 1)^2 times every variance


@pytest.mark.usefixtures("block")
def test_the_nearest_point_elsewhere_is_of_another_group():
    points, groups = normal(40, 0), np.repeat(np.arange(10), 4).astype(str)
    between = cdist(points, points)
    between[groups[:, None] == groups] = np.inf
    assert nearest_elsewhere(points, groups) == pytest.approx(between.min(axis=1), rel=1e-5)
    with pytest.raises(DataError, match="1 groups rows, at least 2"):
        nearest_elsewhere(points, np.repeat("one", 40))


def brute(real, fake, k):
    """Precision, recall, density and coverage from whole distance matrices, as the papers define them."""
    real_radius = np.sort(cdist(real, real), axis=1)[:, k]
    fake_radius = np.sort(cdist(fake, fake), axis=1)[:, k]
    between = cdist(real, fake)
    in_real, in_fake = between <= real_radius[:, None], between <= fake_radius
    return (in_real.any(0).mean(), in_fake.any(1).mean(), in_real.sum() / (k * len(fake)), in_real.any(1).mean())


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_recall_density_coverage_equal_brute_force(k):
    real, fake = normal(40, 0), normal(25, 1, spread=0.7)
    found = (*precision_recall(real=real, fake=fake, k=k), *density_coverage(real=real, fake=fake, k=k))
    assert found == pytest.approx(brute(real, fake, k))


def test_collapsed_fakes_are_precise_and_dense_but_cover_nothing():
    real = normal(300, 0)
    collapsed = real[:1] * 0 + normal(300, 1, spread=0.01)
    precision, recall = precision_recall(real=real, fake=collapsed)
    density, coverage = density_coverage(real=real, fake=collapsed)
    assert precision == 1
    assert recall < 0.05
    assert density > 1.5
    assert coverage < 0.5


def test_scattered_fakes_recall_all_but_are_not_precise():
    real, scattered = normal(300, 0), normal(300, 1, spread=4)
    precision, recall = precision_recall(real=real, fake=scattered)
    density, _ = density_coverage(real=real, fake=scattered)
    assert precision < 0.2
    assert recall > 0.9
    assert density < 0.2


def test_swapping_the_sides_swaps_precision_and_recall():
    real, fake = normal(60, 0), normal(50, 1, spread=0.5)
    assert precision_recall(real=real, fake=fake) == precision_recall(real=fake, fake=real)[::-1]


def test_density_of_equal_distributions_is_about_one():
    density, coverage = density_coverage(real=normal(500, 0), fake=normal(500, 1), k=5)
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(1 - 0.5**5, abs=0.05)  # Naeem et al. 2020: about 1 - 2^-k


@settings(max_examples=30, deadline=None)
@given(st.integers(6, 20), st.integers(6, 20), st.integers(0, 1000))
def test_figures_stay_in_range_and_a_copy_of_real_is_perfect(n, m, seed):
    real, fake = normal(n, seed), normal(m, seed + 1, shift=0.5)
    for share in (*precision_recall(real=real, fake=fake), density_coverage(real=real, fake=fake)[1]):
        assert 0 <= share <= 1
    assert precision_recall(real=real, fake=real) == (1, 1)
    assert density_coverage(real=real, fake=real)[1] == 1


@pytest.mark.usefixtures("block")
def test_nearest_equals_scipy():
    queries, references = normal(17, 0), normal(23, 1)
    index, distance = nearest(queries, references)
    assert index.tolist() == cdist(queries, references).argmin(1).tolist()
    assert distance == pytest.approx(cdist(queries, references).min(1))


@pytest.mark.usefixtures("block")
def test_leave_one_out_skips_the_point_itself_only():
    points = np.concatenate([normal(9, 0), normal(9, 0)[:1]])  # the last equals the first
    index, distance = leave_one_out_nearest(points)
    apart = cdist(points, points)
    np.fill_diagonal(apart, np.inf)
    assert index.tolist() == apart.argmin(1).tolist()
    assert (index[0], index[9], distance[0], distance[9]) == (9, 0, 0, 0)


def test_equal_rows_far_from_the_origin_are_at_distance_zero():
    references = normal(20, 0, shift=1e4)
    index, distance = nearest(references[[4, 11]], references)
    assert (index.tolist(), distance.tolist()) == ([4, 11], [0.0, 0.0])


def test_no_queries_give_no_rows():
    index, distance = nearest(np.zeros((0, 3)), np.ones((2, 3)))
    assert (index.shape, distance.shape) == ((0,), (0,))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: kid(real=x[:1], fake=x),
        lambda x: precision_recall(real=x, fake=x[:3]),
        lambda x: density_coverage(real=x[:5], fake=x),
        lambda x: density_coverage(real=x, fake=x[:0]),
        lambda x: nearest(x, x[:0]),
        lambda x: leave_one_out_nearest(x[:1]),
    ],
)
def test_too_few_rows_are_refused_with_what_is_needed(call):
    with pytest.raises(DataError, match=r"at least \d+ are needed"):
        call(normal(10, 0))
