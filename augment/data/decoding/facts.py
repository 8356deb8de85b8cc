"""What a file is like beside its pixels: how a class was stored should not tell which class it is."""

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from augment.data.entries import Facts

_METADATA = ("exif", "icc_profile", "xmp", "comment", "Software")  # keys of what Pillow reads in the header


def facts(header: ImageFile, bits: int) -> Facts:
    """From a header alone; bits: of a value as stored."""
    kind = "JPEG" if header.format == "MPO" else header.format or ""
    steps = header.quantization.get(0, []) if isinstance(header, JpegImageFile) else []
    carried = "+".join(name for name in _METADATA if name in header.info)
    return Facts(kind, header.mode, bits, round(sum(steps) / max(1, len(steps))), carried)
