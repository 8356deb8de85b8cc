"""Which candidates are kept, and the one reason why each other is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.latent_transfer import LatentTransfer
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_generator
from augment.synthesis import selection
from augment.synthesis.selection import ClassCandidates, ClassChoice, choose_class, choose_samples, copy_threshold
from tests.toy import Backwards, Fixed, bars, toy_set

TRAIN = toy_set({"a": 12, "b": 12, "c": 12})
KINDS = st.lists(st.sampled_from(["good", "off", "copy"]), min_size=1, max_size=24)


@dataclass(frozen=True)
class ByCorner:
    """Takes an image for class "b" as surely as its first pixel is bright, else for "c"."""

    thresholds: np.ndarray

    def scores(self, images: np.ndarray) -> np.ndarray:
        own = images[:, 0, 0, 0] / 255
        return np.stack([np.zeros_like(own), own, 1 - own], axis=1)


class ByFirst:
    """Takes everything for the only class."""

    thresholds = np.zeros(1)

    def scores(self, images: np.ndarray) -> np.ndarray:
        return np.ones((len(images), 1))


def candidates_of(kinds: list[str], train: ImageSet) -> np.ndarray:
    """Random images far from the training set, whose corner decides the class, or exact copies of it."""
    images = np.random.default_rng(7).integers(128, 256, (len(kinds), 1, 8, 8), dtype=np.uint8)
    for index, kind in enumerate(kinds):
        if kind == "copy":
            images[index] = train.of_class("b").images[index % 12]
        else:
            images[index, 0, 0, 0] = 102 if kind == "off" else 204  # 0.4 and 0.8
    return images


def choices(
    train: ImageSet, images: Mapping[str, np.ndarray], judge: Any, wanted: int, oversample: int = 1
) -> dict[str, ClassCandidates]:
    """What is chosen of these images with seed 5; training classes that have none count as failed."""
    generators = GeneratorSet(
        {label: Fixed(label, own) for label, own in images.items()},
        {label: "collapsed" for label in train.classes if label not in images},
    )
    (found,) = choose_samples(
        [train],
        [generators],
        [judge],
        [5],
        wanted=wanted,
        oversample=oversample,
        transfer_share=0.5,
        engine=Engine("serial"),
    )
    assert list(found) == sorted(images)
    assert {generator.asked[0] for generator in generators.values()} == {(wanted * oversample, 5)}
    return found


def chosen(kinds: list[str], wanted: int, oversample: int = 1, threshold: float = 0.5) -> ClassCandidates:
    train = toy_set({"a": 12, "b": 12, "c": 12})
    train.images[train.labels == "b", 0, 0, 0] = np.where(np.arange(12) % 2, 255, 0)  # every other copy is off too
    generators = {"b": candidates_of(kinds, train)}
    return choices(train, generators, ByCorner(np.full(3, threshold)), wanted, oversample)["b"]


@given(KINDS, st.integers(1, 24))
def test_every_candidate_has_the_one_reason_it_deserves(kinds: list[str], wanted: int) -> None:
    found = chosen(kinds, wanted=wanted, oversample=24)
    passing = [index for index, kind in enumerate(kinds) if kind == "good"]
    expected = {
        index: "near_copy" if kind == "copy" else "off_class" if kind == "off" else ""
        for index, kind in enumerate(kinds)
    }
    expected |= dict.fromkeys(passing[wanted:], "surplus")
    assert found.reason.tolist() == [expected[index] for index in range(len(kinds))]
    assert np.array_equal(found.kept, found.images[passing[:wanted]]), "the first that pass, in their order"
    assert np.flatnonzero(found.accepted).tolist() == passing


@given(KINDS, st.integers(1, 24), st.integers(1, 7))
def test_rounds_end_when_enough_have_passed_and_change_nothing_else(kinds: list[str], wanted: int, size: int) -> None:
    images = candidates_of(kinds, TRAIN)
    judge: Any = ByCorner(np.full(3, 0.5))
    choice = ClassChoice("b", Fixed("b", images), TRAIN.of_class("b").images, judge, 1, wanted, len(kinds), 5)
    whole = choose_class(choice)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "ROUND_CANDIDATES", size)
        found = choose_class(choice)
    good = np.flatnonzero(whole.accepted)
    needed = good[wanted - 1] // size * size + size if len(good) >= wanted else len(kinds)
    assert len(found.images) == min(needed, len(kinds))
    for name, own in vars(found).items():
        expected = getattr(whole, name)
        np.testing.assert_array_equal(own, expected[: len(found.images)] if np.ndim(expected) else expected)


@pytest.mark.parametrize(
    ("wanted", "oversample", "candidates"),
    [(200, 3, 600), (200, 2, 400), (2000, 3, 2400), (541, 3, 1200), (2000, 1, 2000)],
)
def test_candidates_to_be_expected(wanted: int, oversample: int, candidates: int) -> None:
    assert selection.expected_candidates(wanted, oversample, accept=0.9) == candidates


def test_what_was_found_is_told() -> None:
    found = chosen(["good", "off", "copy"], wanted=3, threshold=0.3)
    assert (found.label, found.seed, found.threshold) == ("b", 5, 0.3)
    assert found.probability == pytest.approx([0.8, 0.4, 0.0])
    assert found.other_class.tolist() == [False, True, True]
    assert found.reason.tolist() == ["", "", "near_copy"], "0.4 passes a threshold of 0.3, whatever else is likelier"
    assert found.nearest_train[2] == 2
    assert found.nearest_distance[2] == 0
    assert (found.nearest_distance[:2] > found.copy_threshold).all()
    assert found.copy_threshold > 0


def test_a_score_at_the_threshold_passes() -> None:
    assert chosen(["good"], wanted=1, threshold=204 / 255).reason.tolist() == [""]


def test_a_slightly_changed_copy_is_still_one_and_another_class_is_not_looked_at() -> None:
    changed = TRAIN.of_class("b").images.copy()
    changed[:, 0, 4, 4] += 3
    images = {"b": np.concatenate([changed, TRAIN.of_class("a").images])}
    found = choices(TRAIN, images, ByCorner(np.zeros(3)), wanted=24)["b"]
    assert found.reason.tolist() == ["near_copy"] * 12 + [""] * 12


def test_positions_are_those_of_all_classes_and_failed_ones_have_no_candidates() -> None:
    images = {"a": TRAIN.of_class("c").images, "c": TRAIN.of_class("a").images}
    found = choices(TRAIN, images, ByCorner(np.array([0.0, 0.0, 0.9])), wanted=2, oversample=3)
    assert found["c"].threshold == 0.9
    assert found["c"].probability == pytest.approx(1 - images["c"][:6, 0, 0, 0] / 255)


def test_every_seed_has_its_own_generators_and_filter_wherever_they_run() -> None:
    generators = [
        GeneratorSet({label: Fixed(label, bars(position + repeat, 6)) for position, label in enumerate("abc")})
        for repeat in (0, 1)
    ]
    filters = [ByCorner(np.full(3, threshold)) for threshold in (0.1, 0.2)]
    for engine in (Engine("serial"), Engine("local", 2), Backwards()):
        found = choose_samples(
            [TRAIN, TRAIN], generators, filters, [8, 3], wanted=2, oversample=3, transfer_share=0.5, engine=engine
        )
        assert [[(own.label, own.seed, own.threshold) for own in of_seed.values()] for of_seed in found] == [
            [(label, seed, threshold) for label in "abc"] for seed, threshold in ((8, 0.1), (3, 0.2))
        ]
        for of_seed, own in zip(found, generators, strict=True):
            assert all(np.array_equal(of_seed[label].images, own[label].images) for label in "abc")


def test_too_few_that_pass_are_all_kept() -> None:
    found = chosen(["off", "good", "off", "good"], wanted=3, oversample=2)
    assert found.reason.tolist() == ["off_class", "", "off_class", ""]
    assert len(found.kept) == 2


def test_the_copy_threshold_by_hand() -> None:
    levels = np.array([0, 51, 255], dtype=np.uint8)[:, None, None, None].repeat(8, 2).repeat(8, 3)
    assert copy_threshold(levels[:2]) == pytest.approx(0.1)  # 51/255 apart, halved
    # Nearest others: 0.2, 0.2 and 0.8; their 1st percentile is 0.2.
    assert copy_threshold(levels) == pytest.approx(0.1)
    assert copy_threshold(levels[:1]) == 0.0
    assert copy_threshold(levels[:0]) == 0.0


@given(st.integers(2, 40), st.integers(0, 99))
def test_independent_images_are_rarely_copies(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)
    fresh = rng.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    train = ImageSet(images, np.full(count, "b"), np.arange(count).astype(str), np.arange(count).astype(str))
    found = choices(train, {"b": fresh}, ByFirst(), wanted=20)["b"]
    assert found.reason.tolist() == [""] * 20


def test_minority_classes_have_latent_transfer_where_there_is_a_shared_generator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train = toy_set({"a": 12, "b": 2, "c": 9})
    asked: list[str] = []

    def noted(self: LatentTransfer, n: int, *, seed: int, start: int = 0) -> torch.Tensor:
        asked.append(self.label)
        return torch.from_numpy(bars(1, n, seed=seed))

    monkeypatch.setattr(LatentTransfer, "sample", noted)
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 8, 8, 4, 4)))
    made: Any = {label: Fixed(label, bars(position, 12)) for position, label in enumerate("abc")}
    judge: Any = ByCorner(np.zeros(3))

    def transferred(share: float, of_all: ClassGenerator | None) -> dict[str, int]:
        sets = [GeneratorSet(made, shared=of_all)]
        (found,) = choose_samples(
            [train], sets, [judge], [5], wanted=3, oversample=2, transfer_share=share, engine=Engine("serial")
        )
        return {label: int(own.transferred.sum()) for label, own in found.items()}

    assert transferred(0.5, shared) == {"a": 0, "b": 3, "c": 3}
    assert asked == ["b", "c"]
    assert transferred(0.0, shared) == transferred(0.5, None) == {"a": 0, "b": 0, "c": 0}


def test_which_candidates_are_transferred_does_not_depend_on_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROUND_CANDIDATES", 3)
    monkeypatch.setattr(
        LatentTransfer, "sample", lambda self, n, *, seed, start=0: torch.full((n, 1, 8, 8), 200, dtype=torch.uint8)
    )
    train = toy_set({"a": 12, "b": 2})
    judge: Any = ByCorner(np.zeros(3))
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 8, 8, 4, 4)))
    made: Any = {label: Fixed(label, np.full((12, 1, 8, 8), 100, np.uint8)) for label in "ab"}
    (found,) = choose_samples(
        [train], [GeneratorSet(made, shared=shared)], [judge], [5], wanted=12, oversample=1, transfer_share=0.3,
        engine=Engine("serial"),
    )  # fmt: skip
    assert np.flatnonzero(found["b"].transferred).tolist() == [3, 6, 9]
    assert (found["b"].images[:, 0, 0, 0] == np.where(found["b"].transferred, 200, 100)).all()


def test_of_each_candidate_it_is_told_which_image_was_varied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples that are their sources: whoever takes them for others is found out."""

    def itself(self: LatentTransfer, n: int, *, seed: int, start: int = 0) -> torch.Tensor:
        return torch.from_numpy(self.known[self.sources(n, seed=seed, start=start)])

    monkeypatch.setattr(selection, "ROUND_CANDIDATES", 5)
    monkeypatch.setattr(LatentTransfer, "sample", itself)
    train = toy_set({"a": 12, "b": 4})
    judge: Any = ByCorner(np.zeros(3))
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 8, 8, 4, 4)))
    made: Any = {label: Fixed(label, np.full((12, 1, 8, 8), 100, np.uint8)) for label in "ab"}
    (found,) = choose_samples(
        [train], [GeneratorSet(made, shared=shared)], [judge], [5], wanted=12, oversample=1,
        transfer_share=0.75, engine=Engine("serial"),
    )  # fmt: skip
    own = found["b"]
    assert own.source.dtype == np.int64
    assert np.array_equal(own.images[own.transferred], train.of_class("b").images[own.source[own.transferred]])
    assert set(own.source[own.transferred].tolist()) == {0, 1, 2, 3}
    assert found["a"].source.tolist() == [-1] * len(found["a"].images)
