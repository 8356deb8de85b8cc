"""Which file formats are decoded, known by first bytes and never by a name alone, and how a file is stored."""

import re
from posixpath import splitext

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from augment.data.entries import Facts
from augment.data.sources.disk import Rejected

EXTENSIONS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
_FORMAT_OF = {extension: name for name, extensions in EXTENSIONS.items() for extension in extensions}

# Decoders of these either run programs (EPS), have a record of faults, or read raw sensor data.
_REFUSED_EXTENSION = re.compile(
    r"\.(eps|ps|ai|wmf|emf|pdf|svg|gd|gd2|fits?|heic|heif|avif|jxl|jp2|psd|xcf|ico|tga|pcx|dcm|exr|cr2|nef|dng|arw)"
)

_SIGNATURES = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8(\xff|$)"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "TIFF": re.compile(rb"II[*+]\x00|MM\x00[*+]"),
    "WEBP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "BMP": re.compile(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", re.DOTALL),
    "PPM": re.compile(rb"P([1-6]|[Ff])\s+(#[^\n]*\n\s*)*-?\d"),
}
_REFUSED = {
    "EPS or PostScript": re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"),
    "PDF": re.compile(rb"%PDF"),
    "SVG": re.compile(rb"\s*(<\?xml[^>]*>)?\s*(<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b", re.DOTALL),
    "FITS": re.compile(rb"SIMPLE  ="),
    "HEIC or AVIF": re.compile(rb"....ftyp(hei|hev|mif|msf|avi)", re.DOTALL),
    "JPEG 2000": re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"),
    "JPEG XL": re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL "),
    "Photoshop": re.compile(rb"8BPS"),
    "GD": re.compile(rb"gd2\x00"),
    "icon": re.compile(rb"\x00\x00[\x01\x02]\x00.\x00", re.DOTALL),
    "DICOM": re.compile(rb".{128}DICM", re.DOTALL),
    "OpenEXR": re.compile(rb"\x76\x2f\x31\x01"),
}
_OTHERS = {
    "an HTML page": re.compile(rb"\s*(<!doctype html|<html|<head|<body)", re.IGNORECASE),
    "a NumPy array": re.compile(rb"\x93NUMPY"),
    "a pickle": re.compile(rb"\x80[\x02-\x05]"),
    "a zip archive": re.compile(rb"PK\x03\x04"),
}
_METADATA = ("exif", "icc_profile", "xmp", "comment", "Software")  # keys of what Pillow reads in the header
_FIXED_STARTS = (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"GIF87a", b"II*\x00", b"MM\x00*")


def has_image_name(path: str) -> bool:
    """Whether the name claims to be an image, decodable here or not."""
    extension = splitext(path)[1].lower()
    return extension in _FORMAT_OF or _REFUSED_EXTENSION.fullmatch(extension) is not None


def is_decoded_name(path: str) -> bool:
    """Whether the name ends as those of files that are decoded here do, whatever the file holds."""
    return path[path.rfind(".") :].lower() in _FORMAT_OF


def has_image_start(head: bytes) -> bool:
    """Whether the first bytes are those of a format that is decoded here."""
    return any(pattern.match(head) for pattern in _SIGNATURES.values())


def identify(content: bytes, path: str) -> str:
    """The format of `content`. Raises `Rejected` (empty_file, format_not_allowed, not_an_image, truncated)."""
    if not content:
        raise Rejected("empty_file", "the file has no content")
    extension = splitext(path)[1].lower()
    refused_name = _REFUSED_EXTENSION.fullmatch(extension) is not None
    head = content[:2048]
    for name, pattern in _SIGNATURES.items():
        if pattern.match(head) and not refused_name:
            return name
    if len(content) > 2 and any(start.startswith(content) for start in _FIXED_STARTS):
        raise Rejected("truncated", "the file ends within the first bytes of an image")
    refused = next((name for name, pattern in _REFUSED.items() if pattern.match(head)), None)
    if refused or refused_name:
        allowed = ", ".join(EXTENSIONS)
        raise Rejected("format_not_allowed", f"{refused or extension}; convert it to one of {allowed}")
    other = next((name for name, pattern in _OTHERS.items() if pattern.match(head)), None)
    raise Rejected("not_an_image", f"the content is {other or _text_or_data(head)}")


def contradicts(path: str, name: str) -> bool:
    """Whether the extension names another decodable format than the content has."""
    return _FORMAT_OF.get(splitext(path)[1].lower(), name) != name


def _text_or_data(head: bytes) -> str:
    try:
        return "text" if head.decode().isprintable() or (b"\n" in head and b"\x00" not in head) else "unknown data"
    except UnicodeDecodeError:
        return "unknown data"


def facts(header: ImageFile, bits: int) -> Facts:
    """How a file is stored, from its header alone: that should not tell which class it is. bits: of a value."""
    kind = "JPEG" if header.format == "MPO" else header.format or ""
    steps = header.quantization.get(0, []) if isinstance(header, JpegImageFile) else []
    carried = "+".join(name for name in _METADATA if name in header.info)
    return Facts(kind, header.mode, bits, round(sum(steps) / max(1, len(steps))), carried)
