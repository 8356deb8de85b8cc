"""The bar of the net gain: where the interval, zero and the band lie on its axis."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.report.charts.gain_bar import AIR, gain_bar


def places(svg: str) -> dict[str, tuple[float, float]]:
    """Per cents of the width: where the bar begins and ends, the dot, zero and the band."""
    line = re.compile(r'<line class="(bar|zero)" x1="([\d.]+)%" x2="([\d.]+)%"')
    found = {name: (float(left), float(right)) for name, left, right in line.findall(svg)}
    left, width = re.findall(r'<rect class="band" x="([\d.]+)%" width="([\d.]+)%"', svg)[0]
    dot = float(re.findall(r'<circle cx="([\d.]+)%"', svg)[0])
    return found | {"band": (float(left), float(left) + float(width)), "dot": (dot, dot)}


def test_positions_are_linear_in_points() -> None:
    """Ticks of -2 to 4 points: a point is a sixth of the 94 % that the axis covers from 3 % on."""
    found = places(gain_bar(1.0, -1.0, 4.0, 1.0))
    point = 94 / 6
    assert found["zero"] == pytest.approx((3 + 2 * point,) * 2, abs=0.02)
    assert found["dot"][0] == pytest.approx(3 + 3 * point, abs=0.02)
    assert found["bar"] == pytest.approx((3 + point, 97), abs=0.02)
    assert found["band"] == pytest.approx((3 + point, 3 + 3 * point), abs=0.02)


@given(st.floats(-60, 60), st.floats(0, 40), st.floats(0, 40), st.floats(0.1, 5))
def test_everything_is_within_the_axis_and_in_order(mean: float, below: float, above: float, margin: float) -> None:
    found = places(gain_bar(mean, mean - below, mean + above, margin))
    (left, right), (dot, _), (zero, _) = found["bar"], found["dot"], found["zero"]
    assert 2.9 <= left <= dot <= right <= 97.1
    assert found["band"][0] < zero < found["band"][1]
    assert found["band"][1] - found["band"][0] <= 94 / AIR + 0.02, "it leaves room to see a gain beyond it"
    assert (mean > 0) <= (dot >= zero)


def test_it_says_the_figures_to_those_who_cannot_see_it() -> None:
    svg = gain_bar(-2.24, -6.2, 6.16, 1.0)
    assert 'aria-label="Net gain −2.2 points, 95 % interval −6.2 to +6.2; no gain is 0"' in svg
