"""Stated probabilities against the share of right answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from augment.report.charts.intervals import SHAPES

DIAGRAM_SIDE, DIAGRAM_LEFT, DIAGRAM_TOP, DIAGRAM_SPAN = 260, 36, 8, 212  # pixels: view box, margins, length of an axis


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of about one stated probability: their mean, the share of right ones, its interval, their part of all."""

    confidence: float
    right: float
    low: float
    high: float
    share: float


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
