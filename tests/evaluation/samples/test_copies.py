import numpy as np
import pytest

from augment.evaluation.samples.copies import copy_rate

LABELS = ("bag", "boot", "pooled")  # a class may be called that


def draw(n: int, seed: int, label: int = 0) -> np.ndarray:
    """Classes differ in scale by factors of ten, as they may."""
    return np.random.default_rng([seed, label]).normal(size=(n, 8)).astype(np.float32) * 10.0**label


def sets(n: int, seed: int) -> dict[str, np.ndarray]:
    return {label: draw(n, seed, position) for position, label in enumerate(LABELS)}


def alone(control: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {label: np.array([f"{label}{i}" for i in range(len(rows))]) for label, rows in control.items()}


def rows(synthetic, train, control, groups=None):
    return copy_rate(synthetic, train, control, groups or alone(control), np.random.default_rng(0))


def test_independent_samples_score_as_control_does():
    found = rows(sets(400, 1), sets(50, 0), sets(300, 2))
    for row in found:
        assert row.note == ""
        assert row.synthetic_rate == pytest.approx(0.01, abs=0.012)
        assert row.control_rate == pytest.approx(0.01, abs=0.012)


def test_scarce_control_still_judges_independent_samples_as_itself():
    synthetic, control = [], []
    for seed in range(60):
        pooled = rows(sets(30, 3 * seed), sets(10, 3 * seed + 1), sets(8, 3 * seed + 2))[-1]
        synthetic.append(pooled.synthetic_rate)
        control.append(pooled.control_rate)
    assert np.mean(synthetic) == pytest.approx(np.mean(control), abs=0.02)


def test_a_replay_of_train_is_all_copies_and_a_mixture_its_share():
    train, control = sets(50, 0), sets(100, 2)
    replay = {label: np.concatenate([draws, draws]) for label, draws in train.items()}
    assert all(row.synthetic_rate == 1 for row in rows(replay, train, control))
    mixture = {label: np.concatenate([train[label], draw(50, 3, i)]) for i, label in enumerate(LABELS)}
    assert rows(mixture, train, control)[-1].synthetic_rate == pytest.approx(0.5, abs=0.03)


def test_nearly_exact_copies_count_too():
    train = sets(50, 0)
    jittered = {label: train[label] + 0.01 * draw(50, 5, i) for i, label in enumerate(LABELS)}
    assert rows(jittered, train, sets(100, 2))[-1].synthetic_rate == 1


def test_below_twenty_control_images_nothing_is_measured():
    found = rows(sets(50, 1), sets(20, 0), sets(6, 2))
    assert [row.label for row in found] == [*LABELS, "pooled"]
    for row in found:
        assert (row.synthetic_rate, row.control_rate) == (None, None)
        assert row.note.startswith("not measured: 18 usable held-out images")
    assert (found[0].synthetic, found[0].control, found[-1].synthetic, found[-1].control) == (50, 6, 150, 18)


def test_one_group_of_control_is_not_enough():
    control = sets(20, 2)
    together = {label: np.array(["patient"] * 20) for label in LABELS}
    assert rows(sets(9, 1), sets(9, 0), control, together)[-1].note.startswith("not measured")


def test_a_group_is_never_on_both_sides():
    # Two patients, one of whom looks like train: her images pass the other's threshold, all of them.
    # Torn apart, her nearest image would set the threshold for the rest.
    train = {"bag": draw(30, 0)}
    like_train = train["bag"][:15] + 0.1 * draw(15, 3)
    control = {"bag": np.concatenate([like_train, draw(15, 2)])}
    patients = {"bag": np.repeat(["a", "b"], 15)}
    assert rows({"bag": draw(9, 1)}, train, control, patients)[-1].control_rate == 0.5
    assert rows({"bag": draw(9, 1)}, train, control)[-1].control_rate < 0.2


def test_small_classes_are_read_beside_the_pooled_control():
    control = {"bag": draw(40, 2), "boot": draw(3, 2, 1)}
    train, synthetic = sets(20, 0), sets(30, 1)
    bag, boot, third, pooled = rows(synthetic, train, control)
    assert bag.control_rate is not None
    assert boot.synthetic_rate is not None
    assert boot.control_rate is None
    assert "compare with pooled" in boot.note
    assert third.synthetic_rate is None
    assert third.note.startswith("not measured")
    assert (pooled.synthetic, pooled.control) == (60, 43)


def test_a_class_without_samples_says_so():
    synthetic = {"bag": draw(30, 1), "boot": np.zeros((0, 8))}
    bag, boot, third, pooled = rows(synthetic, sets(20, 0), sets(40, 2))
    assert (boot.synthetic_rate, third.synthetic_rate) == (None, None)
    assert "no synthetic images" in boot.note
    assert pooled.synthetic_rate == pytest.approx(bag.synthetic_rate)


def test_held_out_images_that_equal_train_give_no_scale():
    train = {"bag": draw(30, 0)}
    found = rows({"bag": draw(9, 1)}, train, {"bag": train["bag"]})
    assert all(row.synthetic_rate is None for row in found)


def test_scale_does_not_matter():
    def scaled(factor):
        return rows(*({"bag": draw(60, s) * factor} for s in (1, 0, 2)))[-1]

    assert scaled(1.0) == scaled(1024.0)
