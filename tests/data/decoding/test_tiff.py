"""TIFF files: every declared depth and kind, and what becomes of floats."""

import struct
import zlib

import numpy as np
import pytest

from augment.data.sources.disk import Rejected
from tests.data.corpus import (
    FLOATS,
    GREY16,
    encode,
)
from tests.data.decoding.test_decode import decode

PLANES = np.arange(192).reshape(3, 8, 8) * 257


def deep_tiff(values: np.ndarray, bits: int, signed: bool = False, **changed: int) -> bytes:
    """A grey 16x16 TIFF, little-endian; 12 bits are packed, two samples in three bytes. `changed`: t262=0 and so on."""
    raw = (values.ravel() % 2**bits).astype(np.uint32)
    if bits == 12:
        pixels = np.packbits(raw[:, None] >> np.arange(11, -1, -1, dtype=np.uint32) & 1).tobytes()
    else:
        pixels = raw.astype(f"<u{bits // 8}").tobytes()
    tags = {256: 16, 257: 16, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 16, 279: len(pixels), 339: 1 + signed}
    tags |= {int(name[1:]): value for name, value in changed.items()}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return struct.pack("<2sHI", b"II", 42, 8 + len(pixels)) + pixels + struct.pack("<H", len(tags)) + entries + bytes(4)


def planes_tiff(compression: int = 1) -> bytes:
    """A sound RGB TIFF of 16 bits, 8x8, whose channels lie one after the other; compression: 1 none, 8 deflate."""
    planes = [part.astype("<u2").tobytes() for part in PLANES]
    planes = [zlib.compress(own) for own in planes] if compression == 8 else planes
    at = 8 + 2 + 9 * 12 + 4  # behind the directory
    bits, offsets, sizes = (
        struct.pack("<3H", 16, 16, 16),
        [at + 30 + sum(map(len, planes[:n])) for n in range(3)],
        map(len, planes),
    )
    tags = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 3, at), (259, 3, 1, compression), (262, 3, 1, 2),
            (273, 4, 3, at + 6), (277, 3, 1, 3), (279, 4, 3, at + 18), (284, 3, 1, 2)]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4)
    return head + bits + struct.pack("<6I", *offsets, *sizes) + b"".join(planes)


@pytest.mark.parametrize(("bits", "signed"), [(12, False), (16, False), (16, True), (32, False), (32, True)])
def test_every_declared_depth(bits: int, signed: bool) -> None:
    top = 2 ** (bits - signed) - 1
    steps = np.arange(256).reshape(16, 16)
    found = decode(deep_tiff(steps * top // 255, bits, signed))
    assert found.fixes == ("scaled",)
    assert np.abs(found.pixels[:, :, 0] - steps.astype(int)).max() <= (bits == 12)
    assert (found.pixels[0, 0, 0], found.pixels[-1, -1, 0]) == (0, 255)
    if signed:
        with pytest.raises(Rejected, match="negative"):
            decode(deep_tiff(steps - 1, bits, signed))


def test_white_is_zero_is_turned_around_at_every_depth() -> None:
    steps = np.arange(256).reshape(16, 16)
    assert (decode(deep_tiff(steps * 257, 16, t262=0)).pixels[:, :, 0] == 255 - steps).all()
    assert (decode(deep_tiff(steps, 8, t262=0)).pixels[:, :, 0] == 255 - steps).all()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (deep_tiff(np.zeros((16, 16)), 32, t258=64, t339=3, t279=2048), "BitsPerSample 64, SampleFormat 3"),
        (deep_tiff(np.zeros((16, 16)), 8, t259=60000), "Compression 60000"),
        (deep_tiff(np.zeros((16, 16)), 8, signed=True), "BitsPerSample 8, SampleFormat 2"),
        (deep_tiff(np.zeros((16, 16)), 8, t262=0, t284=2), "PhotometricInterpretation 0, Compression 1, PlanarConf"),
        (b"MM\0+" + bytes(40), "BigTIFF of this byte order"),
        (planes_tiff(), "BitsPerSample 16 16 16, PhotometricInterpretation 2, Compression 1, PlanarConfiguration 2"),
    ],
)  # fmt: skip
def test_sound_tiffs_of_other_kinds_are_not_called_damaged(content: bytes, told: str) -> None:
    with pytest.raises(Rejected) as error:
        decode(content)
    assert error.value.code == "format_not_allowed"
    assert told in str(error.value)
    assert "save it as grey of 8 or 16 bits" in str(error.value)


def test_compressed_planes_are_read() -> None:
    found = decode(planes_tiff(compression=8))
    assert found.fixes == ("scaled",)
    assert (found.pixels == PLANES.transpose(1, 2, 0) >> 8).all()


@pytest.mark.parametrize("kept", [0, 30, 60, 100])
def test_a_tiff_whose_directory_is_cut_is_damaged(kept: int) -> None:
    content = deep_tiff(np.zeros((16, 16)), 32, t258=64)
    with pytest.raises(Rejected) as error:
        decode(content[: struct.unpack("<I", content[4:8])[0] + 2 + kept])
    assert error.value.code in ("corrupt", "truncated")


def test_depths_of_samples_that_are_not_there_count_for_nothing() -> None:
    content = bytearray(deep_tiff(np.arange(256).reshape(16, 16), 8))
    at = content.index(struct.pack("<HHII", 258, 4, 1, 8))
    content[at : at + 12] = struct.pack("<HHIHH", 258, 3, 2, 8, 20000)
    assert (decode(bytes(content)).pixels[:, :, 0] == np.arange(256).reshape(16, 16)).all()


def test_floats() -> None:
    assert (decode(encode(FLOATS, "TIFF")).pixels[:, :, 0] == np.floor(FLOATS * 255.0 + 0.5)).all()
    assert (decode(encode(FLOATS * 200, "TIFF")).pixels[:, :, 0] == np.floor(FLOATS * 200.0 + 0.5)).all()
    tops = [decode(encode(values, "TIFF")).float_top for values in (FLOATS, FLOATS * 200, GREY16)]
    assert tops == [1, 255, None]
    for top in (np.float32(1.0003), np.float32(2)):
        with pytest.raises(Rejected, match="leave open whether 1 or 255 is white; clip them"):
            decode(encode(FLOATS * top, "TIFF"))
    with pytest.raises(Rejected, match="every pixel has the same value once 0 to 1 is scaled to 0 to 255"):
        decode(encode(np.full((8, 8), 0.5, np.float32), "TIFF"))


def test_floats_whose_white_is_zero_are_turned_around() -> None:
    content = bytearray(encode(FLOATS, "TIFF"))
    at = content.index(struct.pack("<HHII", 262, 3, 1, 1))  # PhotometricInterpretation: 1, black is zero
    content[at : at + 12] = struct.pack("<HHII", 262, 3, 1, 0)
    assert (decode(bytes(content)).pixels == 255 - decode(encode(FLOATS, "TIFF")).pixels).all()
