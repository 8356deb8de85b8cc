"""Charts as inline SVG: written by hand, so that they are small, byte-stable, selectable text, and follow
the page's colours in light, dark and print: its style sheet knows them by class names. Every kind of arm has a shape.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

ROW_HEIGHT_PX, AXIS_HEIGHT_PX = 46, 26  # pixels: one row of an interval chart; its axis
AXIS_LEFT_PERCENT, AXIS_SPAN_PERCENT = 3.0, 94.0  # per cent of the width that the axis covers
CURVE_WIDTH, CURVE_HEIGHT = 260, 96  # view box of a curve chart
CURVE_AREA = (30, 250, 8, 80)  # its plotting area: left, right, top, bottom
DIAGRAM_SIDE, DIAGRAM_LEFT, DIAGRAM_TOP, DIAGRAM_SPAN = 260, 36, 8, 212  # pixels: view box, margins, length of an axis
SHAPES = {
    "real": '<circle r="5"/>',
    "gan": '<path d="M0-6.5 6.5 0 0 6.5-6.5 0z"/>',
    "control": '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
    "delivered": '<path d="M0-6.5 6 5-6 5z"/>',
    "reference": '<circle class="hollow" r="4.5"/>',
}


@dataclass(frozen=True)
class IntervalMark:
    """A mean with its interval, drawn as a dot on a line. kind: a key of `SHAPES`; a chosen one is ringed."""

    label: str
    kind: str
    chosen: bool
    mean: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of about one stated probability: their mean, the share of right ones, its interval, their part of all."""

    confidence: float
    right: float
    low: float
    high: float
    share: float


def interval_chart(
    title: str, marks: Sequence[IntervalMark], reference: float | None = None, reach: Sequence[float] = ()
) -> Markup:
    """Dots with intervals, one row each, on one axis, which holds `reach` too; `reference` draws a line ("no gain").
    Horizontal positions are per cents, so the chart fits any width while its text keeps its size."""
    if not marks:
        return Markup("")
    edges = [*reach, *(edge for mark in marks for edge in (mark.low, mark.high))]
    edges += [] if reference is None else [reference]
    steps = ticks(min(edges), max(edges))
    low, high = min(steps[0], *edges), max(steps[-1], *edges)

    def across(value: float) -> str:
        return f"{AXIS_LEFT_PERCENT + AXIS_SPAN_PERCENT * (value - low) / (high - low):.2f}%"

    bottom = ROW_HEIGHT_PX * len(marks)
    parts = [_axis_tick(across(step), bottom, step) for step in steps]
    if reference is not None:
        x = across(reference)
        parts.append(Markup('<line class="guide" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(x, bottom))
    parts += [
        _interval_row(mark, ROW_HEIGHT_PX * row, across(mark.low), across(mark.mean), across(mark.high))
        for row, mark in enumerate(marks)
    ]
    return Markup('<svg class="intervals" role="img" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        title, bottom + AXIS_HEIGHT_PX, Markup("").join(parts)
    )


def curve_chart(
    title: str, lines: Mapping[str, Sequence[tuple[float, float]]], reference: float | None = None, unit: bool = False
) -> Markup:
    """Lines over training steps, by their class in the style sheet; `unit` fixes the y axis to 0..1, else it covers
    the values. An empty text when there is nothing to draw."""
    every = [point for points in lines.values() for point in points]
    if not every:
        return Markup("")
    (first, last), (low, high) = ((min(values), max(values)) for values in zip(*every, strict=True))
    if unit or low == high:
        low, high = (0.0, 1.0) if unit else (low - 0.5, high + 0.5)
    left, right, top, bottom = CURVE_AREA

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - first) / (last - first) if last > first else 0.5
        return left + (right - left) * share, bottom - (bottom - top) * (y - low) / (high - low)

    parts = [_curve_frame(low, high, first, last)]
    if reference is not None:
        y = f"{place(first, reference)[1]:.1f}"
        parts.append(Markup('<line class="guide" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(left, right, y=y))
    for name, points in lines.items():
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(name, path))
    return Markup('<svg class="curve" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg>').format(
        title, CURVE_WIDTH, CURVE_HEIGHT, Markup("").join(parts)
    )


def ticks(low: float, high: float) -> list[float]:
    """Round values, at most seven, whose first and last enclose [low, high] (steps of 1, 2 or 5 times 10^k)."""
    span = (high - low) or max(abs(high), 1.0) * 0.1
    size = 10.0 ** math.floor(math.log10(span / 5))
    step = next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, max(last, first + 1) + 1)]


def _axis_tick(x: str, bottom: int, value: float) -> Markup:
    return Markup(
        '<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{bottom}"/>'
        '<text class="tick" x="{x}" y="{below}" text-anchor="middle">{text}</text>'
    ).format(x=x, bottom=bottom, below=bottom + 17, text=f"{value:g}".replace("-", "−"))


def _interval_row(mark: IntervalMark, top: int, low: str, mean: str, high: str) -> Markup:
    """The label and its figures above, the interval below; a nested svg carries the shape to its place."""
    ring = Markup('<circle class="ring" r="10"/>' if mark.chosen else "")
    return Markup(
        '<g class="{kind}{chosen}"><text x="0" y="{text_y}">{label}</text>'
        '<text class="figure" x="100%" y="{text_y}" text-anchor="end">{text}</text>'
        '<line class="bar" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>'
        '<svg x="{mean}" y="{y}" width="1" height="1" overflow="visible">{shape}</svg></g>'
    ).format(
        kind=mark.kind, chosen=" chosen" if mark.chosen else "", label=mark.label, text=mark.text, text_y=top + 16,
        y=top + 31, low=low, mean=mean, high=high, shape=ring + Markup(SHAPES.get(mark.kind, SHAPES["gan"])),
    )  # fmt: skip


def _curve_frame(low: float, high: float, first: float, last: float) -> Markup:
    left, right, top, bottom = CURVE_AREA
    lines = Markup("").join(
        Markup('<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>').format(left, right, y=y) for y in (top, bottom)
    )
    texts = (
        (left - 4, top + 3, "end", high),
        (left - 4, bottom + 3, "end", low),
        (left, bottom + 12, "start", first),
        (right, bottom + 12, "end", last),
    )
    return lines + Markup("").join(
        Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, f"{value:.3g}")
        for x, y, anchor, value in texts
    )


def reliability_diagram(title: str, kind: str, bins: Sequence[ReliabilityBin]) -> Markup:
    """Marks with intervals against the diagonal, where a classifier is right as often as it says; empty without bins.
    kind: a key of `SHAPES`, for shape and colour. Marks grow with the share of the answers that they stand for."""
    if not bins:
        return Markup("")
    return Markup(
        '<svg class="reliability {}" role="img" aria-label="{}" viewBox="0 0 {side} {side}">{}{}</svg>'
    ).format(kind, title, _diagram_axes(), Markup("").join(_bin_mark(kind, each) for each in bins), side=DIAGRAM_SIDE)


def _x(value: float) -> str:
    return f"{DIAGRAM_LEFT + DIAGRAM_SPAN * value:.1f}"


def _y(value: float) -> str:
    return f"{DIAGRAM_TOP + DIAGRAM_SPAN * (1 - value):.1f}"


def _diagram_axes() -> Markup:
    grid = Markup("").join(
        Markup(
            '<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
            '<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'
            '<text class="tick" x="{before}" y="{middle}" text-anchor="end">{text}</text>'
            '<text class="tick" x="{x}" y="{below}" text-anchor="middle">{text}</text>'
        ).format(
            left=_x(0), right=_x(1), top=_y(1), bottom=_y(0), x=_x(value), y=_y(value), before=DIAGRAM_LEFT - 5,
            middle=f"{float(_y(value)) + 3:.1f}", below=DIAGRAM_TOP + DIAGRAM_SPAN + 13, text=f"{100 * value:g}",
        )
        for value in (0, 0.25, 0.5, 0.75, 1)
    )  # fmt: skip
    words = Markup(
        '<text class="tick" x="{}" y="{}" text-anchor="middle">stated probability, %</text>'
        '<text class="tick" transform="translate(9 {}) rotate(-90)" text-anchor="middle">right, %</text>'
    ).format(_x(0.5), DIAGRAM_SIDE - 8, _y(0.5))
    line = Markup('<line class="guide" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_x(0), _y(0), _x(1), _y(1))
    return grid + line + words


def _bin_mark(kind: str, bin_: ReliabilityBin) -> Markup:
    return Markup(
        '<line class="bar" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>'
        '<g transform="translate({x} {y}) scale({size})">{shape}</g>'
    ).format(
        x=_x(bin_.confidence), y=_y(bin_.right), low=_y(bin_.low), high=_y(bin_.high),
        size=f"{0.55 + 0.75 * bin_.share**0.5:.2f}", shape=Markup(SHAPES.get(kind, SHAPES["gan"])),
    )  # fmt: skip
