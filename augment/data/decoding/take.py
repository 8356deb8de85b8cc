"""One file, from its bytes on disk to the pixels that the set will have. Whatever the file holds, nothing is raised."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from augment.data.decoding import decode, fitting
from augment.data.entries import Deep, Facts
from augment.data.sources import disk
from augment.data.sources.disk import Rejected

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Wanted:
    """What is asked of every image of a set.

    background: grey level behind transparent pixels; grey: whether colour is taken out; size: (H, W), None as stored;
    white: pairs, as `decode` takes it; any_size: whether pixels are kept that are larger than GANs take; fit: as
    `fitted` takes it; headers: only the sizes as stored, nothing decoded
    """

    max_file_mb: int
    max_pixels: int
    background: int
    grey: bool
    size: tuple[int, int] | None
    white: tuple[tuple[int, int], ...] = ()
    any_size: bool = False
    fit: fitting.Fit = "stretch"
    headers: bool = False


@dataclass
class Taken:
    """What became of one file: plain values, which a pipe carries in this order, and the pixels.

    code, detail: why it is not used, empty where it is; fixes: codes of what was changed; resized, is_grey, digest,
    pixels: as in `Shaped`; size: (H, W) as stored; channels, float_top, deep, facts: as `decode.Decoded` has them
    """

    code: str = ""
    detail: str = ""
    sha256: str = ""
    fixes: list[str] = field(default_factory=list)
    channels: int = 0
    float_top: int | None = None
    resized: bool = False
    is_grey: bool = True
    digest: str = ""
    size: tuple[int, int] = (0, 0)
    deep: Deep | None = None
    facts: Facts | None = None
    pixels: UInt8 | None = None


@dataclass(frozen=True)
class Shaped:
    """An image in the colour and size of the set.

    resized: whether its size was another; is_grey: whether it has no colour; digest: hex SHA-256 of the pixels with
    their shape; pixels: uint8 (H, W, C), None where no size is wanted and it is larger than any that a GAN takes
    """

    resized: bool
    is_grey: bool
    digest: str
    pixels: UInt8 | None


def take(location: str, path: str, wanted: Wanted) -> Taken:
    """Read, hash, decode and shape the file at `location`; of `path`, its name, only the extension is looked at."""
    taken = Taken()
    try:
        content = disk.read_regular(location, wanted.max_file_mb * 1024 * 1024)
        if wanted.headers:
            return Taken(size=decode.stored_size(content, path, wanted.max_pixels))
        taken.sha256 = hashlib.sha256(content).hexdigest()
        limits = {"background": wanted.background, "max_pixels": wanted.max_pixels}
        decoded = decode.decode(content, path, **limits, white=dict(wanted.white))
        taken.fixes += decoded.fixes
        taken.size = (decoded.pixels.shape[0], decoded.pixels.shape[1])
        taken.channels, taken.float_top = decoded.channels, decoded.float_top
        taken.deep, taken.facts = decoded.deep, decoded.facts
        shaped = shape(decoded.pixels, wanted)
    except Rejected as rejected:
        taken.code, taken.detail = rejected.code, rejected.detail
    except MemoryError:
        taken.code, taken.detail = decode.out_of_memory().args
    except Exception as error:  # a fault of ours ends one file, not the run
        taken.code, taken.detail = "crashed", f"the decoder failed ({type(error).__name__}); {decode.SAVE_ANEW}"
    else:
        taken.resized, taken.is_grey, taken.digest = shaped.resized, shaped.is_grey, shaped.digest
        taken.pixels = shaped.pixels
    return taken


def shape(pixels: UInt8, wanted: Wanted) -> Shaped:
    """Decoded pixels (H, W, C) in the colour and size that are wanted."""
    pixels = fitting.to_grey(pixels) if wanted.grey else pixels
    resized = wanted.size is not None and pixels.shape[:2] != wanted.size
    if wanted.size is not None and resized:
        pixels = decode.collapse(fitting.fitted(pixels, *wanted.size, wanted.fit, wanted.background))
    pixels = np.ascontiguousarray(pixels)
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.data)
    # Without a size an image this large ends the run anyway: its size is kept, not its pixels.
    kept = pixels if wanted.any_size or wanted.size or max(pixels.shape) <= decode.MAX_SIDE_PX else None
    return Shaped(resized, pixels.shape[2] == 1, digest.hexdigest(), kept)
