"""Means with their intervals on one axis, one row each. Every kind of arm has a shape."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

ROW_HEIGHT_PX, AXIS_HEIGHT_PX = 46, 26  # pixels: one row of an interval chart; its axis
AXIS_LEFT_PERCENT, AXIS_SPAN_PERCENT = 3.0, 94.0  # per cent of the width that the axis covers
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
    parts = [axis_tick(across(step), bottom, step) for step in steps]
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


def ticks(low: float, high: float) -> list[float]:
    """Round values, at most seven, whose first and last enclose [low, high] (steps of 1, 2 or 5 times 10^k)."""
    span = (high - low) or max(abs(high), 1.0) * 0.1
    size = 10.0 ** math.floor(math.log10(span / 5))
    step = next(size * factor for factor in (1, 2, 5, 10) if span / (size * factor) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) for index in range(first, max(last, first + 1) + 1)]


def axis_tick(x: str, bottom: int, value: float) -> Markup:
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
