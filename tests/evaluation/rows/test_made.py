"""The rows of rivals and controls, and what each arm learns from."""

import numpy as np
import pytest

from augment.core.seeds import numpy_rng
from augment.data.rows.encoding import Encoding
from augment.evaluation.rows.draws import rows_of_arm
from augment.evaluation.rows.made import from_codes, made_rows, one_level_each, shuffled, to_codes
from augment.params.arms import ROW_OF, TABLE_ARMS
from tests.rows import COUNTS, SCHEMA, toy_rows

TRAIN = toy_rows()
CLASSES = TRAIN.classes
ENCODING = Encoding.of(SCHEMA, TRAIN.values)
ROWS, TARGETS = ENCODING.encode(TRAIN.values), TRAIN.targets(CLASSES)
SOURCES = sorted({source for arm in TABLE_ARMS if (source := ROW_OF[arm].source)} - {"raw", "filtered"})
FILTERED = {label: ROWS[index == TARGETS][:7] for index, label in enumerate(CLASSES)}


def made(source: str, seed: int = 0) -> dict[str, np.ndarray]:
    return made_rows([source], ENCODING, ROWS, TARGETS, CLASSES, 50, FILTERED, seed)[source]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_whole_rows_and_equal_ones_for_equal_seeds(source: str) -> None:
    first, again, other = made(source), made(source), made(source, 1)
    assert first
    for label, rows in first.items():
        assert rows.shape[1] == ENCODING.width
        assert rows.dtype == np.float32
        np.testing.assert_array_equal(rows, again[label])
        for block in ENCODING.blocks(rows):
            np.testing.assert_allclose(block.sum(axis=1), 1)
            assert set(block.ravel().tolist()) <= {0.0, 1.0}
    assert any(first[label].shape != other[label].shape or (first[label] != other[label]).any() for label in other)


@pytest.mark.parametrize("source", sorted({*SOURCES} - {"borderline", "shuffled"}))
def test_as_many_rows_of_each_class_as_are_asked_for(source: str) -> None:
    assert {label: len(rows) for label, rows in made(source).items()} == dict.fromkeys(CLASSES, 50)


def test_smote_lies_between_rows_of_its_class() -> None:
    for index, label in enumerate(CLASSES):
        own = ROWS[index == TARGETS][:, : ENCODING.numeric]
        numbers = made("smote")[label][:, : ENCODING.numeric]
        assert (numbers >= own.min(axis=0) - 1e-5).all()
        assert (numbers <= own.max(axis=0) + 1e-5).all()


def test_a_gaussian_has_the_means_of_classes_and_one_covariance() -> None:
    many = made_rows(["gaussian"], ENCODING, ROWS, TARGETS, CLASSES, 20_000, {}, 0)["gaussian"]
    numeric = ENCODING.numeric
    covariances = []
    for index, label in enumerate(CLASSES):
        own = ROWS[index == TARGETS][:, :numeric]
        np.testing.assert_allclose(many[label][:, :numeric].mean(axis=0), own.mean(axis=0), atol=0.05)
        covariances.append(np.cov(many[label][:, :numeric].T))
    np.testing.assert_allclose(covariances[0], covariances[2], atol=0.05)


def test_copies_keep_their_categories_and_hardly_move() -> None:
    copies = made("copies")["pin"]
    own = ROWS[CLASSES.index("pin") == TARGETS]
    distance = np.abs(copies[:, None, : ENCODING.numeric] - own[None, :, : ENCODING.numeric]).max(axis=2).min(axis=1)
    assert distance.max() < 0.6


def test_shuffled_rows_are_the_same_rows() -> None:
    mixed = shuffled(FILTERED, 0)
    assert {label: len(rows) for label, rows in mixed.items()} == {label: len(rows) for label, rows in FILTERED.items()}
    first, second = (np.sort(np.concatenate(list(side.values())), axis=0) for side in (mixed, FILTERED))
    np.testing.assert_array_equal(first, second)
    assert shuffled({}, 0) == {}


def test_codes_and_levels_are_the_same_rows() -> None:
    np.testing.assert_array_equal(from_codes(ENCODING, to_codes(ENCODING, ROWS)), ROWS)
    half = (ROWS[:1] + ROWS[-1:]) / 2
    assert one_level_each(ENCODING, half)[0, ENCODING.numeric :].sum() == 1


MADE = {label: ROWS[index == TARGETS][:3] + 10 for index, label in enumerate(CLASSES)}


@pytest.mark.parametrize("arm", TABLE_ARMS)
def test_weights_of_an_arm_add_up_as_the_table_of_arms_says(arm: str) -> None:
    use, source = ROW_OF[arm].use, ROW_OF[arm].source
    data = rows_of_arm(arm, ROWS, TARGETS, CLASSES, MADE if source else {}, numpy_rng(0))
    assert data.weights.sum() == pytest.approx(1)
    share = np.bincount(data.targets, data.weights)
    counts = np.array([COUNTS[label] for label in CLASSES])
    expected = counts / counts.sum() if use in ("uniform", "adjusted") else np.full(3, 1 / 3)
    np.testing.assert_allclose(share, expected, atol=1e-9)
    of_made = [float(data.weights[(data.targets == index) & (data.rows[:, 0] > 5)].sum() * 3) for index in range(3)]
    filled = (1 - counts / counts.max()).tolist()
    wanted = {"half": [0, 0.5, 0.5], "fill": filled, "only": [1, 1, 1]}.get(use, [0, 0, 0])
    np.testing.assert_allclose(of_made, wanted if source else [0, 0, 0], atol=1e-9)


def test_random_oversampling_repeats_whole_rows() -> None:
    data = rows_of_arm("oversample", ROWS, TARGETS, CLASSES, {}, numpy_rng(0))
    times = data.weights / data.weights.min()
    np.testing.assert_allclose(times, np.round(times))
    assert np.bincount(data.targets, np.round(times)).tolist() == [40, 40, 40]


def test_a_class_without_made_rows_keeps_its_real_ones() -> None:
    data = rows_of_arm("gan_half_filtered", ROWS, TARGETS, CLASSES, {"pin": MADE["pin"]}, numpy_rng(0))
    np.testing.assert_allclose(np.bincount(data.targets, data.weights), 1 / 3)
    assert (data.rows[:, 0] > 5).sum() == 3
