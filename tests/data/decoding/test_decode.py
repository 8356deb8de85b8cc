"""Decoding: every corpus item with its exact code, exact pixel values, and any bytes at all."""

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from augment.data.decoding import decode as images
from augment.data.decoding import fitting
from augment.data.sources import disk
from augment.data.sources.disk import Rejected
from tests.data.corpus import (
    FILES,
    GREY16,
    JPEG,
    PNG,
    SPECIAL,
    chunk,
    encode,
    look,
    noise,
    write_item,
    write_set,
)

GOOD_BYTES = [content for content, outcome, _ in FILES.values() if outcome in ("ok", "fixed")]


def decode(content: bytes, path: str = "a") -> images.Decoded:
    return images.decode(content, path, background=255, max_pixels=10_000_000)


@pytest.mark.parametrize("name", [*FILES, *SPECIAL])
def test_corpus(tmp_path: Path, name: str) -> None:
    write_set(tmp_path)
    path, outcome, code = write_item(tmp_path / "cat", name)
    found = look(tmp_path)
    (entry,) = [entry for entry in found.entries if entry.path == f"cat/{path}"]
    assert (entry.outcome, entry.code) == (outcome, code), entry.detail
    assert not found.blockers
    if outcome != "ok":
        assert entry.detail or outcome == "fixed"
    assert sum(entry.usable for entry in found.entries) == 12 + (outcome in ("ok", "fixed") and code != "dedup")


def test_deep_images_are_scaled_by_their_declared_depth() -> None:
    expected = np.floor(GREY16 / 257 + 0.5)
    for form in ("PNG", "TIFF"):
        assert (decode(encode(GREY16, form)).pixels[:, :, 0] == expected).all()
    dim = (GREY16 // 256).astype(np.uint16)  # 0..255 of 65535: nearly black, and must stay so
    assert decode(encode(dim)).pixels.max() == 1


def png(pixels: np.ndarray, bits: int, clear: bytes = b"") -> bytes:
    """A PNG of (H, W) or (H, W, 3) values below 2**bits, `clear` being its tRNS."""
    rows = pixels.reshape(len(pixels), -1).astype(">u2")
    wide = np.unpackbits(rows.view(np.uint8).reshape(*rows.shape, 2), axis=2)[:, :, 16 - bits :]
    packed = np.packbits(wide.reshape(len(rows), -1), axis=1)
    header = struct.pack(">IIBBBBB", pixels.shape[1], len(pixels), bits, 2 if pixels.ndim == 3 else 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in packed))
    parts = [chunk(b"IHDR", header), chunk(b"tRNS", clear) if clear else b"", chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_the_transparent_grey_shows_the_background_at_every_depth(bits: int) -> None:
    top = 2**bits - 1
    values = np.arange(16).reshape(4, 4) % (top + 1)
    found = decode(png(values, bits, struct.pack(">H", 2)))
    assert "composite" in found.fixes
    expected = np.where(values == 2, 255, (values * 255 + top // 2) // top)
    assert (found.pixels[:, :, 0] == expected).all()


def test_all_transparent_and_ambiguous_images_are_told_so() -> None:
    with pytest.raises(Rejected, match="fully_transparent"):
        decode(png(np.full((4, 4), 7), 16, struct.pack(">H", 7)))
    with pytest.raises(Rejected, match="a transparent colour of 16 bits"):
        decode(png(np.arange(48).reshape(4, 4, 3), 16, struct.pack(">3H", 0, 0, 0)))


def test_premultiplied_grey_shows_the_background_as_straight_alpha_does() -> None:
    straight = Image.fromarray(
        np.dstack([noise(3, channels=1).reshape(16, 16), np.full((16, 16), 255, np.uint8)]), "LA"
    )
    content = bytearray(encode(straight, "TIFF"))
    at = content.index(struct.pack("<HHI", 338, 3, 1))  # ExtraSamples: 2, straight alpha
    content[at + 8 : at + 12] = struct.pack("<I", 1)  # premultiplied
    assert Image.open(io.BytesIO(bytes(content))).mode == "La"
    found = decode(bytes(content))
    assert (found.pixels == decode(encode(straight, "TIFF")).pixels).all()
    assert found.channels == 1


def test_deep_colour_keeps_the_high_bytes() -> None:
    pixels = noise(3)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0))
    rows = b"".join(b"\0" + np.repeat(row.ravel(), 2).tobytes() for row in pixels)
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    found = decode(content)
    assert found.fixes == ("scaled",)
    assert (found.pixels == pixels).all()


def test_wrong_checksums_are_corrupt_even_where_pixels_decode() -> None:
    end = PNG.index(b"IEND") - 4
    with pytest.raises(Rejected, match="corrupt"):
        decode(PNG[: end - 1] + bytes([PNG[end - 1] ^ 1]) + PNG[end:])


def test_fill_bytes_in_a_jpeg_are_allowed() -> None:
    assert decode(JPEG[:2] + b"\xff\xff" + JPEG[2:]).fixes == ()


def test_transparency_shows_the_background() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0] = (10, 20, 30, 255)
    pixels[1, 0] = (100, 100, 100, 51)  # 20 % opaque
    found = images.decode(encode(pixels), "a.png", background=200, max_pixels=100).pixels
    assert found[0, 0].tolist() == [10, 20, 30]
    assert found[1].tolist() == [[180, 180, 180], [200, 200, 200]]


def test_orientation_is_applied() -> None:
    upright = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 270 degrees to see it upright
    for form in ("PNG", "TIFF"):
        found = decode(encode(upright, form, exif=exif))
        assert (found.pixels[:, :, 0] == np.rot90(upright, -1)).all()
        assert found.fixes == ("transposed",)


def test_equal_channels_become_one() -> None:
    grey = noise(1, channels=1)
    assert (decode(encode(np.stack([grey] * 3, axis=2))).pixels == grey[:, :, None]).all()
    assert decode(encode(noise(1))).pixels.shape == (16, 16, 3)


def test_phone_pictures_with_previews_are_read(tmp_path: Path) -> None:
    two = [Image.fromarray(noise(seed, channels=1)) for seed in (1, 2)]
    content = encode(two[0], "MPO", save_all=True, append_images=two[1:], quality=95)
    found = decode(content, "photo.jpg")
    assert found.fixes == ("trailer_dropped",)
    assert np.abs(found.pixels[:, :, 0].astype(int) - noise(1, channels=1)).mean() < 10


def test_every_cut_of_a_file_is_noticed() -> None:
    for content in (PNG, JPEG):
        for length in range(len(content)):
            with pytest.raises(Rejected) as caught:
                decode(content[:length])
            assert caught.value.code in {"truncated", "empty_file", "not_an_image"}
            if length > 8:
                assert caught.value.code == "truncated", length


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GOOD_BYTES), st.data())
def test_damaged_bytes_are_rejected_or_decoded_never_raised(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Rejected):
        found = decode(bytes(damaged))
        assert found.pixels.dtype == np.uint8
        assert found.pixels.ndim == 3
        assert found.pixels.shape[2] in (1, 3)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a", "a.png", "a.jpg", "a.svg"]))
def test_any_bytes_are_rejected(content: bytes, path: str) -> None:
    with pytest.raises(Rejected):
        decode(content, path)


def test_size_cap_is_before_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bytes(101))
    monkeypatch.setattr(os, "open", None)
    with pytest.raises(Rejected, match="file_too_big"):
        disk.read_regular(path, 100)
    (tmp_path / "pipe").unlink(missing_ok=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Rejected, match="not_regular"):
        disk.read_regular(tmp_path / "pipe", 100)


def test_changes_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(Rejected, match="changed_during_read"):
        disk.read_regular(path, 100)
    path.write_bytes(b"old")
    real = os.open

    def grow_first(*arguments: object) -> int:
        path.write_bytes(b"old and new")
        return real(*arguments)

    monkeypatch.setattr(os, "open", grow_first)
    with pytest.raises(Rejected, match="changed_during_read"):
        disk.read_regular(path, 100)


def test_refused_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Rejected) as caught:
        disk.read_regular(path, 10_000)
    assert (caught.value.code, caught.value.detail) == ("unreadable", "Permission denied")


def test_resize_keeps_means_and_shape() -> None:
    pixels = noise(1, 64, 64)
    small, large = fitting.resize(pixels, 8, 4), fitting.resize(pixels[:, :, :1], 100, 70)
    assert small.shape == (8, 4, 3)
    assert large.shape == (100, 70, 1)
    assert abs(small.mean() - pixels.mean()) < 3
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[:, :, None]
    assert np.ptp(fitting.resize(stripes, 16, 16)) < 60  # antialiased: not a pick of single pixels


@given(st.binary(min_size=1, max_size=20).filter(lambda raw: b"\0" not in raw and b"/" not in raw))
def test_shown_names_are_printable_utf8(raw: bytes) -> None:
    text = disk.shown(os.fsdecode(raw))
    assert disk.is_plain(text)
    text.encode()
    if disk.is_plain(os.fsdecode(raw)):
        assert text == os.fsdecode(raw)
