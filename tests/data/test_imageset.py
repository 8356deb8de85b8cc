"""The one form of labelled images: checked, cut and kept."""

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.data.checksums import write_checksums
from augment.data.imageset import FILES, ImageSet
from tests.toy import toy_set

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=8)


def names(*values: str) -> np.ndarray:
    return np.array(values, dtype=np.str_)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 2, 4, 4), np.uint8),
        np.zeros((2, 4, 4), np.uint8),
        np.zeros((2, 1, 4, 4), np.float32),
    ],
)
def test_other_forms_are_refused(images: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"uint8 \(N, C, H, W\) with 1 or 3 channels, found (uint8|float32) \(2"):
        ImageSet(images, names("a", "b"), names("0", "1"), names("", ""))


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match=r"differ in length: \[1, 2\]"):
        ImageSet(np.zeros((2, 1, 4, 4), np.uint8), names("a", "b"), names("0"), names("", ""))


def test_classes_are_sorted_and_targets_are_positions() -> None:
    own = toy_set({"b": 3, "a": 1, "C": 2}).take([5, 0, 3, 1, 2, 4])
    assert own.classes == ["C", "a", "b"]
    assert own.counts() == {"C": 2, "a": 1, "b": 3}
    targets = own.targets(own.classes)
    assert targets.dtype == np.int64
    assert [own.classes[index] for index in targets] == own.labels.tolist()
    assert own.targets(["b", "a", "C", "d"]).tolist() == (2 - targets).tolist()


@given(st.lists(st.integers(0, 5), max_size=9))
def test_take_keeps_each_image_with_its_names(which: list[int]) -> None:
    own = toy_set({"a": 2, "b": 4})
    taken = own.take(which)
    assert len(taken) == len(which)
    for place, index in enumerate(which):
        assert (taken.images[place] == own.images[index]).all()
        assert (taken.labels[place], taken.groups[place]) == (own.labels[index], own.groups[index])
        assert taken.sources[place] == own.sources[index]


def test_one_class_by_mask() -> None:
    own = toy_set({"a": 2, "b": 4})
    assert own.of_class("b").sources.tolist() == ["b/0.png", "b/1.png", "b/2.png", "b/3.png"]
    assert own.of_class("nobody").images.shape == (0, 1, 8, 8)


@settings(max_examples=25)  # each writes four files to the disk
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=5), st.sampled_from([1, 3]), st.integers(0, 9))
def test_what_is_saved_is_loaded(rows: list[tuple[str, str, str]], channels: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (len(rows), channels, 3, 5), dtype=np.uint8)
    own = ImageSet(images, *(names(*(row[column] for row in rows)) for column in range(3)))
    with tempfile.TemporaryDirectory() as folder:
        own.save(Path(folder, "set"))
        again = ImageSet.load(Path(folder, "set"))
        again.save(Path(folder, "copy"))
        for file in ("images.npy", "index.csv"):
            assert Path(folder, "copy", file).read_bytes() == Path(folder, "set", file).read_bytes()
    assert again.images.dtype == np.uint8
    assert np.array_equal(again.images, images)
    for mine, other in ((own.labels, again.labels), (own.groups, again.groups), (own.sources, again.sources)):
        assert mine.tolist() == other.tolist()


@pytest.mark.parametrize("file", ["images.npy", "index.csv"])
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    toy_set({"a": 2}).save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(DataError, match=rf"{tmp_path}: not a prepared split .*{file}.*Run `dvc repro`"):
        ImageSet.load(tmp_path)


@pytest.mark.parametrize("file", ["images.npy", "index.csv"])
@settings(max_examples=20)
@given(share=st.floats(0, 0.95))
def test_a_file_cut_short_is_refused(file: str, share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        toy_set({"a": 20}).save(Path(folder))
        whole = Path(folder, file).read_bytes()
        Path(folder, file).write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DataError):
            ImageSet.load(Path(folder))


def test_every_bit_of_a_saved_set_is_watched(tmp_path: Path) -> None:
    """As DVC hands out a damaged object without a word: of the same length, and readable."""
    toy_set({"a": 2, "b": 2}).save(tmp_path)
    for name in ("images.npy", "index.csv", "checksums.json"):
        whole = (tmp_path / name).read_bytes()
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1 << place % 8
            (tmp_path / name).write_bytes(changed)
            with pytest.raises(DataError, match=r"(images\.npy|index\.csv|checksums\.json): "):
                ImageSet.load(tmp_path)
        (tmp_path / name).write_bytes(whole)
    assert len(ImageSet.load(tmp_path)) == 4


def test_a_damaged_set_names_the_file_and_one_command(tmp_path: Path) -> None:
    toy_set({"a": 2, "b": 2}).save(tmp_path)
    path = tmp_path / "images.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    with pytest.raises(DataError, match=rf"{path}: damaged.*`augment doctor`"):
        ImageSet.load(tmp_path)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    toy_set({"a": 2}).save(tmp_path)
    np.save(tmp_path / "images.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    write_checksums(tmp_path, FILES)
    with pytest.raises(DataError, match="allow_pickle=False"):
        ImageSet.load(tmp_path)


@pytest.mark.parametrize("text", ["a\rb", "\r", "a\ud800"])
@pytest.mark.parametrize("column", ["labels", "groups", "sources"])
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, text: str, column: str) -> None:
    names = {name: np.array(["x", "y"]) for name in ("labels", "groups", "sources")}
    images = ImageSet(np.zeros((2, 1, 4, 4), np.uint8), **names | {column: np.array(["x", text])})
    with pytest.raises(DataError, match="cannot be written") as caught:
        images.save(tmp_path / "set")
    assert ascii(text) in str(caught.value)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("labels", [np.array([0, 1]), ["a", "b"], np.array(["a", 1], dtype=object)])
def test_labels_are_text(labels: Any) -> None:
    names = np.array(["0", "1"])
    with pytest.raises(DataError, match="labels must be a NumPy array of text"):
        ImageSet(np.zeros((2, 1, 4, 4), np.uint8), labels, names, names)


@pytest.mark.parametrize("labels", [np.array("a"), np.array([["a"], ["b"]]), np.zeros((2, 0), str)])
def test_labels_stand_in_one_row(labels: Any) -> None:
    names = np.array(["0", "1"])
    found = f"labels must be a NumPy array of text (N,), dtype str, found {labels.dtype} {labels.shape}"
    with pytest.raises(DataError, match=re.escape(found)):
        ImageSet(np.zeros((2, 1, 4, 4), np.uint8), labels, names, names)


def test_texts_as_pandas_gives_them_are_labels() -> None:
    labels = np.array(["a", "b"], dtype=object)
    found = ImageSet(np.zeros((2, 1, 4, 4), np.uint8), labels, names("0", "1"), names("0", "1"))
    assert found.counts() == {"a": 1, "b": 1}


def test_a_set_is_a_key_by_identity() -> None:
    def zeros() -> ImageSet:
        names = np.array(["a"])
        return ImageSet(np.zeros((1, 1, 2, 2), np.uint8), names, names, names)

    first, equal = zeros(), zeros()
    assert {first: 1, equal: 2}[first] == 1
    assert first != equal
    assert first.fingerprint() == equal.fingerprint()
