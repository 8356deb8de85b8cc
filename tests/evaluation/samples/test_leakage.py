"""Canaries: generators that replay test images are found, those that replay train are not."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.evaluation.samples import leakage
from augment.evaluation.samples.leakage import (
    MIN_AUDIT_GROUPS,
    Nearness,
    RealOfClass,
    nearness_rows,
    real_of_classes,
    require_no_leak,
)
from augment.measure.features import pixels

LABELS = ("a", "b")


def drawn(count: int, seed: int, label: str, side: int = 8) -> np.ndarray:
    """uint8 (count, 1, side, side): smooth random fields about the class's own."""
    mean = np.random.default_rng(ord(label)).normal(128, 30, (4, 4))
    fields = mean + np.random.default_rng((seed, ord(label))).normal(0, 25, (count, 4, 4))
    return np.clip(np.kron(fields, np.ones((side // 4, side // 4))), 0, 255).astype(np.uint8)[:, None]


def drawn_set(count: int, seed: int, side: int = 8, each: int = 1) -> ImageSet:
    images = np.concatenate([drawn(count, seed, label, side) for label in LABELS])
    labels = np.repeat(LABELS, count)
    groups = np.array([f"{seed}-{label}-{i % count // each}" for i, label in enumerate(labels)])
    return ImageSet(images, labels, groups, np.array([f"{group}.png" for group in groups]))


SIDES = {"train": drawn_set(40, 1), "val": drawn_set(15, 2), "test": drawn_set(40, 3)}


def replay(images: ImageSet, noise: float = 6, count: int = 120, seed: int = 0) -> dict[str, np.ndarray]:
    """What generators make that know only these images by heart, and add a little noise."""
    rng = np.random.default_rng(seed)
    found = {}
    for label in LABELS:
        own = images.of_class(label).images
        picks = own[rng.integers(0, len(own), count)] + rng.normal(0, noise, (count, *own.shape[1:]))
        found[label] = np.clip(picks, 0, 255).astype(np.uint8)
    return found


def reals(sides: dict[str, ImageSet]) -> dict[str, RealOfClass]:
    return real_of_classes(sides, lambda images: pixels(images.images))


def nearness(samples: dict[str, np.ndarray], sides: dict[str, ImageSet], seed: int = 0) -> list[Nearness]:
    return nearness_rows({label: pixels(images) for label, images in samples.items()}, reals(sides), seed)


def join(*sets: ImageSet) -> ImageSet:
    return ImageSet(*(np.concatenate([getattr(one, part) for one in sets]) for part in vars(sets[0])))


def leaks(samples: dict[str, np.ndarray], sides: dict[str, ImageSet] = SIDES) -> dict[str, bool]:
    return {row.control: row.leak for row in nearness(samples, sides)}


def test_generators_that_replay_test_are_found() -> None:
    assert leaks(replay(SIDES["test"])) == {"train": True, "val": True}
    assert leaks(replay(SIDES["test"], noise=0)) == {"train": True, "val": True}


def test_generators_that_were_trained_on_test_too_are_found() -> None:
    """Test is then no nearer than train, but nearer than val."""
    assert leaks(replay(join(SIDES["train"], SIDES["test"]))) == {"train": False, "val": True}


def test_generators_that_replay_train_or_val_are_not_a_leak_of_test() -> None:
    assert leaks(replay(SIDES["train"])) == {"train": False, "val": False}
    assert leaks(replay(SIDES["train"], noise=0)) == {"train": False, "val": False}
    assert not any(leaks(replay(SIDES["val"])).values())


def test_honest_samples_pass_and_a_tenth_of_replays_does_not() -> None:
    honest = {label: drawn(600, 9, label) for label in LABELS}
    assert leaks(honest) == {"train": False, "val": False}
    some = replay(SIDES["test"], count=120, noise=2)
    mixed = {label: np.concatenate([honest[label][:300], some[label]]) for label in LABELS}
    assert leaks(mixed)["train"]


def test_test_images_that_are_merely_typical_are_no_leak() -> None:
    """Test drawn nearer to the classes' middle, as an easier test set is: nearer to all samples, and to all reals."""
    calm = SIDES["test"]
    middle = np.concatenate([np.repeat(calm.of_class(label).images.mean(0)[None], 40, axis=0) for label in LABELS])
    easier = ImageSet((0.7 * calm.images + 0.3 * middle).astype(np.uint8), calm.labels, calm.groups, calm.sources)
    honest = {label: drawn(600, 9, label) for label in LABELS}
    assert not any(leaks(honest, SIDES | {"test": easier}).values())


@pytest.mark.parametrize("seed", range(10))
def test_honest_runs_hardly_ever_alarm(seed: int) -> None:
    sides = {side: drawn_set(30, 5 * seed + number + 1) for number, side in enumerate(SIDES)}
    assert not any(leaks({label: drawn(200, 5 * seed, label) for label in LABELS}, sides).values())


def test_sampling_weights_are_as_often_small_as_they_say() -> None:
    """Under honest samples p is uniform: of 200 draws about a tenth lie below 0.1."""
    small = 0
    for seed in range(200):
        sides = {side: drawn_set(20, 10 * seed + number + 1) for number, side in enumerate(("train", "val", "test"))}
        rows = nearness({label: drawn(60, 10 * seed, label) for label in LABELS}, sides)
        small += (rows[0].p or 0) < 0.1
    assert 6 <= small <= 36  # 20 expected; five standard deviations are 21, and there is nothing below 0


def test_one_class_is_the_plain_rank_test() -> None:
    sides = {side: images.of_class("a") for side, images in SIDES.items()}
    samples = {"a": drawn(50, 9, "a")}
    row = nearness(samples, sides, 4)[0]
    every = np.concatenate([images.images.reshape(len(images), -1) / 255 for images in sides.values()])
    between = np.linalg.norm(every[:, None] - every[None], axis=2) + np.diag(np.full(len(every), np.inf))
    made = np.linalg.norm(every[:, None] - samples["a"].reshape(50, -1)[None] / 255, axis=2).min(axis=1)
    relative = made / between.min(axis=1)
    expected = mannwhitneyu(relative[-40:], relative[:40], alternative="less", method="asymptotic")
    assert row.p == pytest.approx(expected.pvalue, rel=1e-6)
    assert row.nearer == pytest.approx(1 - expected.statistic / 1600)
    assert (row.seed, row.control, row.test, row.others, row.note) == (4, "train", 40, 40, "")


@pytest.mark.parametrize("wins", [50, 61, 70, 90])
def test_classes_of_one_image_on_either_side_are_a_sign_test(wins: int) -> None:
    """A pair has one winner, so a hundred pairs are a hundred tosses, and not two hundred ranks."""
    sides = np.array(["test", "val"])
    pairs = [(np.array([0.0, 1.0] if number < wins else [1.0, 0.0]), sides) for number in range(100)]
    row = leakage._rank_test(pairs, "val", 0)
    assert row.nearer == pytest.approx(wins / 100)
    assert row.p == pytest.approx(norm.sf((wins - 50 - 0.5) / 5))
    assert row.leak == (wins >= 70)


def test_many_small_classes_alarm_no_more_often_than_large_ones() -> None:
    """Ranks of no meaning in a hundred classes of one to four images: a twentieth of p lies below 0.05."""
    rng, low = np.random.default_rng(0), 0
    for _ in range(400):
        classes = [(rng.random(sum(n)), np.repeat(["test", "val"], n)) for n in rng.integers(1, 5, (100, 2))]
        low += (leakage._rank_test(classes, "val", 0).p or 0) < 0.05
    assert 5 <= low <= 40  # 20 expected, with a standard deviation of 4.4


def test_a_group_counts_once() -> None:
    grouped = {side: drawn_set(60, number, each=2) for number, side in enumerate(SIDES)}
    row = nearness({label: drawn(50, 9, label) for label in LABELS}, grouped)[0]
    assert (row.test, row.others) == (60, 60)


def test_too_few_is_not_measured() -> None:
    few = SIDES | {"val": drawn_set(MIN_AUDIT_GROUPS // 2 - 1, 2)}
    train, val = nearness(replay(SIDES["test"]), few)
    assert train.p is not None
    assert (val.nearer, val.p, val.leak) == (None, None, False)
    assert val.note == f"not measured: at least {MIN_AUDIT_GROUPS} groups on either side are needed"
    empty = SIDES | {"val": SIDES["val"].take(np.zeros(len(SIDES["val"]), dtype=bool))}
    assert [row.p is None for row in nearness(replay(SIDES["test"]), empty)] == [False, True]
    assert {row.note[:12] for row in nearness({}, SIDES)} == {"not measured"}


def test_the_message_names_seed_control_and_what_to_do() -> None:
    require_no_leak([Nearness(1, "train", 40, 40, 0.9, 0.2, ""), Nearness(1, "val", 40, 40, 0.59, 1e-9, "")])
    with pytest.raises(DataError, match=r"^leak: .* of seed 7 .* images of val in 80 % of .*p = 1e-05.*augment check"):
        require_no_leak([Nearness(7, "val", 40, 40, 0.8, 1e-5, "")])


def test_the_bounds_are_inclusive() -> None:
    assert Nearness(0, "val", 20, 20, leakage.MIN_NEARER_SHARE, leakage.MAX_P_VALUE, "").leak
    assert not Nearness(0, "val", 20, 20, leakage.MIN_NEARER_SHARE, leakage.MAX_P_VALUE * 1.01, "").leak
    assert not Nearness(0, "val", 20, 20, leakage.MIN_NEARER_SHARE - 0.01, leakage.MAX_P_VALUE, "").leak
