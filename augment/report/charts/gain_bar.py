"""The net gain as one bar: its interval on an axis with zero, and the band of gains that make no difference."""

from markupsafe import Markup

from augment.report.charts.intervals import AXIS_LEFT_PERCENT, AXIS_SPAN_PERCENT, axis_tick, ticks
from augment.report.words import with_minus

BAND_HEIGHT_PX, AXIS_HEIGHT_PX = 56, 24
AIR = 2.0  # times the band that the axis shows on either side, at least


def gain_bar(mean: float, low: float, high: float, margin: float) -> Markup:
    """mean, low, high: of the net gain, margin: of equivalence, all in points. Horizontal positions are per cents, so
    it fits any width while its text keeps its size."""
    steps = ticks(min(low, -AIR * margin), max(high, AIR * margin))
    left, right = min(steps[0], low), max(steps[-1], high)

    def across(value: float) -> str:
        return f"{AXIS_LEFT_PERCENT + AXIS_SPAN_PERCENT * (value - left) / (right - left):.2f}%"

    band = Markup('<rect class="band" x="{}" width="{:.2f}%" y="0" height="{}"/>').format(
        across(-margin), AXIS_SPAN_PERCENT * 2 * margin / (right - left), BAND_HEIGHT_PX
    )
    zero = Markup('<line class="zero" x1="{x}" x2="{x}" y1="0" y2="{y}"/>').format(x=across(0.0), y=BAND_HEIGHT_PX)
    bar = Markup('<line class="bar" x1="{}" x2="{}" y1="{y}" y2="{y}"/><circle cx="{}" cy="{y}" r="7"/>').format(
        across(low), across(high), across(mean), y=BAND_HEIGHT_PX // 2
    )
    axis = Markup("").join(axis_tick(across(step), BAND_HEIGHT_PX, step) for step in steps)
    said = with_minus(f"Net gain {mean:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}; no gain is 0")
    return Markup('<svg class="gain-bar" role="img" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        said, BAND_HEIGHT_PX + AXIS_HEIGHT_PX, band + axis + zero + bar
    )
