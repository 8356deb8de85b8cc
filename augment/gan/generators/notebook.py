"""How generators and what is made of them show themselves in a notebook: a line of text, a strip of samples each."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from torch import Tensor

from augment.core.grids import grid, png
from augment.core.progress import counted

SHOWN_LABELS = 8  # of a line of text
SHOWN_SAMPLES, SHOWN_CLASSES = 6, 12  # what a person takes in at a glance, and a notebook keeps in its file


def size_text(shape: Sequence[int]) -> str:
    """`1x8x8`: channels, height and width of an image."""
    return "x".join(map(str, shape))


def notebook_html(text: str, samples: Mapping[str, Tensor]) -> str:
    """`text`, and under it one row of samples for each of the first classes, as PNG within the page.

    samples: label -> uint8 (n, C, H, W). Labels are escaped: they are names that somebody gave a folder.
    """
    rows = [
        f"<tr><td>{escape(label)}</td><td>{_strip(label, images)}</td></tr>"
        for label, images in list(samples.items())[:SHOWN_CLASSES]
    ]
    if len(samples) > SHOWN_CLASSES:
        more = counted(len(samples) - SHOWN_CLASSES, "class")
        rows.append(f'<tr><td colspan="2">... and {more} more</td></tr>')
    return f"<div><code>{escape(text)}</code><table>{''.join(rows)}</table></div>"


def _strip(label: str, images: Tensor) -> str:
    if not len(images):
        return ""
    content = base64.b64encode(png(grid(images[:SHOWN_SAMPLES].numpy(), SHOWN_SAMPLES))).decode()
    return f'<img alt="samples of {escape(label)}" src="data:image/png;base64,{content}">'
