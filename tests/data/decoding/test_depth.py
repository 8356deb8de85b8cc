"""Deep integers: one white for the set, by the bits that its files use; what a file says of itself is its word."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.data.decoding import depth
from augment.data.decoding.depth import LONG, SHORT
from augment.data.entries import Deep, Entry
from augment.data.findings import Findings
from tests.data.corpus import chunk, encode, look, noise
from tests.data.decoding.test_tiff import deep_tiff


def shades(seed: int, top: int, kind: type = np.uint16) -> np.ndarray:
    """(16, 16), 0 and `top` among the values."""
    values = np.random.default_rng(seed).integers(0, top + 1, (16, 16)).astype(kind)
    values[0, :2] = 0, top
    return values


def write(root: Path, label: str, files: list[bytes], extension: str = "png") -> None:
    (root / label).mkdir(parents=True)
    for number, content in enumerate(files):
        (root / label / f"{number}.{extension}").write_bytes(content)


def found(root: Path) -> tuple[dict[str, Entry], list[str], Findings]:
    findings = look(root, near_duplicates="off", size=None)
    scale = [note for note in findings.notes if note.startswith(("deep_scale", "hot_pixels"))]
    return {entry.path: entry for entry in findings.entries}, scale, findings


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 15, 16])
def test_white_is_what_the_bits_that_are_used_hold(tmp_path: Path, bits: int) -> None:
    top = 2**bits - 1
    values = [shades(number, top - number) for number in range(12)]
    write(tmp_path, "a", [encode(one) for one in values[:6]])
    write(tmp_path, "b", [encode(one, "TIFF") for one in values[6:]], "tif")
    entries, notes, _ = found(tmp_path)
    for number, one in enumerate(values):
        pixels = entries[f"a/{number}.png" if number < 6 else f"b/{number - 6}.tif"].pixels
        assert pixels is not None
        assert (pixels[:, :, 0] == np.floor(one * (255 / top) + 0.5)).all()
    said = f"deep_scale: 12 files of more than 8 bits use {bits} of 16 bits: scaled by {top}, one rule for the set"
    assert notes == [said] * (bits < 16)


def test_no_class_gets_a_scale_of_its_own_and_8_bits_stay(tmp_path: Path) -> None:
    write(tmp_path, "dim", [encode(shades(n, 1000)) for n in range(6)])
    write(tmp_path, "bright", [encode(shades(n, 16000)) for n in range(6)])
    write(tmp_path, "plain", [encode(noise(n, channels=1)) for n in range(6)])
    entries, notes, _ = found(tmp_path)
    tops = {path: int(entry.pixels.max()) for path, entry in entries.items() if entry.pixels is not None}
    assert {tops[f"dim/{n}.png"] for n in range(6)} == {round(1000 * 255 / 16383)}
    assert {tops[f"bright/{n}.png"] for n in range(6)} == {round(16000 * 255 / 16383)}
    assert tops["plain/0.png"] == noise(0, channels=1).max()
    assert entries["plain/0.png"].outcome == "ok"
    assert "12 files of more than 8 bits use 14 of 16 bits" in notes[0]


def test_what_would_be_black_by_its_stored_depth_is_kept_and_a_constant_image_is_not(tmp_path: Path) -> None:
    """128 of 65535 rounds to nothing; 500 of 511 does not, and the saturated constant sets no scale."""
    write(tmp_path, "a", [encode(shades(n, 100)) for n in range(6)])
    constant = [np.full((16, 16), value, np.uint16) for value in (0, 300, SHORT)]
    write(tmp_path, "b", [encode(shades(n, 500)) for n in range(6)] + [encode(one) for one in constant])
    entries, _, findings = found(tmp_path)
    assert entries["a/0.png"].pixels is not None
    assert entries["a/0.png"].pixels.max() == round(100 * 255 / 511)
    assert [e.path for e in findings.entries if e.code == "blank"] == ["b/6.png", "b/7.png", "b/8.png"]
    assert {e.code for e in findings.usable} == {"scaled"}, "decoded twice, told once"


def test_what_stays_flat_by_the_white_of_the_set_is_blank(tmp_path: Path) -> None:
    write(tmp_path, "a", [encode(shades(n, 60000)) for n in range(6)])
    write(tmp_path, "b", [encode(shades(n, 100)) for n in range(6)])
    entries, _, _ = found(tmp_path)
    assert {entries[f"b/{n}.png"].code for n in range(6)} == {"blank"}
    assert "once 0 to 65535 is scaled to 0 to 255" in entries["b/0.png"].detail


def test_one_hot_file_keeps_the_rule_of_the_set_and_is_named(tmp_path: Path) -> None:
    hot = shades(50, 4000)
    hot[5, 5] = 65000
    write(tmp_path, "a", [encode(shades(n, 4000)) for n in range(30)])
    write(tmp_path, "b", [encode(shades(100 + n, 4000)) for n in range(29)] + [encode(hot)])
    entries, notes, _ = found(tmp_path)
    assert entries["a/0.png"].pixels is not None
    assert entries["a/0.png"].pixels.max() == round(4000 * 255 / SHORT)
    (note,) = notes
    assert note.startswith(
        "hot_pixels: b/29.png use 16 bits, the other 59 deep files at most 12, and all are scaled by"
    )


def test_a_file_that_says_its_bits_is_taken_at_its_word(tmp_path: Path) -> None:
    """TIFFs of 12 bits are scaled by 4095, and dark files of 16 bits beside them are not brightened beyond that."""
    twelve = [shades(n, 3000) for n in range(6)]
    write(tmp_path, "said", [deep_tiff(one, 12) for one in twelve], "tif")
    write(tmp_path, "dark", [encode(shades(n, 700)) for n in range(6)])
    entries, notes, _ = found(tmp_path)
    for number, one in enumerate(twelve):
        pixels = entries[f"said/{number}.tif"].pixels
        assert pixels is not None
        assert (pixels[:, :, 0] == np.floor(one * (255 / 4095) + 0.5)).all()
    assert entries["dark/0.png"].pixels is not None
    assert entries["dark/0.png"].pixels.max() == round(700 * 255 / 4095)
    assert notes == ["deep_scale: 6 files of more than 8 bits use 12 of 16 bits: scaled by 4095, one rule for the set"]


def grey_png(values: np.ndarray, significant: int) -> bytes:
    header = struct.pack(">IIBBBBB", 16, 16, 16, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.astype(">u2").tobytes() for row in values))
    parts = [(b"IHDR", header), (b"sBIT", bytes([significant])), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in parts)


def test_significant_bits_of_a_png_are_its_word(tmp_path: Path) -> None:
    for label in ("a", "b"):
        write(tmp_path, label, [grey_png(shades(n + 10 * (label == "a"), 900), 12) for n in range(6)])
    entries, _, _ = found(tmp_path)
    assert entries["a/0.png"].pixels is not None
    assert entries["a/0.png"].pixels.max() == round(900 * 255 / 4095)


def test_the_largest_value_of_a_pgm_is_its_word(tmp_path: Path) -> None:
    for label in ("a", "b"):
        files = [shades(n + 10 * (label == "a"), 2000) for n in range(6)]
        write(tmp_path, label, [b"P5 16 16 4095\n" + one.astype(">u2").tobytes() for one in files], "pgm")
    entries, notes, _ = found(tmp_path)
    assert entries["a/0.pgm"].pixels is not None
    assert entries["a/0.pgm"].pixels.max() == round(2000 * 255 / 4095)
    assert notes == []


def test_signed_files_share_the_rule(tmp_path: Path) -> None:
    write(tmp_path, "signed", [deep_tiff(shades(50 + n, 4095, np.int64), 16, signed=True) for n in range(6)], "tif")
    write(tmp_path, "plain", [encode(shades(n, 4095)) for n in range(6)])
    entries, _, _ = found(tmp_path)
    assert {int(e.pixels.max()) for e in entries.values() if e.pixels is not None} == {255}


def test_values_of_32_bits_that_16_do_not_hold_have_a_white_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "long", [deep_tiff(shades(n, 2**20 - 1, np.int64), 32) for n in range(6)], "tif")
    write(tmp_path, "short", [encode(shades(n, SHORT)) for n in range(6)])
    entries, notes, _ = found(tmp_path)
    assert {int(e.pixels.max()) for e in entries.values() if e.pixels is not None} == {255}
    assert notes == [
        f"deep_scale: 6 files of more than 8 bits use 20 of 32 bits: scaled by {2**20 - 1}, one rule for the set"
    ]


def test_deep_colour_is_brightened_from_its_high_bytes(tmp_path: Path) -> None:
    for number, label in enumerate(("a", "b")):
        write(tmp_path, label, [colour_png(noise(n + 9 * number) // 4) for n in range(6)])
    entries, notes, _ = found(tmp_path)
    high = noise(0) // 4
    assert high.max() == 63
    assert entries["a/0.png"].pixels is not None
    assert (entries["a/0.png"].pixels == np.floor(high * (255 / 63) + 0.5)).all()
    assert "use 14 of 16 bits" in notes[0]


def colour_png(high: np.ndarray) -> bytes:
    rows = b"".join(b"\0" + np.repeat(row.ravel(), 2).tobytes() for row in high)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in parts)


def test_floats_have_no_depth(tmp_path: Path) -> None:
    for label in ("a", "b"):
        floats = [np.random.default_rng(n).random((16, 16)).astype(np.float32) / 4 for n in range(6)]
        write(tmp_path, label, [encode(one * (1 if label == "a" else 0.9), "TIFF") for one in floats], "tif")
    entries, notes, findings = found(tmp_path)
    assert {entry.deep for entry in findings.usable} == {None}
    assert notes == []
    assert entries["a/0.tif"].pixels is not None
    assert entries["a/0.tif"].pixels.max() <= 64


FILES = st.builds(
    Deep,
    top=st.sampled_from([SHORT, SHORT // 2, LONG, LONG // 2]),
    said=st.sampled_from([0, 10, 12]),
    settled=st.just(False),
    peak=st.integers(0, SHORT),
    constant=st.just(False),
    flat=st.just(False),
)


@given(st.lists(FILES, min_size=1))
def test_one_white_that_holds_every_value_and_no_more_bits_than_that(files: list[Deep]) -> None:
    whites = depth.whites(files)
    assert whites.keys() == {file.top for file in files}
    (white,) = set(whites.values())
    assert white >= max(file.peak for file in files)
    assert white + 1 == 2 ** white.bit_length()
    needed = max(9, *(file.said for file in files), *(file.peak.bit_length() for file in files))
    assert white.bit_length() == needed


def test_a_transparent_value_is_no_peak() -> None:
    image = Image.open(io.BytesIO(encode(shades(0, SHORT))))
    image.load()
    image.info["transparency"] = SHORT
    found = depth.measured(image, Deep(SHORT))
    assert found is not None
    assert found.peak < SHORT
