"""The hard check of a split, on what was written: no group and no image is on two sides."""

from collections.abc import Iterable, Mapping

from augment.core.errors import DataError
from augment.core.files import sha256
from augment.data.imageset import ImageSet
from augment.data.sources.disk import shown


def check_sides(sides: Mapping[str, ImageSet]) -> None:
    """Raises `DataError` naming a group, or an image, that lies on two of the sides (name -> images)."""
    _check("the group", sides, {side: own.groups.tolist() for side, own in sides.items()})
    _check("the image", sides, {side: [sha256(image.tobytes()) for image in own.images] for side, own in sides.items()})


def _check(what: str, sides: Mapping[str, ImageSet], keys: Mapping[str, Iterable[str]]) -> None:
    first: dict[str, tuple[str, str]] = {}  # key -> the side and the source that have it
    for side, own in sides.items():
        for key, source in zip(keys[side], own.sources.tolist(), strict=True):
            other, there = first.setdefault(key, (side, source))
            if other != side:
                name = f"{what} {shown(key)!r}" if what == "the group" else what
                raise DataError(
                    f"leak: {name} lies in {other} ({shown(there)}) and in {side} ({shown(source)}), so what is "
                    "measured on test would not hold. The prepared files are not as ingest leaves them: make them "
                    "anew with `dvc repro --force ingest`, then run `dvc repro`."
                )
