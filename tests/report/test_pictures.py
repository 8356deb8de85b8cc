import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from augment.core.errors import DataError
from augment.core.files import slug
from augment.core.grids import GAP_PX, png
from augment.report.pictures import (
    MAX_PAGE_PIXELS,
    MAX_SIDE_PX,
    drawable_label,
    labelled_rows,
    read_images,
    side_for,
    strip,
    tile,
)


def test_a_small_image_is_enlarged_with_hard_pixels():
    image = np.array([[[0, 255], [255, 0]]], np.uint8)
    picture = np.asarray(tile(image, 96))[..., 0]
    assert picture.shape == (56, 56)
    assert np.array_equal(picture, np.kron(image[0], np.ones((28, 28), np.uint8)))


def test_a_large_image_is_reduced_by_averaging():
    image = np.zeros((3, 192, 192), np.uint8)
    image[:, ::2] = 200
    picture = np.asarray(tile(image, 96))
    assert picture.shape == (96, 96, 3)
    assert np.unique(picture).tolist() == [100]


def test_colours_keep_their_channels():
    image = np.zeros((3, 56, 56), np.uint8)
    image[0] = 255
    assert tile(image, 96).getpixel((5, 5)) == (255, 0, 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 256), st.integers(2, 256), st.sampled_from([1, 3]), st.integers(32, 96))
def test_any_size_fits_the_side(height, width, channels, side):
    picture = tile(np.zeros((channels, height, width), np.uint8), side)
    assert max(picture.size) <= max(side, 1.5 * 56)
    assert min(picture.size) >= 1


def test_a_page_of_many_pictures_stays_light():
    assert side_for(10) == MAX_SIDE_PX
    assert 32 <= side_for(2800) < MAX_SIDE_PX
    assert 2800 * side_for(2800) ** 2 <= MAX_PAGE_PIXELS


def test_a_strip_fills_its_rows_and_leaves_the_rest_transparent():
    images = np.full((3, 1, 56, 56), 200, np.uint8)
    picture = strip(images, 2, 96)
    assert picture.size == (2 * 56 + GAP_PX, 2 * 56 + GAP_PX)
    assert picture.getpixel((0, 56 + GAP_PX)) == (200, 200, 200, 255)
    assert picture.getpixel((56 + GAP_PX, 56 + GAP_PX)) == (0, 0, 0, 0)


def test_labelled_rows_show_a_class_without_images():
    full = labelled_rows([("a", strip(np.zeros((2, 1, 56, 56), np.uint8), 8, 96)), ("b", None)])
    assert full.height > 56 + 2 * 14
    assert (np.asarray(full)[-20:] < 255).any()  # "no images" is written


@pytest.mark.parametrize("label", ["猫🐱", "naïve", "line\nbreak"])
def test_labels_without_letters_in_the_font_are_drawn_as_their_slug(label):
    assert drawable_label(label, 1000, ImageFont.load_default(14)) == slug(label)


def test_a_long_label_is_cut_to_the_width():
    font = ImageFont.load_default(14)
    text = drawable_label("w" * 300, 240, font)
    assert text.endswith("...")
    assert 200 < font.getlength(text) <= 240
    assert drawable_label("short", 240, font) == "short"


def test_images_come_back_from_png_files(tmp_path):
    grey = np.arange(24, dtype=np.uint8).reshape(1, 4, 6)
    (tmp_path / "grey.png").write_bytes(png(Image.fromarray(grey[0])))
    assert np.array_equal(read_images([tmp_path / "grey.png"], np.zeros((0, 1, 4, 6), np.uint8)), grey[None])
    assert np.array_equal(
        read_images([tmp_path / "grey.png"], np.zeros((0, 3, 4, 6), np.uint8))[0], np.repeat(grey, 3, 0)
    )
    assert read_images([], np.zeros((0, 3, 4, 6), np.uint8)).shape == (0, 3, 4, 6)


@pytest.mark.parametrize("content", [b"not a png", None, png(Image.new("L", (6, 5)))])
def test_an_unreadable_png_is_named(tmp_path, content):
    path = tmp_path / "broken.png"
    if content:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.png"):
        read_images([path], np.zeros((0, 1, 4, 6), np.uint8))
