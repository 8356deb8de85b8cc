"""What a TIFF declares, which Pillow leaves undone or unsaid."""

import io

import numpy as np
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from augment.data.disk import Rejected

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, PLANES, FORMAT = 256, 257, 258, 259, 262, 284, 339
WHITE_IS_ZERO, SEPARATE_PLANES, SIGNED = 0, 2, 2
SAVE_AS = "save it as grey of 8 or 16 bits, or as RGB of 8 bits"
_BIG_TIFF = (b"II+\0", b"MM\0+")


def check(image: TiffImageFile) -> None:
    """Refuse the kinds that Pillow decodes to other pixels than were stored. Raises `Rejected`."""
    if image.tag_v2.next:
        raise Rejected("corrupt", "the directory of pages leads back to itself")
    bits = _largest(image.tag_v2, BITS, 8)
    signed = _largest(image.tag_v2, FORMAT, 1) == SIGNED
    planes = image.tag_v2.get(PLANES) == SEPARATE_PLANES and len(image.getbands()) > 1
    if (planes and bits > 8) or (signed and bits <= 8):
        raise _unread(image.tag_v2)


def declared_top(image: TiffImageFile) -> int:
    """The largest value that a pixel may have, 2**bits - 1."""
    signed = _largest(image.tag_v2, FORMAT, 1) == SIGNED
    return int(2 ** (_largest(image.tag_v2, BITS, 8) - signed)) - 1


def white_is_zero(image: TiffImageFile) -> bool:
    """Whether its integers count from white to black; Pillow turns those of up to 8 bits around, and no deeper ones."""
    return image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO and _largest(image.tag_v2, BITS, 8) > 8


def unread(content: bytes) -> Rejected | None:
    """Why Pillow does not know a TIFF whose first directory can be read; None where it is damaged."""
    head = content[: 16 if content.startswith(_BIG_TIFF) else 8]
    try:
        directory = ImageFileDirectory_v2(head)
        stream = io.BytesIO(content)
        stream.seek(directory.next)
        directory.load(stream)
        return _unread(directory) if directory[WIDTH] > 0 and directory[LENGTH] > 0 else None
    except Exception:  # a damaged directory raises anything
        return None


def _unread(directory: ImageFileDirectory_v2) -> Rejected:
    names = {"BitsPerSample": BITS, "SampleFormat": FORMAT, "PhotometricInterpretation": PHOTOMETRIC,
             "Compression": COMPRESSION, "PlanarConfiguration": PLANES}  # fmt: skip
    told = ", ".join(f"{name} {_words(directory[tag])}" for name, tag in names.items() if tag in directory)
    return Rejected("format_not_allowed", f"this kind of TIFF is not read ({told}); {SAVE_AS}")


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _largest(directory: ImageFileDirectory_v2, tag: int, default: int) -> int:
    return int(np.max(directory.get(tag, default)))
