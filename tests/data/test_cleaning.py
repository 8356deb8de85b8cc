"""Equal pixels are one image, wherever they lie and however they are stored."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.data.cleaning import mark_duplicates
from augment.data.entries import Entry
from tests.data.corpus import encode, look, noise, write_set


def entry(path: str, digest: str, given: str = "") -> Entry:
    return Entry(path, path.partition("/")[0], digest=digest, declared_split=given, size=(2, 2), channels=1)


def test_first_path_stays() -> None:
    entries = [entry(path, "x") for path in ("a/2", "a/0", "a/1")] + [entry("a/3", "y")]
    assert mark_duplicates(entries, "drop") == []
    assert [(e.path, e.code) for e in entries if e.usable] == [("a/0", ""), ("a/3", "")]
    assert entries[0].detail == "equal to a/0"


@pytest.mark.parametrize(
    ("given", "kept"), [(("train", "test"), 1), (("", "val"), 1), (("val", "test"), 1), (("train", "val"), 1)]
)
def test_the_copy_in_test_stays(given: tuple[str, str], kept: int) -> None:
    entries = [entry(f"a/{i}", "x", name) for i, name in enumerate(given)]
    mark_duplicates(entries, "drop")
    assert [e.usable for e in entries] == [i == kept for i in range(2)]


def test_conflicts_leave_no_copy() -> None:
    entries = [entry(path, "x") for path in ("a/0", "a/1", "b/0")]
    assert mark_duplicates(entries, "drop") == []
    assert [(e.outcome, e.code) for e in entries] == [("quarantined", "label_conflict")] * 3
    assert entries[2].detail.startswith("equal to a/0")
    entries = [entry(path, "x") for path in ("a/0", "b/0")]
    (blocker,) = mark_duplicates(entries, "stop")
    assert "b/0 equal to a/0" in blocker.message
    assert "ingest.conflicts" in blocker.message
    assert {e.outcome for e in entries} == {"stop"}


def test_pixels_count_not_bytes(tmp_path: Path) -> None:
    write_set(tmp_path)
    grey = noise(50, channels=1)
    forms = {"a.png": encode(grey), "b.png": encode(np.stack([grey] * 3, 2)), "c.bmp": encode(grey, "BMP")}
    forms["d.png"] = encode(Image.fromarray(grey), compress_level=0)
    for name, content in forms.items():
        (tmp_path / "cat" / name).write_bytes(content)
    found = look(tmp_path)
    assert [e.path for e in found.entries if "dedup" in e.codes] == ["cat/b.png", "cat/c.bmp", "cat/d.png"]


def test_solid_shapes_of_other_colour_are_no_copies(tmp_path: Path) -> None:
    write_set(tmp_path)
    for channel in range(3):
        pixels = np.zeros((16, 16, 3), np.uint8)
        pixels[4:12, 4:12, channel] = 255
        (tmp_path / "cat" / f"colour{channel}.png").write_bytes(encode(pixels))
    assert all(e.outcome == "ok" for e in look(tmp_path).entries)
