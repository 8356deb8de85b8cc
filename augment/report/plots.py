"""The run as pictures and tables for `dvc plots`: one row per class, all classes in one file."""

from collections.abc import Sequence

from PIL import Image

from augment.core.files import Row
from augment.core.grids import png
from augment.data.imageset import UInt8
from augment.report.contents import Contents
from augment.report.pictures import Detail, detail_for, labelled_rows, strip


def grids(contents: Contents) -> dict[str, bytes]:
    """PNG files by name: `real`, `synthetic`, `neighbours` (each synthetic image above the nearest training image)."""
    longest, columns = shown_detail(contents).side, contents.columns

    def picture(images: Sequence[UInt8] | UInt8, across: int) -> Image.Image | None:
        return strip(images, across, longest) if len(images) else None

    rows: dict[str, list[tuple[str, Image.Image | None]]] = {"real": [], "synthetic": [], "neighbours": []}
    for label in [entry["label"] for entry in contents.classes]:
        shown, pairs = contents.pictures[label], contents.pictures[label].neighbours
        stacked = [pair.image for pair in pairs] + [pair.nearest for pair in pairs]
        rows["real"].append((label, picture(shown.real, columns)))
        rows["synthetic"].append((label, picture(shown.synthetic, columns)))
        rows["neighbours"].append((label, picture(stacked, len(pairs))))
    return {name: png(labelled_rows(of_name)) for name, of_name in rows.items()}


def curve_rows(contents: Contents) -> list[Row]:
    """The curves of all classes as one long table with a `class` column."""
    return [{"class": label, **row} for label, rows in contents.curves.items() for row in rows]


def shown_detail(contents: Contents) -> Detail:
    """With which all images of this run are shown."""
    parts = contents.pictures.values()
    shown = sum(len(part.real) + len(part.synthetic) + 2 * len(part.neighbours) for part in parts)
    return detail_for(shown + 2 * len(contents.closest.pairs), *contents.working_size)
