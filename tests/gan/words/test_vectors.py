"""Words that a set does not know, in the meaning of its own: cosines of a file, and files that are none."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import ArgumentError, DataError
from augment.gan.words.vectors import read_vectors, understood
from augment.gan.words.vocabulary import learn_vocabulary

VOCABULARY = learn_vocabulary(["red circle", "blue square"])
TEXT = """\
red 3 0 0
blue 0 0.5 0
Crimson 8 6 0
azure 1 2 0
disc 0 0 1
circle 0 0.1 2
nothing 0 0 0
odd -1 -1 0
"""


def file_of(folder: Path, text: str) -> Path:
    path = folder / "vectors.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_unknown_word_is_the_nearest_known_one(tmp_path: Path) -> None:
    found = understood("a crimson disc, nothing odd", VOCABULARY, file_of(tmp_path, TEXT))
    assert found.request == "a red circle nothing odd"
    assert [one[:2] for one in found.instead] == [("crimson", "red"), ("disc", "circle")]
    assert [one[2] for one in found.instead] == pytest.approx([0.8, 2 / np.hypot(0.1, 2)])
    assert found.warning == (
        "drawn by the nearest word that has a meaning for this set: 'crimson' as 'red' (0.80 alike), 'disc' as "
        "'circle' (1.00 alike)"
    )


def test_two_words_that_mean_the_same_are_one(tmp_path: Path) -> None:
    assert understood("red crimson", VOCABULARY, file_of(tmp_path, TEXT)).request == "red"


def test_known_words_need_no_file(tmp_path: Path) -> None:
    found = understood("circle, red", VOCABULARY, tmp_path / "none")
    assert (found.request, found.instead, found.warning) == ("circle red", (), "")


@pytest.mark.parametrize("header", ["", "8 3\n"])
def test_a_word_counts_in_its_first_form(tmp_path: Path, header: str) -> None:
    path = file_of(tmp_path, f"{header}{TEXT}RED 0 0 1\n8 1 1 1\n")
    found = read_vectors(path, {"red", "crimson", "8", "not there"})
    assert found.keys() == {"red", "crimson", "8"}
    np.testing.assert_allclose(found["red"], [1, 0, 0])
    np.testing.assert_allclose(np.linalg.norm(list(found.values()), axis=1), 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("red 1 2\ncrimson 1 two\n", r"line 2 is no word with its numbers: '1 two'"),
        ("red 1 2\ncrimson\n", r"line 2 is no word"),
        ("red 1 2\ncrimson 1 nan\n", r"line 2 is no word"),
        ("red 1 2\ncrimson 1 2 3\n", r"line 2 has 3 numbers, and others have 2"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        understood("crimson", VOCABULARY, file_of(tmp_path, text))


def test_what_is_no_such_file_says_so(tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "none", "cannot be read"),
        (tmp_path, "cannot be read"),
        (file_of(tmp_path, "rot 1 2\nblau 2 1\n"), "none of the words that this set knows, such as 'blue'"),
        (file_of(tmp_path, ""), "none of the words"),
    ):
        with pytest.raises(ArgumentError, match=said):
            understood("crimson", VOCABULARY, path)
    binary = tmp_path / "vectors.bin"
    binary.write_bytes(b"\xff\x00" * 70_000)
    with pytest.raises(ArgumentError, match="line 1 is endless"):
        understood("crimson", VOCABULARY, binary)


@pytest.mark.parametrize("request_", ["", "x" * 301])
def test_a_request_is_one(tmp_path: Path, request_: str) -> None:
    with pytest.raises(ArgumentError, match="request"):
        understood(request_, VOCABULARY, file_of(tmp_path, TEXT))
