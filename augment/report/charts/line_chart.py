"""Line charts as pictures, with nothing but Pillow: for the example, which runs as a file, and the docs' figures."""

from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageFont

PANEL = (430, 270)  # pixels: width and height of every chart
LEFT, RIGHT, BELOW = 44, 16, 30  # pixels: what the numbers of the axes need
FINE = 3  # lines are drawn this much larger and averaged, so that they are smooth
INK, GREY, WHITE = (30, 30, 30), (205, 205, 205), (255, 255, 255)
COLORS = ((31, 119, 180), (214, 39, 40), (255, 152, 0), (44, 160, 44),
          (120, 80, 160), (100, 100, 100), (0, 150, 150), (200, 90, 160))  # fmt: skip
FONT = ImageFont.load_default(13)


def line_chart(series: Mapping[str, Sequence[float]], across: tuple[float, float], label: str) -> Image.Image:
    """Up to eight lines over a common axis from across[0] to across[1]; their names stand above, in their colours.

    Each series is evenly spaced on the axis and has at least two points; the scale includes 0.
    """
    places = _places(series)
    (width, height), top = PANEL, max(y for _, y in places) + 28
    bottom = height - BELOW
    values = [value for line in series.values() for value in line]
    low, high = min(*values, 0.0), max(*values, 0.0)

    def at(share: float, value: float) -> tuple[float, float]:
        x, y = LEFT + share * (width - LEFT - RIGHT), bottom - (value - low) / (high - low or 1) * (bottom - top)
        return x * FINE, y * FINE

    area = Image.new("RGB", (width * FINE, height * FINE), WHITE)
    pen = ImageDraw.Draw(area)
    pen.line([at(0, 0), at(1, 0)], GREY, FINE)
    pen.line([at(0, low), at(0, high)], GREY, FINE)
    for color, line in zip(COLORS, series.values(), strict=False):
        pen.line([at(i / (len(line) - 1), value) for i, value in enumerate(line)], color, 2 * FINE, joint="curve")
    chart = area.reduce(FINE)
    pen = ImageDraw.Draw(chart)
    for color, place, name in zip(COLORS, places, series, strict=False):
        pen.text(place, name, color, FONT)
    for value in (low, high):
        pen.text((LEFT - 6, at(0, value)[1] / FINE), f"{value:.1f}", INK, FONT, "rm")
    for share, text, anchor in ((0, f"{across[0]:g}", "la"), (0.5, label, "ma"), (1, f"{across[1]:g}", "ra")):
        pen.text((at(share, 0)[0] / FINE, bottom + 8), text, INK, FONT, anchor)
    return chart


def _places(names: Mapping[str, Sequence[float]]) -> list[tuple[int, int]]:
    """Where each name begins: they flow from left to right like words."""
    places, x, y = [], LEFT, 4
    for name in names:
        length = int(FONT.getlength(name)) + 16
        if x > LEFT and x + length > PANEL[0]:
            x, y = LEFT, y + 17
        places.append((x, y))
        x += length
    return places
