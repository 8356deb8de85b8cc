"""The reliability diagram: marks stand where their figures say."""

import re

import pytest

from augment.report.diagram import LEFT, SPAN, TOP, Bin, reliability_diagram

BINS = [Bin(0.25, 0.5, 0.1, 0.9, 0.2), Bin(1.0, 0.0, 0.0, 0.3, 0.8)]


def test_marks_and_their_intervals_stand_on_the_scale() -> None:
    svg = reliability_diagram("A <title>", "gan", BINS)
    marks = [tuple(map(float, found)) for found in re.findall(r"translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)", svg)]
    assert [mark[:2] for mark in marks] == [(LEFT + SPAN * 0.25, TOP + SPAN * 0.5), (LEFT + SPAN, TOP + SPAN)]
    assert marks[0][2] < marks[1][2], "the second stands for more answers"
    bars = [tuple(map(float, found)) for found in re.findall(r'class="bar" x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)"', svg)]  # fmt: skip # noqa: E501
    assert bars[0] == pytest.approx((LEFT + SPAN * 0.25, TOP + SPAN * 0.9, TOP + SPAN * 0.1))
    assert 'aria-label="A &lt;title&gt;"' in svg


def test_the_dashed_line_is_the_diagonal() -> None:
    svg = reliability_diagram("t", "real", BINS)
    (line,) = re.findall(r'class="reference" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', svg)
    assert [float(part) for part in line] == [LEFT, TOP + SPAN, LEFT + SPAN, TOP]


def test_nothing_to_draw() -> None:
    assert reliability_diagram("t", "real", []) == ""
