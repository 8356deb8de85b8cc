"""The reliability diagram: marks stand where their figures say."""

import re

import pytest

from augment.report.charts.reliability import (
    DIAGRAM_LEFT,
    DIAGRAM_SPAN,
    DIAGRAM_TOP,
    ReliabilityBin,
    reliability_diagram,
)

BINS = [ReliabilityBin(0.25, 0.5, 0.1, 0.9, 0.2), ReliabilityBin(1.0, 0.0, 0.0, 0.3, 0.8)]


def test_marks_and_their_intervals_stand_on_the_scale() -> None:
    svg = reliability_diagram("A <title>", "gan", BINS)
    marks = [tuple(map(float, found)) for found in re.findall(r"translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)", svg)]
    assert [mark[:2] for mark in marks] == [
        (DIAGRAM_LEFT + DIAGRAM_SPAN * 0.25, DIAGRAM_TOP + DIAGRAM_SPAN * 0.5),
        (DIAGRAM_LEFT + DIAGRAM_SPAN, DIAGRAM_TOP + DIAGRAM_SPAN),
    ]
    assert marks[0][2] < marks[1][2], "the second stands for more answers"
    bars = [tuple(map(float, found)) for found in re.findall(r'class="bar" x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)" y2="([\d.]+)"', svg)]  # fmt: skip # noqa: E501
    assert bars[0] == pytest.approx(
        (DIAGRAM_LEFT + DIAGRAM_SPAN * 0.25, DIAGRAM_TOP + DIAGRAM_SPAN * 0.9, DIAGRAM_TOP + DIAGRAM_SPAN * 0.1)
    )
    assert 'aria-label="A &lt;title&gt;"' in svg


def test_the_dashed_line_is_the_diagonal() -> None:
    svg = reliability_diagram("t", "real", BINS)
    (line,) = re.findall(r'class="guide" x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)"', svg)
    assert [float(part) for part in line] == [
        DIAGRAM_LEFT,
        DIAGRAM_TOP + DIAGRAM_SPAN,
        DIAGRAM_LEFT + DIAGRAM_SPAN,
        DIAGRAM_TOP,
    ]


def test_nothing_to_draw() -> None:
    assert reliability_diagram("t", "real", []) == ""
