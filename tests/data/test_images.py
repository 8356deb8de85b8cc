"""Decoding: every corpus item with its exact code, exact pixel values, and any bytes at all."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from augment.data import disk, images
from augment.data.disk import Rejected
from tests.data.corpus import FILES, FLOATS, GREY16, JPEG, PNG, SPECIAL, encode, look, noise, write_item, write_set

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
    assert not found.stops
    if outcome != "ok":
        assert entry.detail or outcome == "fixed"
    assert sum(entry.usable for entry in found.entries) == 12 + (outcome in ("ok", "fixed") and code != "dedup")


def test_deep_images_are_scaled_by_their_declared_depth() -> None:
    expected = np.floor(GREY16 / 257 + 0.5)
    for form in ("PNG", "TIFF"):
        assert (decode(encode(GREY16, form)).pixels[:, :, 0] == expected).all()
    dim = (GREY16 // 256).astype(np.uint16)  # 0..255 of 65535: nearly black, and must stay so
    assert decode(encode(dim)).pixels.max() == 1


def test_wide_integers_and_floats() -> None:
    wide = (GREY16.astype(np.int64) * 32767).astype(np.int32)  # signed 32 bits, up to the top
    assert decode(encode(wide, "TIFF")).pixels[[0, -1], [0, -1], 0].tolist() == [0, 255]
    assert (decode(encode(FLOATS, "TIFF")).pixels[:, :, 0] == np.floor(FLOATS * 255.0 + 0.5)).all()
    assert (decode(encode(FLOATS * 200, "TIFF")).pixels[:, :, 0] == np.floor(FLOATS * 200.0 + 0.5)).all()


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
    small, large = images.resize(pixels, 8, 4), images.resize(pixels[:, :, :1], 100, 70)
    assert small.shape == (8, 4, 3)
    assert large.shape == (100, 70, 1)
    assert abs(small.mean() - pixels.mean()) < 3
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[:, :, None]
    assert np.ptp(images.resize(stripes, 16, 16)) < 60  # antialiased: not a pick of single pixels


@given(st.binary(min_size=1, max_size=20).filter(lambda raw: b"\0" not in raw and b"/" not in raw))
def test_shown_names_are_printable_utf8(raw: bytes) -> None:
    text = disk.shown(os.fsdecode(raw))
    assert disk.is_plain(text)
    text.encode()
    if disk.is_plain(os.fsdecode(raw)):
        assert text == os.fsdecode(raw)
