import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.report.charts.curves import curve_chart
from augment.report.charts.intervals import IntervalMark, interval_chart, ticks

FINITE = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


def positions(svg: str, tag: str, attribute: str) -> list[float]:
    return [float(found) for found in re.findall(rf'<{tag}[^>]* {attribute}="([\d.]+)%"', svg)]


def test_ticks_are_round_and_enclose():
    assert ticks(0.0, 10.0) == [0, 2, 4, 6, 8, 10]
    assert ticks(-0.3, 7.1) == [-2, 0, 2, 4, 6, 8]
    assert ticks(69.0, 80.5) == [65, 70, 75, 80, 85]


@given(FINITE, FINITE)
def test_ticks_cover_any_range_with_few_steps(one, other):
    low, high = sorted((one, other))
    found = ticks(low, high)
    slack = 1e-6 * max(abs(low), abs(high), 1e-9)
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    assert 2 <= len(found) <= 7


def test_interval_chart_places_the_mean_between_its_bounds():
    marks = [IntervalMark("a", "real", False, 2.0, 0.0, 10.0, "2"), IntervalMark("b", "gan", True, 5.0, 5.0, 5.0, "5")]
    svg = interval_chart("title", marks, reference=0.0)
    # the axis runs from 0 to 10 over 3 % to 97 % of the width
    assert re.findall(r'class="bar" x1="([\d.]+)%" x2="([\d.]+)%"', svg) == [("3.00", "97.00"), ("50.00", "50.00")]
    assert positions(svg, "svg", "x") == [21.8, 50.0]
    assert re.findall(r'class="guide" x1="([\d.]+)%"', svg) == ["3.00"]
    assert svg.count('class="ring"') == 1
    ElementTree.fromstring(svg)


def test_an_interval_charts_axis_reaches_as_far_as_asked():
    svg = interval_chart("title", [IntervalMark("a", "gan", False, 60.0, 55.0, 65.0, "60")], reach=(50.0, 100.0))
    assert re.findall(r'class="bar" x1="([\d.]+)%" x2="([\d.]+)%"', svg) == [("12.40", "31.20")]


def test_an_interval_chart_of_nothing_is_empty():
    assert interval_chart("title", []) == ""


def test_labels_are_escaped_in_charts():
    hostile = '<script>alert(1)</script> & "x"'
    svg = interval_chart(hostile, [IntervalMark(hostile, "real", False, 1, 0, 2, hostile)])
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == hostile
    assert [text.text for text in root.iter("text")].count(hostile) == 2
    assert "<script" not in curve_chart(hostile, {"gap": [(0, 0), (1, 1)]})


def test_curve_chart_maps_the_corners_of_the_data_to_the_corners_of_the_plot():
    svg = curve_chart("title", {"d_loss": [(10, -1.0), (20, 3.0), (30, 1.0)]})
    assert 'points="30.0,80.0 140.0,8.0 250.0,44.0"' in svg
    unit = curve_chart("title", {"win_rate": [(0, 0.5), (4, 1.0)]}, reference=0.5, unit=True)
    assert 'points="30.0,44.0 250.0,8.0"' in unit
    assert re.search(r'class="guide"[^>]* y1="44.0" y2="44.0"', unit)


@pytest.mark.parametrize("points", [[(5, 2.0)], [(0, 2.0), (9, 2.0)]])
def test_curve_chart_of_one_point_or_a_constant(points):
    ElementTree.fromstring(curve_chart("title", {"d_loss": points}))


def test_a_curve_chart_of_nothing_is_empty():
    assert curve_chart("title", {"d_loss": []}) == ""
