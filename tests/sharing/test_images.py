"""Which files go on as they are: those that hold pixels alone, and show what a training is shown."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from augment.core.grids import png
from augment.sharing.images import is_bare

NOISE = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)  # of several IDAT chunks
COLOUR, GREY = Image.fromarray(NOISE), Image.fromarray(NOISE[..., 0])


def saved(image: Image.Image, form: str = "PNG", **how: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **how)
    return stream.getvalue()


def test_what_this_program_writes_is_bare_for_its_own_channels_alone() -> None:
    assert png(COLOUR).count(b"IDAT") > 1
    assert (is_bare(png(COLOUR), 3), is_bare(png(COLOUR), 1)) == (True, False)
    assert (is_bare(png(GREY), 1), is_bare(png(GREY), 3)) == (True, False)


def words() -> PngImagePlugin.PngInfo:
    told = PngImagePlugin.PngInfo()
    told.add_text("Owner", "Jane Doe")
    return told


def late_words() -> bytes:
    """A text behind the pixels, where a reader of the header does not look."""
    bare, text = png(GREY), saved(GREY, pnginfo=words())
    chunk = text[text.index(b"tEXt") - 4 :][: 12 + len("Owner Jane Doe")]
    end = bare.index(b"IEND") - 4
    return bare[:end] + chunk + bare[end:]


@pytest.mark.parametrize(
    "content",
    [
        saved(GREY, pnginfo=words()), late_words(), saved(GREY, dpi=(72, 72)), saved(GREY, icc_profile=b"x" * 200),
        saved(GREY, transparency=3), saved(GREY.convert("1")), saved(GREY.convert("P")), saved(GREY.convert("LA")),
        saved(GREY.convert("I;16")), saved(GREY, "JPEG"), png(GREY) + b"more", png(GREY)[:-1], png(GREY)[:40], b"",
        png(GREY)[:8],
    ],
)  # fmt: skip
def test_anything_else_is_not(content: bytes) -> None:
    assert not is_bare(content, 1)
    assert not is_bare(content, 3)
