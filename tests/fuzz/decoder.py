"""Image files: pixels of the stated form, or one of the documented codes."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.data.decoding.decode import MAX_SIDE_PX, decode
from augment.data.entries import MIN_SIDE_PX
from augment.data.sources.disk import Rejected
from tests.fuzz.driver import main, require_readable

CODES = {  # "" for none
    "", "empty_file", "not_an_image", "format_not_allowed", "truncated", "corrupt", "metadata_bomb", "too_large",
    "odd_aspect", "too_small", "animated", "multipage", "bad_pixels", "fully_transparent", "blank",
}  # fmt: skip
MAX_PIXELS = 100_000


def _seeds() -> list[bytes]:
    rng = np.random.default_rng(0)
    colours, deep = rng.integers(0, 256, (9, 11, 3), np.uint8), rng.integers(0, 65536, (9, 11), np.uint16)
    image, grey, floats = Image.fromarray(colours), Image.fromarray(colours[:, :, 0]), deep.astype(np.float32) / 65535
    made: list[tuple[Image.Image, str, dict[str, object]]] = [
        (image, "PNG", {}), (image.quantize(7), "PNG", {"transparency": 0}), (image.convert("LA"), "PNG", {}),
        (grey.convert("1"), "PNG", {}), (Image.fromarray(deep), "PNG", {}), (image, "JPEG", {"quality": 60}),
        (image, "JPEG", {"progressive": True}), (image.convert("CMYK"), "JPEG", {}), (grey, "JPEG", {}),
        (image, "BMP", {}), (image.quantize(7), "GIF", {}), (image, "WEBP", {"lossless": True}), (image, "WEBP", {}),
        (image, "TIFF", {}), (image, "TIFF", {"compression": "tiff_lzw"}), (Image.fromarray(floats), "TIFF", {}),
        (Image.fromarray(deep), "TIFF", {"compression": "tiff_adobe_deflate"}), (image, "PPM", {}),
        (image, "GIF", {"save_all": True, "append_images": [image]}),
    ]  # fmt: skip
    contents = []
    for picture, form, options in made:
        stream = io.BytesIO()
        picture.save(stream, form, **options)
        contents.append(stream.getvalue())
    return contents


SEEDS = _seeds()


def harness(content: bytes) -> None:
    try:
        decoded = decode(content, "x.png", background=255, max_pixels=MAX_PIXELS)
    except Rejected as error:
        require_readable(error.detail)
        code = error.code
    else:
        code = ""
        require_pixels(decoded.pixels)
    assert code in CODES, code


def require_pixels(pixels: NDArray[np.uint8]) -> None:
    """What every later stage takes for granted."""
    height, width, channels = pixels.shape
    assert pixels.dtype == np.uint8
    assert channels in (1, 3)
    assert min(height, width) >= MIN_SIDE_PX
    assert max(height, width) <= MAX_SIDE_PX * min(height, width)
    assert height * width <= MAX_PIXELS
    assert (pixels != pixels[:1, :1]).any()


if __name__ == "__main__":
    main(harness, SEEDS)
