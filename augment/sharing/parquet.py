"""Images within Parquet files, as `datasets` of Hugging Face writes and reads them."""

import importlib.util
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from augment.core.errors import AugmentError
from augment.sharing.images import SharedImage

ROWS = 100  # of a row group: what a reader of one image has to read


def require_parquet() -> None:
    """Raises `AugmentError` naming the extra where the libraries are not installed."""
    missing = [name for name in ("datasets", "pyarrow") if importlib.util.find_spec(name) is None]
    if missing:
        raise AugmentError(f"Parquet needs {', '.join(missing)}: pip install 'gan-augment[datasets]'")


def write_parquet(folder: Path, split: str, images: Iterable[SharedImage], classes: Sequence[str]) -> None:
    """One file of a split, of columns image (PNG bytes and a name), label (index of a class whose name the file
    knows), synthetic and weight; equal images give equal bytes."""
    import pyarrow  # noqa: PLC0415  (of an extra, as is the next)
    from datasets import ClassLabel, Features, Image, Value  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    label = ClassLabel(names=list(classes))
    columns = {"image": Image(), "label": label, "synthetic": Value("bool"), "weight": Value("float64")}
    schema = Features(columns).arrow_schema
    numbered = enumerate(images)
    with parquet.ParquetWriter(folder / f"{split}-00000-of-00001.parquet", schema) as writer:
        while part := list(islice(numbered, ROWS)):
            rows = [_row(f"{number:06d}.png", image) for number, image in part]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


def _row(name: str, image: SharedImage) -> dict[str, object]:
    held = {"bytes": image.content, "path": name}
    return {"image": held, "label": image.label, "synthetic": image.synthetic, "weight": image.weight}
