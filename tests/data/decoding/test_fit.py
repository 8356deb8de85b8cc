"""How an image of another aspect becomes a size: the one function that stands for `ingest.fit`."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.data.cleaning import examine
from augment.data.decoding.decode import Fit, fitted, resize
from augment.data.decoding.take import Wanted, shape
from augment.params import Ingest
from tests.data.corpus import noise, write_set

FITS = get_args(Fit)
SIDES = st.integers(2, 60)


def striped(height: int, width: int) -> np.ndarray:
    """Left third 0, middle third 100, right third 200."""
    levels = np.repeat([0, 100, 200], width // 3).astype(np.uint8)
    return np.broadcast_to(levels, (height, width))[:, :, None].copy()


def test_stretch_is_a_resize() -> None:
    pixels = noise(1, 40, 90)
    assert (fitted(pixels, 16, 16, "stretch", 7) == resize(pixels, 16, 16)).all()


def test_crop_keeps_the_middle() -> None:
    assert (fitted(striped(30, 90), 10, 10, "crop", 7)[:, 2:-2] == 100).all()
    assert (fitted(striped(30, 90).swapaxes(0, 1), 10, 10, "crop", 7)[2:-2] == 100).all()
    covered = resize(noise(1, 40, 80), 20, 40)[:, 10:30]  # an independent way to it, but for the edges
    assert np.abs(fitted(noise(1, 40, 80), 20, 20, "crop", 7).astype(int) - covered)[:, 3:-3].max() <= 1


def test_pad_keeps_everything_in_the_middle_of_the_background() -> None:
    padded = fitted(noise(1, 20, 60), 30, 30, "pad", 7)
    assert (padded[:10] == 7).all()
    assert (padded[20:] == 7).all()
    assert (padded[10:20] == resize(noise(1, 20, 60), 10, 30)).all()


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(FITS), st.sampled_from([1, 3]))
def test_any_size_becomes_any_size(h: int, w: int, height: int, width: int, fit: Fit, channels: int) -> None:
    pixels = noise(3, h, w)[:, :, :channels]
    found = fitted(pixels, height, width, fit, 9)
    assert (found.shape, found.dtype) == ((height, width, channels), np.uint8)
    flat = fitted(np.full_like(pixels, 9), height, width, fit, 9)
    assert (flat == 9).all()
    if (h, w) == (height, width):
        assert found is pixels


@given(SIDES, SIDES, st.integers(1, 4), st.sampled_from(FITS))
def test_an_image_of_the_same_aspect_is_the_same_by_every_fit(h: int, w: int, factor: int, fit: Fit) -> None:
    pixels = noise(5, h * factor, w * factor)
    assert (fitted(pixels, h, w, fit, 9) == fitted(pixels, h, w, "stretch", 9)).all()


@given(SIDES, SIDES, st.integers(1, 20), st.integers(1, 20))
def test_crop_and_pad_do_not_prefer_a_side(h: int, w: int, height: int, width: int) -> None:
    """`crop` of a mirrored image is the mirror image of it; so is `pad` where what is left over is even."""
    pixels = noise(7, h, w)
    mirrored = fitted(np.ascontiguousarray(pixels[::-1, ::-1]), height, width, "crop", 9)
    difference = np.abs(mirrored.astype(int)[::-1, ::-1] - fitted(pixels, height, width, "crop", 9))
    assert difference.max() <= 2, "but for rounding"


def test_the_longest_allowed_aspect_fits_into_the_longest_other() -> None:
    for fit in FITS:
        assert fitted(noise(1, 2, 256), 256, 2, fit, 9).shape == (256, 2, 3)


def test_shape_takes_the_fit_and_the_background() -> None:
    wanted = Wanted(50, 10**7, background=9, grey=True, size=(8, 8), fit="pad")
    pixels = shape(noise(1, 8, 16), wanted).pixels
    assert pixels is not None
    assert (pixels[:2] == 9).all()
    assert pixels.shape == (8, 8, 1)


@pytest.mark.parametrize(("fit", "how"), [("stretch", ""), ("crop", ", cropped"), ("pad", ", padded")])
def test_manifests_say_how_an_image_was_brought_to_size(tmp_path: Path, fit: Fit, how: str) -> None:
    write_set(tmp_path, height=20, width=20)
    Image.fromarray(noise(1, 20, 40)).save(tmp_path / "cat" / "long.png")
    ingest = Ingest(source="folder", path=str(tmp_path), size=10, fit=fit)
    details = {entry.path: entry.detail for entry in examine(ingest).entries}
    assert details.pop("cat/long.png") == f"from 20x40{how}"
    assert {*details.values()} == {"from 20x20"}, "whatever has the aspect of the size loses nothing"


def test_built_in_sets_are_fitted_too() -> None:
    found = examine(Ingest(source="digits", size=(8, 12), fit="pad", background=3)).entries[0].pixels
    assert found is not None
    assert (found[:, :2] == 3).all()
    assert (found[:, 10:] == 3).all()


def test_pixels_are_kept_where_a_size_is_asked_for() -> None:
    """Classifiers are shown larger images than GANs learn."""
    pixels = noise(1, 40, 400)
    assert shape(pixels, Wanted(50, 10**7, 255, False, size=(30, 300))).pixels is not None
    assert shape(pixels, Wanted(50, 10**7, 255, False, size=None)).pixels is None
