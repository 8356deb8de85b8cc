"""Images side by side: every pixel where it belongs."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from augment.grids import GAP_PX, LEAST_SIDE_PX, grid, png, write_grid


def noise(count: int, channels: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 255, (count, channels, height, width), dtype=np.uint8)


def test_a_small_grid_by_hand() -> None:
    images = noise(3, 1, 50, 60)
    picture = grid(images, columns=2)
    assert picture.shape == (4 + 2 * 54, 4 + 2 * 64, 1)
    assert np.array_equal(picture[4:54, 4:64, 0], images[0, 0])
    assert np.array_equal(picture[4:54, 68:128, 0], images[1, 0])
    assert np.array_equal(picture[58:108, 4:64, 0], images[2, 0])
    assert (picture == 255).sum() == picture.size - images.size, "the gaps and the free place are white"


@given(
    st.integers(1, 9), st.sampled_from([1, 3]), st.integers(2, 60), st.integers(2, 60), st.integers(1, 5)
)  # fmt: skip
def test_every_image_comes_back(count: int, channels: int, height: int, width: int, columns: int) -> None:
    images = noise(count, channels, height, width)
    picture = grid(images, columns)
    factor = max(1, -(-LEAST_SIDE_PX // max(height, width)))
    assert max(height, width) * factor >= LEAST_SIDE_PX
    tall, wide = height * factor + GAP_PX, width * factor + GAP_PX
    assert picture.shape == (-(-count // columns) * tall + GAP_PX, columns * wide + GAP_PX, channels)
    for index, image in enumerate(images):
        top, left = index // columns * tall + GAP_PX, index % columns * wide + GAP_PX
        cell = picture[top : top + tall - GAP_PX, left : left + wide - GAP_PX]
        assert np.array_equal(cell, image.repeat(factor, 1).repeat(factor, 2).transpose(1, 2, 0))
    assert (picture != 255).sum() == count * channels * height * width * factor**2


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_png_reads_back(tmp_path: Path, channels: int, mode: str) -> None:
    (image,) = noise(1, channels, 5, 7)
    found = Image.open(io.BytesIO(png(image.transpose(1, 2, 0))))
    assert (found.format, found.mode, found.size) == ("PNG", mode, (7, 5))
    assert np.array_equal(np.asarray(found).reshape(5, 7, channels), image.transpose(1, 2, 0))


def test_the_file_is_the_grid(tmp_path: Path) -> None:
    images = noise(4, 3, 9, 9)
    write_grid(tmp_path / "deep" / "grid.png", images, columns=2)
    write_grid(tmp_path / "again.png", images, columns=2)
    with Image.open(tmp_path / "deep" / "grid.png") as found:
        assert np.array_equal(np.asarray(found), grid(images, columns=2))
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "deep" / "grid.png").read_bytes()
