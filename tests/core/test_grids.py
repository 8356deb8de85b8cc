"""Images side by side: every pixel where it belongs."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.core.grids import GAP_PX, MIN_TILE_PX, grid, mosaic, picture, png, write_grid, write_picture


def noise(count: int, channels: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 255, (count, channels, height, width), dtype=np.uint8)


def test_a_small_grid_by_hand() -> None:
    images = noise(3, 1, 50, 60)
    found = np.asarray(grid(images, columns=2))
    assert found.shape == (2 + 2 * 52, 2 + 2 * 62)
    assert np.array_equal(found[2:52, 2:62], images[0, 0])
    assert np.array_equal(found[2:52, 64:124], images[1, 0])
    assert np.array_equal(found[54:104, 2:62], images[2, 0])
    assert (found == 255).sum() == found.size - images.size, "the gaps and the free place are white"


@given(
    st.integers(1, 9), st.sampled_from([1, 3]), st.integers(2, 60), st.integers(2, 60), st.integers(1, 5)
)  # fmt: skip
def test_every_image_comes_back(count: int, channels: int, height: int, width: int, columns: int) -> None:
    images = noise(count, channels, height, width)
    shown = grid(images, columns)
    found = np.asarray(shown).reshape(shown.height, shown.width, channels)
    factor = max(1, -(-MIN_TILE_PX // max(height, width)))
    assert max(height, width) * factor >= MIN_TILE_PX
    tall, wide, columns = height * factor + GAP_PX, width * factor + GAP_PX, min(columns, count)
    assert found.shape == (-(-count // columns) * tall + GAP_PX, columns * wide + GAP_PX, channels)
    for index, image in enumerate(images):
        top, left = index // columns * tall + GAP_PX, index % columns * wide + GAP_PX
        cell = found[top : top + tall - GAP_PX, left : left + wide - GAP_PX]
        assert np.array_equal(cell, image.repeat(factor, 1).repeat(factor, 2).transpose(1, 2, 0))
    assert (found != 255).sum() == count * channels * height * width * factor**2


def test_the_gaps_of_a_mosaic_are_transparent() -> None:
    sheet = mosaic([Image.new("L", (3, 2), 7), Image.new("L", (3, 2), 9)], 2, gap=4)
    expected = np.zeros((2, 10, 4), np.uint8)
    expected[:, :3], expected[:, 7:] = (7, 7, 7, 255), (9, 9, 9, 255)
    assert np.array_equal(np.asarray(sheet), expected)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_png_reads_back_and_holds_no_metadata(channels: int, mode: str) -> None:
    (image,) = noise(1, channels, 5, 7)
    found = Image.open(io.BytesIO(png(picture(image))))
    assert (found.format, found.mode, found.size, found.info) == ("PNG", mode, (7, 5), {})
    assert np.array_equal(np.asarray(found).reshape(5, 7, channels), image.transpose(1, 2, 0))


def test_the_file_is_the_grid(tmp_path: Path) -> None:
    images = noise(4, 3, 9, 9)
    write_grid(tmp_path / "deep" / "grid.png", images, columns=2)
    write_grid(tmp_path / "again.png", images, columns=2)
    with Image.open(tmp_path / "deep" / "grid.png") as found:
        assert np.array_equal(np.asarray(found), np.asarray(grid(images, columns=2)))
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "deep" / "grid.png").read_bytes()


def test_a_picture_reads_back(tmp_path: Path) -> None:
    for channels in (1, 3):
        image = np.arange(channels * 6, dtype=np.uint8).reshape(channels, 2, 3)
        write_picture(tmp_path / "in" / "a.png", image)
        with Image.open(tmp_path / "in/a.png") as picture:
            pixels = np.asarray(picture)
        assert (pixels.reshape(2, 3, channels) == image.transpose(1, 2, 0)).all()


def test_the_level_of_a_png_changes_its_size_and_no_pixel() -> None:
    ramp = np.broadcast_to(np.arange(64, dtype=np.uint8), (3, 48, 64)) + np.arange(48, dtype=np.uint8)[:, None] % 5
    files = [png(picture(ramp), level) for level in (1, 2, 6, 9)]
    assert len({len(content) for content in files}) > 1
    for content in files:
        assert np.array_equal(np.array(Image.open(io.BytesIO(content))), ramp.transpose(1, 2, 0))
