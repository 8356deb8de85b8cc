"""Equal pixels are one image, wherever they lie and however they are stored."""

import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.files import sha256
from augment.data.cleaning import mark_duplicates
from augment.data.entries import Blocker, Entry
from augment.data.sources.built_in import slanted
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
    assert entries[0].detail == f"equal to a/1, which is declared {given[1]}"


def test_conflicts_leave_no_copy() -> None:
    entries = [entry(path, "x") for path in ("a/0", "a/1", "b/0")]
    assert mark_duplicates(entries, "drop") == []
    assert [(e.outcome, e.code) for e in entries] == [("quarantined", "label_conflict")] * 3
    assert [e.detail for e in entries] == [
        f"equal to {path}, which has another label" for path in ("b/0", "b/0", "a/0")
    ]
    entries = [entry(path, "x") for path in ("b/0", "a/0")]
    advice = "delete the wrong copy, or set ingest.conflicts: drop to leave out all copies"
    message = f"b/0 equal to a/0, which has another label; {advice}"
    assert mark_duplicates(entries, "stop") == [Blocker("b/0", "label_conflict", message)]
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


def test_images_of_a_built_in_set_that_are_equal_share_a_group(tmp_path: Path) -> None:
    images, labels = slanted()
    found = look(tmp_path, source="slanted", size=None)
    assert [e.label for e in found.entries] == labels
    assert [e.path for e in found.entries] == [f"slanted/{number:04}" for number in range(800)]
    assert [(e.channels, e.size, e.codes) for e in found.entries] == [(1, (2, 2), [])] * 800
    assert all(np.array_equal(e.pixels[:, :, 0], image[0]) for e, image in zip(found.entries, images, strict=True))
    first = {image.tobytes(): number for number, image in reversed(list(enumerate(images)))}
    assert [e.group for e in found.entries] == [f"slanted/{first[image.tobytes()]:04}" for image in images]
    assert (found.channels, found.sizes, found.blockers, found.notes) == (1, Counter({(2, 2): 800}), [], [])


@pytest.mark.parametrize(("color", "channels"), [("auto", 3), ("rgb", 3), ("grey", 1)])
def test_grey_and_colour_files_become_one_kind(tmp_path: Path, color: str, channels: int) -> None:
    write_set(tmp_path, ("cat",), each=7)
    write_set(tmp_path, ("dog",), channels=1)
    found = look(tmp_path, color=color)
    mended, code, word = ("cat", "to_grey", "grey") if channels == 1 else ("dog", "to_rgb", "RGB")
    assert {(e.label, e.code) for e in found.entries} == {(mended, code), ("dog" if mended == "cat" else "cat", "")}
    assert (found.channels, found.shape) == (channels, (channels, 16, 16))
    assert f"mixed_modes: 6 grey and 7 colour files; all become {word}" in found.notes


def test_a_class_of_decomposed_letters_is_named_as_it_is_seen(tmp_path: Path) -> None:
    write_set(tmp_path, (unicodedata.normalize("NFD", "Käfer"), "dog"))
    assert {e.label for e in look(tmp_path).entries} == {"Käfer", "dog"}


def test_a_declared_split_can_be_put_aside(tmp_path: Path) -> None:
    write_set(tmp_path / "train")
    write_set(tmp_path / "test", each=2)
    assert Counter(e.declared_split for e in look(tmp_path).entries) == {"train": 12, "test": 4}
    found = look(tmp_path, split="drawn")
    assert {e.declared_split for e in found.entries} == {""}
    assert "split: the set's own, of 16 files, is not used (ingest.split: drawn)" in found.notes
    assert not any("not used" in note for note in look(tmp_path / "train", split="drawn").notes)


def test_what_is_resized_says_from_what(tmp_path: Path) -> None:
    write_set(tmp_path, height=20, width=24)
    found = look(tmp_path)
    assert {(e.code, e.detail, e.size) for e in found.entries} == {("resized", "from 20x24", (20, 24))}
    assert found.sizes == Counter({(20, 24): 12})
    assert found.shape == (3, 16, 16)


def test_every_file_is_decoded_and_hashed_wherever_it_lies(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "cat/deep").mkdir()
    (tmp_path / "cat/5.png").rename(tmp_path / "cat/deep/5.png")
    (tmp_path / "dog/torn.png").write_bytes(encode(noise(1))[:40])
    (tmp_path / "images.csv").write_text("path,label\n" + "".join(f"cat/{i}.png,x\ndog/{i}.png,y\n" for i in range(5)))
    folder, listed = look(tmp_path / "."), look(tmp_path, source="list")
    files = [e for e in folder.entries if e.path.endswith(".png")]
    assert {e.sha256 for e in files} == {sha256((tmp_path / e.path).read_bytes()) for e in files}
    assert [(e.path, e.code) for e in files if e.code] == [
        ("cat/deep/5.png", "flattened"),
        ("dog/torn.png", "truncated"),
    ]
    assert all(np.array_equal(e.pixels, np.asarray(Image.open(tmp_path / e.path))) for e in files if e.usable)
    assert Counter(e.label for e in listed.usable) == {"x": 5, "y": 5}
    assert {e.facts.kind for e in folder.usable} == {"PNG"}
    assert Counter(e.outcome for e in files) == {"ok": 11, "fixed": 1, "quarantined": 1}


def test_groups_are_those_of_names_where_a_pattern_is_given_and_near_duplicates_where_wanted(tmp_path: Path) -> None:
    for number in range(24):
        path = tmp_path / "ab"[number % 2] / f"p{number % 8}_{number // 8}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(noise(number)))
    (tmp_path / "a/p0_9.jpg").write_bytes(encode(noise(0), "JPEG", quality=95, subsampling=0))
    plain, named = look(tmp_path), look(tmp_path, group_pattern="/(p[0-9])_", near_duplicates="off")
    assert (plain.declared, plain.stems.count, plain.near.clusters) == (0, 8, [["a/p0_0.png", "a/p0_9.jpg"]])
    assert (named.declared, named.stems, named.near.clusters) == (25, None, [])
    assert all(e.group.endswith(e.path[2:4]) for e in named.entries)


def test_every_conflict_stops() -> None:
    entries = [entry(path, digest) for digest in "xy" for path in (f"a/{digest}", f"b/{digest}")]
    assert [blocker.path for blocker in mark_duplicates(entries, "stop")] == ["b/x", "b/y"]
