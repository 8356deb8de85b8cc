"""Lines over training steps."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

CURVE_WIDTH, CURVE_HEIGHT = 260, 96  # view box of a curve chart
CURVE_AREA = (30, 250, 8, 80)  # its plotting area: left, right, top, bottom


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
