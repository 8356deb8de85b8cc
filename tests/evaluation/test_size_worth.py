"""What a size is worth to classifiers, told before anything trains."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.commands import check
from augment.data.cleaning import examine
from augment.data.entries import Entry
from augment.data.findings import Findings
from augment.evaluation.cost import size_worth
from augment.evaluation.cost.size_worth import MAX_IMAGES, chosen_images, recognised, size_worth_lines, worth_line
from augment.params import Ingest, Params
from tests.data.corpus import encode

RNG = np.random.default_rng(0)


def files(counts: dict[str, int], side: str = "train") -> list[Entry]:
    return [
        Entry(f"{label}/{side}{i}", label, location=Path("x"), split=side, group=f"{side}{label}{i}")
        for label, count in counts.items()
        for i in range(count)
    ]


def plain_features(_: object, images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backbone that gives pixels as they are."""
    monkeypatch.setattr(size_worth, "is_available", lambda _: True)
    monkeypatch.setattr(size_worth, "load_backbone", lambda _: None)
    monkeypatch.setattr(size_worth, "features", plain_features)


def test_classes_are_drawn_alike_and_never_from_test() -> None:
    images = files({"a": 900, "b": 40, "c": 500}) + files({"a": 30, "b": 30, "c": 30}, "test")
    chosen = chosen_images(images)
    labels = [entry.label for entry in chosen]
    assert {label: labels.count(label) for label in "abc"} == {"a": 280, "b": 40, "c": 280}
    assert len(chosen) == MAX_IMAGES
    assert {entry.split for entry in chosen} == {"train"}
    assert chosen == chosen_images(images[::-1]), "whatever the order"


@pytest.mark.parametrize(
    "images",
    [
        files({"a": 50, "b": 9}),
        files({"a": 50}) + files({"b": 50}, "test"),
        [replace(entry, location=None) for entry in files({"a": 20, "b": 20})],
        [replace(entry, group=entry.label) for entry in files({"a": 20, "b": 20})],
        [],
    ],
)  # fmt: skip
def test_too_few_images_tell_nothing(images: list[Entry]) -> None:
    assert chosen_images(images) == []


@pytest.mark.usefixtures("seen")
def test_images_of_one_group_do_not_teach_each_other() -> None:
    """Six copies of each picture, labels at random: whoever has seen a copy knows the label, others are left to
    chance."""
    pictures = RNG.integers(0, 256, (24, 1, 20, 20), dtype=np.uint8)
    targets = np.repeat(RNG.permutation(np.arange(24) % 2), 6)
    images = np.repeat(pictures, 6, axis=0)
    held = recognised(images, targets, np.repeat([f"g{i}" for i in range(24)], 6), "lite0").mean()
    leaked = recognised(images, targets, np.array([f"g{i}" for i in range(144)]), "lite0").mean()
    assert leaked == 1
    assert held < 0.8


def test_the_line_in_closed_form() -> None:
    """Class a: 30 images, b: 10. Balanced accuracy counts classes alike."""
    targets, groups = np.repeat([0, 1], [30, 10]), np.arange(40).astype(str)
    nothing, everything = np.zeros(40), np.ones(40)
    only_a = (targets == 0).astype(float)
    line = worth_line({(8, 6): nothing, (16, 12): only_a, (160, 120): everything}, targets, groups)
    assert line == (
        "size: a frozen backbone reaches 0 % at 8x6, 50 % at 16x12 (ingest.size), 100 % at 160x120: classifiers that "
        "are shown the working size lose 50.0 points [50.0, 50.0]"
    )
    line = worth_line({(8, 6): only_a, (16, 12): only_a, (160, 120): only_a}, targets, groups)
    assert "what the working size costs them is within noise, +0.0 points [+0.0, +0.0]" in line
    assert line.endswith("; half of it is no worse, within noise")


def test_the_interval_is_that_of_paired_differences() -> None:
    """n images, each with its own difference of mean m and variance v: half-width 1.96 sqrt(v / n), here of two classes
    that weigh alike."""
    targets, groups = np.repeat([0, 1], 100), np.arange(200).astype(str)
    better = np.tile([1.0, 1.0, 0.0, 0.0], 50)
    worse = np.tile([0.0, 1.0, 0.0, 0.0], 50)
    lost, low, high = size_worth._difference(better - worse, targets, groups)
    half_width = 100 * 1.96 * np.sqrt(0.25 * 0.75 / 200)
    assert lost == pytest.approx(25)
    assert (high - low) / 2 == pytest.approx(half_width, rel=0.1)
    doubled = size_worth._difference(better - worse, targets, np.repeat(np.arange(100), 2).astype(str))
    assert doubled[2] - doubled[1] > 0, "groups of two are drawn together"


def checked_set(root: Path, number: int = 25) -> Params:
    """Classes that differ in a checkerboard of single pixels, which no smaller image has; files of 40x40."""
    for label in ("plain", "checked"):
        for i in range(number):
            pixels = np.clip(RNG.normal(120, 12, (40, 40)), 0, 255)
            pixels += (label == "checked") * 8.0 * np.where(np.add(*np.indices((40, 40))) % 2, 1, -1)
            path = root / label / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(pixels.astype(np.uint8)))
    ingest = Ingest(source="folder", path=str(root), size=(8, 8), near_duplicates="off")
    return Params().model_copy(update={"ingest": ingest})


def split_set(params: Params) -> Findings:
    findings = examine(params.ingest)
    assert check.split_blockers(findings, params.ingest, params) == []
    return findings


@pytest.mark.usefixtures("seen")
def test_what_only_large_images_show_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = checked_set(tmp_path)
    findings = split_set(params)
    taken: list[int] = []
    decode = size_worth.read_again
    monkeypatch.setattr(
        size_worth, "read_again", lambda images, *rest: taken.append(len(images)) or decode(images, *rest)
    )
    (line,) = size_worth_lines(findings, params)
    assert ", 100 % at 40x40: classifiers that are shown the working size lose " in line
    assert " % at 4x4, " in line
    assert " % at 8x8 (ingest.size)" in line
    assert taken == [sum(entry.split != "test" for entry in findings.usable)], "once for three sizes"
    assert line == size_worth_lines(findings, params)[0]


@pytest.mark.usefixtures("seen")
def test_files_that_are_gone_or_have_changed_are_left_out(tmp_path: Path) -> None:
    params = checked_set(tmp_path, 30)
    findings = split_set(params)
    gone, changed = [entry for entry in findings.usable if entry.split == "train"][:2]
    assert gone.location is not None
    assert changed.location is not None
    Path(gone.location).unlink()
    Path(changed.location).write_bytes(encode(np.full((9, 9, 3), 7, np.uint8) + np.arange(3, dtype=np.uint8)))
    (line,) = size_worth_lines(findings, params)
    assert "100 % at 40x40" in line


def test_nothing_is_said_without_a_backbone_or_of_small_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = checked_set(tmp_path)
    monkeypatch.setattr(size_worth, "is_available", lambda _: False)
    assert size_worth_lines(split_set(params), params) == []
    monkeypatch.setattr(size_worth, "is_available", lambda _: True)
    native = params.model_copy(update={"ingest": params.ingest.model_copy(update={"size": (40, 40)})})
    assert size_worth_lines(split_set(native), native) == []
