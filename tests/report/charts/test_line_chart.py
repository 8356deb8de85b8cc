"""Line charts: a line stands where its values are."""

import numpy as np
import pytest
from PIL import Image

from augment.report.charts.line_chart import COLORS, PANEL, line_chart


def where(chart: Image.Image, color: int, below: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels of a colour, under the names."""
    rows, columns = np.nonzero((np.asarray(chart)[below:] == COLORS[color]).all(axis=2))
    return rows, columns


def test_a_line_rises_from_left_to_right() -> None:
    chart = line_chart({"rising": [0.0, 1.0]}, (0, 1), "x")
    assert chart.size == PANEL
    rows, columns = where(chart, 0, below=24)
    slope, _ = np.polyfit(columns, rows, 1)
    middle = rows[columns == (columns.min() + columns.max()) // 2]
    assert slope < 0, "rows count downwards"
    assert abs(middle.mean() - (rows.min() + rows.max()) / 2) < 2, "halfway is half as high"


def test_lines_share_one_scale_that_includes_zero() -> None:
    chart = line_chart({"two": [2.0, 2.0], "four": [4.0, 4.0]}, (0, 1), "x")
    heights = [where(chart, color, below=30)[0].mean() for color in (0, 1)]
    bottom = PANEL[1] - 30 - 30  # the axis, counted from below the names
    assert (bottom - heights[1]) / (bottom - heights[0]) == pytest.approx(2, abs=0.05)


def test_a_flat_zero_and_long_names_are_drawn() -> None:
    names = [f"a name that needs much room, number {number}" for number in range(4)]
    chart = line_chart({name: [0.0, 0.0] for name in names}, (0, 1), "x")
    for color in range(4):
        rows, columns = where(chart, color, below=0)
        assert len(rows) > 20, "every name is written"
        assert columns.max() < PANEL[0] - 4, "and none is cut off"
