"""Builds what people really have on disk: good images, and every way in which a file can be bad."""

import io
import os
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from augment.core.seeds import derive_seed
from augment.data.cleaning import examine
from augment.data.findings import Findings
from augment.params import Ingest


def noise(seed: int, height: int = 16, width: int = 16, channels: int = 3) -> np.ndarray:
    """uint8 (H, W) or (H, W, C) random pixels."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encode(pixels: np.ndarray | Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The bytes of an image file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def write_set(root: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 6, **options: int) -> None:
    """A clean folder set: `each` different images in every class folder."""
    for label in classes:
        for index in range(each):
            path = root / label / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(noise(derive_seed(label, index), **options)))


def look(root: Path, **changes: object) -> Findings:
    """Examine a folder of 16x16 images with the default settings."""
    values: dict = {"size": (16, 16), "color": "auto", "background": 255, "conflicts": "drop", "min_per_class": 5,
                    "near_duplicates": "group"}  # fmt: skip
    return examine(Ingest().model_copy(update={"source": "folder", "path": str(root)} | values | changes))


def chunk(kind: bytes, content: bytes) -> bytes:
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(height: int, width: int, extra: bytes = b"") -> bytes:
    """A grey PNG that declares a size and holds next to no pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"")


def with_text_bomb(pixels: np.ndarray) -> bytes:
    """A good PNG with a text chunk that unpacks to 80 MB."""
    content = encode(pixels)
    return content[:33] + chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(80_000_000))) + content[33:]


def looping_tiff() -> bytes:
    """A TIFF whose directory names itself as the next one."""
    content = bytearray(encode(noise(1), "TIFF"))
    start = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, start)[0]
    struct.pack_into("<I", content, start + 2 + 12 * entries, start)
    return bytes(content)


def no_screen_gif() -> bytes:
    """A GIF whose screen has no size, though its one frame has."""
    content = encode(noise(39, channels=1), "GIF")
    return content[:6] + bytes(4) + content[10:]


def many_scans(number: int, side: int = 16) -> bytes:
    """A progressive JPEG of few bytes, each of whose scans goes over all pixels once more."""
    content = encode(Image.fromarray(noise(46, 16, 16, 1)).resize((side, side)), "JPEG", progressive=True)
    last = content[content.rfind(b"\xff\xc4", 0, content.rfind(b"\xff\xda")) : -2]  # its table, then the scan
    return content[:-2] + last * number + content[-2:]


def _oriented(value: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = value
    return encode(noise(2), "JPEG", exif=exif)


def _flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0x40]) + content[position + 1 :]


def _frames(form: str) -> bytes:
    images = [Image.fromarray(noise(seed)) for seed in (3, 4)]
    return encode(images[0], form, save_all=True, append_images=images[1:])


def _alpha(value: int | None = None) -> np.ndarray:
    pixels = noise(5, channels=4)
    if value is not None:
        pixels[:, :, 3] = value
    return pixels


ZIP = b"PK\x03\x04" + bytes(range(60))  # an archive, or what begins as one
PNG, JPEG = encode(noise(6)), encode(noise(7), "JPEG", quality=90)
GREY16 = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
FLOATS = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)

# name -> (content, outcome, code), in a set of 16x16 RGB images.
FILES: dict[str, tuple[bytes, str, str]] = {
    "empty.png": (b"", "quarantined", "empty_file"),
    "text.png": (b"not an image\n", "quarantined", "not_an_image"),
    "page.jpg": (b"<!DOCTYPE html><html>404</html>", "quarantined", "not_an_image"),
    "array.png": (b"\x93NUMPY\x01\0v\0{}", "quarantined", "not_an_image"),
    "pickle.png": (pickle.dumps({"a": 1}), "quarantined", "not_an_image"),
    "notes.txt": (b"labels\n", "quarantined", "not_an_image"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "quarantined", "truncated"),
    "two_bytes_less.jpg": (JPEG[:-2], "quarantined", "truncated"),
    "header_only.jpg": (JPEG[:20], "quarantined", "truncated"),
    "half.png": (PNG[: len(PNG) // 2], "quarantined", "truncated"),
    "no_end.png": (PNG[:-12], "quarantined", "truncated"),
    "signature_only.png": (PNG[:6], "quarantined", "truncated"),
    "half.bmp": (encode(noise(8), "BMP")[:300], "quarantined", "truncated"),
    "half.gif": (encode(noise(8, channels=1), "GIF")[:600], "quarantined", "truncated"),
    "half.webp": (encode(noise(8), "WEBP")[:200], "quarantined", "truncated"),
    "bit_flip.png": (_flipped(PNG, 200), "quarantined", "corrupt"),
    "zero_height.png": (png_header(0, 10), "quarantined", "corrupt"),
    "wrong_name.jpg": (encode(noise(9)), "fixed", "ext_mismatch"),
    "no_extension": (encode(noise(10)), "ok", ""),
    "upper.JPEG": (encode(noise(11), "JPEG"), "ok", ""),
    "mixed.Png": (encode(noise(12)), "ok", ""),
    "cmyk.jpg": (encode(Image.fromarray(noise(13)).convert("CMYK"), "JPEG"), "fixed", "to_rgb"),
    "grey.png": (encode(noise(14, channels=1)), "fixed", "to_rgb"),
    "grey16.png": (encode(GREY16), "fixed", "scaled+to_rgb"),
    "grey16.tif": (encode(GREY16.T.copy(), "TIFF"), "fixed", "scaled+to_rgb"),
    "float.tif": (encode(FLOATS, "TIFF"), "fixed", "scaled+to_rgb"),
    "nan.tif": (encode(np.where(FLOATS > 0.5, np.nan, FLOATS), "TIFF"), "quarantined", "bad_pixels"),
    "negative.tif": (encode(FLOATS - 0.5, "TIFF"), "quarantined", "bad_pixels"),
    "one_bit.png": (encode(Image.fromarray(noise(15)).convert("1")), "fixed", "to_grey+to_rgb"),
    "palette.png": (encode(Image.fromarray(noise(16)).quantize(32)), "fixed", "to_rgb"),
    "transparent_palette.png": (
        encode(Image.fromarray(noise(17)).quantize(32), transparency=0),
        "fixed",
        "composite",
    ),
    "rgba.png": (encode(_alpha()), "fixed", "composite"),
    "la.png": (encode(Image.fromarray(_alpha()).convert("LA")), "fixed", "composite+to_rgb"),
    "invisible.png": (encode(_alpha(0)), "quarantined", "fully_transparent"),
    "turned.jpg": (_oriented(6), "fixed", "transposed"),
    "bad_exif.jpg": (encode(noise(18), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"), "ok", ""),
    "no_exif.png": (encode(noise(38), exif=b"Exif\0\0no directory"), "fixed", "stripped"),
    "text_bomb.png": (with_text_bomb(noise(19)), "quarantined", "metadata_bomb"),
    "animated.gif": (_frames("GIF"), "quarantined", "animated"),
    "animated.png": (_frames("PNG"), "quarantined", "animated"),
    "animated.webp": (_frames("WEBP"), "quarantined", "animated"),
    "pages.tif": (_frames("TIFF"), "quarantined", "multipage"),
    "loop.tif": (looping_tiff(), "quarantined", "corrupt"),
    "dot.png": (encode(noise(20, 1, 1, 1)), "quarantined", "too_small"),
    "line.png": (encode(noise(21, 1, 10_000, 1)), "quarantined", "odd_aspect"),
    "bomb.png": (png_header(30_000, 30_000), "quarantined", "too_large"),
    "large.png": (png_header(9_000, 9_000), "quarantined", "too_large"),
    "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "quarantined", "format_not_allowed"),
    "hidden_eps.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "quarantined", "format_not_allowed"),
    "page.pdf": (b"%PDF-1.7\n", "quarantined", "format_not_allowed"),
    "drawing.svg": (b"<?xml version='1.0'?>\n<svg xmlns=''/>", "quarantined", "format_not_allowed"),
    "old.gd": (b"\xff\xfe\0\x10\0\x10", "quarantined", "format_not_allowed"),
    "sky.fits": (b"SIMPLE  =                    T", "quarantined", "format_not_allowed"),
    "phone.heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "quarantined", "format_not_allowed"),
    "polyglot.jpg": (encode(noise(22), "JPEG") + ZIP, "fixed", "trailer_dropped"),
    "polyglot.png": (encode(noise(40)) + ZIP, "fixed", "trailer_dropped"),
    "polyglot.gif": (encode(noise(41), "GIF") + ZIP, "fixed", "trailer_dropped+to_rgb"),
    "polyglot.webp": (encode(noise(42), "WEBP") + ZIP, "fixed", "trailer_dropped"),
    "polyglot.bmp": (encode(noise(43), "BMP") + ZIP, "fixed", "trailer_dropped"),
    "polyglot.tif": (encode(noise(44), "TIFF") + ZIP, "fixed", "trailer_dropped"),
    "padded.bmp": (encode(noise(45), "BMP") + bytes(9), "ok", ""),
    "no_screen.gif": (no_screen_gif(), "quarantined", "corrupt"),
    "scans.jpg": (many_scans(200), "quarantined", "scan_bomb"),
    "progressive.jpg": (encode(noise(23), "JPEG", progressive=True, subsampling=2), "ok", ""),
    "still.gif": (encode(noise(24, channels=1), "GIF"), "fixed", "to_rgb"),
    "lossless.webp": (encode(noise(25), "WEBP", lossless=True), "ok", ""),
    "plain.bmp": (encode(noise(26), "BMP"), "ok", ""),
    "plain.ppm": (encode(noise(27), "PPM"), "ok", ""),
    "plain.tif": (encode(noise(28), "TIFF"), "ok", ""),
    "small.png": (encode(noise(29, 8, 12)), "fixed", "resized"),
    "photo.png": (encode(noise(30, 300, 400)), "fixed", "resized"),
    "black.png": (encode(np.zeros((16, 16, 3), np.uint8)), "quarantined", "blank"),
    ".DS_Store": (b"\0\0\0\1Bud1", "ignored", "hidden"),
    "Thumbs.db": (b"\xd0\xcf", "ignored", "hidden"),
    "desktop.ini": (b"[a]", "ignored", "hidden"),
    "__MACOSX/._a.png": (b"\0\5\x16\7", "ignored", "hidden"),
    ".git/a.png": (encode(noise(31)), "ignored", "hidden"),
    "inner/deep/a.png": (encode(noise(32)), "fixed", "flattened"),
    '-rf $(touch x); `y` "z".png': (encode(noise(33)), "ok", ""),
    "a" * 251 + ".png": (encode(noise(34)), "ok", ""),
    "line\nbreak.png": (encode(noise(35)), "fixed", "name_escaped"),
    "猫 🐈.png": (encode(noise(36)), "ok", ""),
}


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**31)


def _non_utf8(path: Path) -> None:
    (path.parent / os.fsdecode(b"caf\xe9.png")).write_bytes(encode(noise(37)))


# name -> (maker, path relative to the class, outcome, code) for what is not a file with content.
SPECIAL: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    "fifo": (_fifo, "fifo.png", "quarantined", "not_regular"),
    "device": (_link("/dev/zero"), "device.png", "quarantined", "symlink_outside"),
    "broken_link": (_link("nowhere.png"), "broken.png", "quarantined", "unreadable"),
    "self_link": (_link("self.png"), "self.png", "ignored", "symlink_loop"),
    "loop": (_link("."), "loop", "ignored", "symlink_loop"),
    "link_to_class": (_link("../dog"), "dogs", "ignored", "symlink_folder"),
    "link_outside": (_link("/etc/hostname"), "outside.png", "quarantined", "symlink_outside"),
    "link_to_copy": (_link("0.png"), "again.png", "fixed", "dedup"),
    "sparse": (_sparse, "huge.jpg", "quarantined", "file_too_big"),
    "folder": (Path.mkdir, "folder.png", "ignored", "directory"),
    "non_utf8": (_non_utf8, "caf\\xe9.png", "fixed", "name_escaped"),
}


def write_item(folder: Path, name: str) -> tuple[str, str, str]:
    """Put one corpus item into a class folder; returns its path in the folder, outcome and code."""
    if name in FILES:
        content, outcome, code = FILES[name]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name.replace("\n", "\\n"), outcome, code
    make, shown, outcome, code = SPECIAL[name]
    make(folder / shown)
    return shown, outcome, code
