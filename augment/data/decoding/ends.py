"""Where an image ends in its file: decoders let small losses at the end pass, and do not see what lies behind it.

Each format says how long it is in its own way: by an end mark (PNG, JPEG, GIF), a length (WEBP, BMP), or by the
places of its parts (TIFF).
"""

import re
import struct
import zlib

from augment.data.decoding import tiff
from augment.data.sources.disk import Rejected

MAX_SCANS = 100  # of a JPEG, each of which decodes all pixels once more; encoders write some ten

_MARKS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "GIF": b"\x00;"}
_PADDING = b"\x00\r\n "
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # but for those within a scan
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_PNG_START, _GIF_START, _GIF_IMAGE, _GIF_EXTENSION, _GIF_END = 8, 13, 0x2C, 0x21, 0x3B
_HAS_COLOURS = 0x80  # a GIF's flag of a palette


def check(content: bytes, name: str) -> None:
    """What the decoder of the format does not find. Raises `Rejected` (truncated, corrupt, scan_bomb)."""
    if is_cut(content, name):
        raise Rejected("truncated", f"the {name} data end too early")
    if name == "GIF" and 0 in (size := struct.unpack_from("<HH", content, 6)):
        raise Rejected("corrupt", f"the header declares a screen of {size[1]}x{size[0]} pixels")
    if name == "PNG":
        _check_png(content)
    if name == "JPEG" and _jpeg(content)[1] > MAX_SCANS:
        detail = f"over {MAX_SCANS} scans, each of which decodes all pixels again; save it as a baseline JPEG or a PNG"
        raise Rejected("scan_bomb", detail)


def is_cut(content: bytes, name: str) -> bool:
    """Whether the format's end mark is missing, or the file is shorter than it declares."""
    if name == "WEBP":
        return len(content) < int.from_bytes(content[4:8], "little") + 8
    return _MARKS.get(name, b"") not in content[_jpeg_scan(content) if name == "JPEG" else 0 :]


def has_trailer(content: bytes, name: str) -> bool:
    """Whether data follow the end of the image, such as an appended archive; not where the end is not known."""
    end = _END_OF[name](content) if name in _END_OF else None
    return end is not None and content[end:].strip(_PADDING) != b""


def _check_png(content: bytes) -> None:
    """Every checksum, those of the pixels too, which `load` passes over."""
    position, view = _PNG_START, memoryview(content)
    while position + 12 <= len(content):
        stop = position + 8 + int.from_bytes(content[position : position + 4], "big")
        if stop + 4 > len(content):
            break
        if zlib.crc32(view[position + 4 : stop]) != int.from_bytes(content[stop : stop + 4], "big"):
            raise Rejected("corrupt", "the PNG data are damaged")
        if content[position + 4 : position + 8] == b"IEND":
            return
        position = stop + 4
    raise Rejected("truncated", "the PNG data end too early")


def _png_end(content: bytes) -> int | None:
    """Of one that `check` has passed."""
    position = _PNG_START
    while position + 12 <= len(content):
        kind = content[position + 4 : position + 8]
        position += 12 + int.from_bytes(content[position : position + 4], "big")
        if kind == b"IEND":
            return position
    return None


def _jpeg(content: bytes) -> tuple[int | None, int]:
    """Where the end mark of the first picture ends, and the number of its scans."""
    position, scans = 2, 0
    while found := _JPEG_MARKER.search(content, position):
        position = found.end()
        if found[0] == _END_OF_IMAGE:
            return position, scans
        scans += found[0] == _START_OF_SCAN
        position += int.from_bytes(content[position : position + 2], "big")
    return None, scans


def _jpeg_scan(content: bytes) -> int:
    """Where the compressed pixels start; previews inside the metadata have end marks of their own."""
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        if content[position + 1] == 0xDA:
            return position
        if content[position + 1] == 0xFF:  # padding
            position += 1
        else:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return len(content)


def _gif_end(content: bytes) -> int | None:
    position = _GIF_START + _palette(content[10])
    while position < len(content):
        block = content[position]
        if block == _GIF_END:
            return position + 1
        if block == _GIF_EXTENSION:
            position += 2
        elif block == _GIF_IMAGE and position + 10 <= len(content):
            position += 11 + _palette(content[position + 9])
        else:
            return None
        while position < len(content) and content[position]:  # blocks, each with its length ahead
            position += 1 + content[position]
        position += 1
    return None


def _palette(flags: int) -> int:
    """The bytes of the palette that the flags of a GIF announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & _HAS_COLOURS else 0


def _webp_end(content: bytes) -> int:
    length = int.from_bytes(content[4:8], "little")
    return 8 + length + length % 2


def _bmp_end(content: bytes) -> int | None:
    """The larger of the length it declares, which some writers get wrong, and the end of its pixels."""
    declared, start, header = struct.unpack_from("<I4xII", content, 2)
    if header < 40:
        return declared or None
    width, height, bits, packed, size = struct.unpack_from("<ii2xHII", content, 18)
    rows = abs(height) * ((width * bits + 31) // 32 * 4)
    return max(int(declared), int(start) + (int(size) if packed in (1, 2) else rows))


_END_OF = {
    "PNG": _png_end,
    "JPEG": lambda content: _jpeg(content)[0],
    "GIF": _gif_end,
    "WEBP": _webp_end,
    "BMP": _bmp_end,
    "TIFF": tiff.end,
}
