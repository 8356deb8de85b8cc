"""What the shapes of images tell a person, and which `ingest.fit` suits them."""

from pathlib import Path

import pytest
from PIL import Image

from augment.data.clues.shapes import shape_notes, suggested_fit
from augment.data.decoding.decode import Fit
from augment.data.entries import Entry
from tests.data.corpus import look, noise, write_set


def images(*shapes: tuple[int, int, int]) -> list[Entry]:
    """(number, height, width) of each kind."""
    return [
        Entry(f"{height}x{width}/{i}.png", "a", size=(height, width))
        for number, height, width in shapes
        for i in range(number)
    ]


def test_images_that_stand_and_lie_are_told_with_what_becomes_of_them() -> None:
    (note,) = shape_notes(images((70, 533, 400), (30, 400, 533), (5, 400, 400)), "crop")
    assert note.startswith("mixed_orientations: 70 images stand, 30 lie; those of another aspect are cropped to their")
    assert "(ingest.fit: crop)" in note
    assert shape_notes(images((98, 533, 400), (2, 400, 533)), "crop") == [], "exceptions"
    assert shape_notes(images((50, 400, 400), (50, 400, 430)), "crop") == [], "hardly another aspect"


@pytest.mark.parametrize(("number", "noted"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_few_long_images_are_told(number: int, noted: bool) -> None:
    notes = shape_notes(images((100 - number, 40, 50), (number, 20, 400)), "stretch")
    assert [note.partition(":")[0] for note in notes] == ["long_images"] * noted
    if noted:
        assert "20x400/" in notes[0]
        assert "(20x400): little of it is left" in notes[0]
    assert shape_notes(images((100, 20, 400)), "stretch") == [], "all of one kind"


def test_one_image_far_larger_is_told() -> None:
    (note,) = shape_notes(images((9, 100, 120), (1, 3000, 4000)), "stretch")
    assert note == (
        "far_larger: 1 image far larger than the others, for example 3000x4000/0.png (3000x4000, and 100 px is usual); "
        "see that it shows the same thing at the same scale"
    )
    assert shape_notes(images((9, 100, 120), (1, 399, 500)), "stretch") == []
    assert shape_notes([], "stretch") == []


def test_notes_reach_the_findings_and_speak_of_usable_files_alone(tmp_path: Path) -> None:
    write_set(tmp_path, each=12)
    assert not [note for note in look(tmp_path).notes if note.startswith(("long", "far", "mixed_or"))]
    Image.fromarray(noise(1, 10, 200)).save(tmp_path / "cat" / "long.png")
    Image.fromarray(noise(2, 200, 210)).save(tmp_path / "cat" / "large.png")
    (tmp_path / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    told = [note.partition(":")[0] for note in look(tmp_path, fit="pad").notes]
    assert told == ["long_images", "far_larger"]


@pytest.mark.parametrize(
    ("sizes", "fit", "share"),
    [
        ({(533, 400): 95, (400, 533): 5}, "stretch", "95% of the images have the aspect"),
        ({(533, 400): 94, (400, 533): 6}, "crop", "6% of the images have another aspect"),
        ({(533, 400): 50, (500, 400): 50}, "stretch", "100% of"),
        ({(20, 20): 50, (20, 30): 50}, "crop", "50% of"),
    ],
)
def test_the_fit_follows_from_the_shapes(sizes: dict[tuple[int, int], int], fit: Fit, share: str) -> None:
    working = (32, 24) if (533, 400) in sizes else (32, 32)
    found, why = suggested_fit(sizes, working)
    assert found == fit
    assert why.startswith(share)
