"""A prepared split once more, from its originals: larger than GANs work at, for a training loop of your own."""

from os import PathLike
from pathlib import Path

import numpy as np

from augment.core.errors import ArgumentError, AugmentError, DataError
from augment.data.arguments import path_argument, require_memory, short, size_argument
from augment.data.cleaning import find_entries
from augment.data.entries import SPLITS
from augment.data.imageset import ImageSet
from augment.data.originals import known_originals, read_originals
from augment.data.prepare import POOL
from augment.data.sizes import Size, larger_size, same_aspect
from augment.data.sources.built_in import BUILT_IN
from augment.params import Ingest, load

COMPARED_IMAGES = 8  # read at the working size too: they must become what ingest wrote
PathArgument = str | PathLike[str]


def load_originals(
    prepared: PathArgument = "data/prepared",
    split: str = "train",
    size: int | tuple[int, int] = 224,
    params: PathArgument = "params.yaml",
) -> ImageSet:
    """The images of a prepared split, read again from their originals at a larger size.

    prepared: what `ingest` wrote; split: train, val, test or pool. size: a number is the shorter side, with the aspect
    of the prepared images; (height, width) is just that. params: the settings by which the images were prepared, whose
    section `ingest` says where originals are, and how they are brought to a size; a relative path of theirs begins
    where that file stands.

    Gives uint8 (N, C, height, width); labels, groups, sources and order are those of `ImageSet.load`. Raises
    `DataError` for originals that are gone or changed and for settings of another set, `ParamsError` for a file that is
    none, `ArgumentError` or TypeError for arguments that do not fit. Needs ruamel.yaml, of the extra `pipeline`.

    >>> import augment
    >>> train = augment.ImageSet.load("data/prepared/train")
    >>> originals = augment.load_originals(size=32)
    >>> train.images.shape, originals.images.shape
    ((16, 1, 8, 8), (16, 1, 32, 32))
    >>> bool((originals.labels == train.labels).all())
    True
    """
    folder, settings, chosen = path_argument("prepared", prepared), path_argument("params", params), size_argument(size)
    if not isinstance(split, str) or split not in (*SPLITS, POOL):
        raise ArgumentError(f"split must be one of {', '.join((*SPLITS, POOL))}, got {short(split)}")
    small = ImageSet.load(folder / split)
    ingest, channels = _ingest(settings), small.images.shape[1]
    larger = _size(chosen, small.images.shape[2:], ingest)
    require_memory("load_originals", (len(small), channels, *larger), "name a smaller size")
    _require_same_set(folder, small, ingest, settings)
    images = read_originals(known_originals(folder, ingest), small.sources.tolist(), larger, channels)
    return ImageSet(images, small.labels, small.groups, small.sources)


def _ingest(settings: Path) -> Ingest:
    """The section of that file. Raises `ParamsError`, and `DataError` for a set without originals."""
    try:
        ingest = load(settings).ingest
    except ImportError as error:
        raise AugmentError(f"params: {settings} needs {error.name}: pip install 'gan-augment[pipeline]'") from error
    if ingest.source in BUILT_IN:
        raise DataError(
            f"{settings}: ingest.source {ingest.source} is built in and has no originals: give SyntheticDataset size= "
            "instead, or name the params.yaml of a set of files"
        )
    return ingest.model_copy(update={"path": str(settings.parent / ingest.path)})


def _size(chosen: int | Size, working: Size, ingest: Ingest) -> Size:
    """Raises `ArgumentError` for a size at which originals would show another part than the prepared images do."""
    size = larger_size(chosen, working)
    if ingest.fit != "stretch" and not same_aspect(size, working):
        raise ArgumentError(
            f"size={chosen} has another aspect than {working}, and with ingest.fit: {ingest.fit} images of it show "
            f"another part; name the shorter side, size={min(size)}"
        )
    return size


def _require_same_set(prepared: Path, images: ImageSet, ingest: Ingest, settings: Path) -> None:
    """Raises `DataError` where the settings are not those by which the images were prepared."""
    names = images.sources.tolist()
    mend = f"Give the params.yaml that {prepared} was made by, or run `dvc repro`."
    if names and {entry.path for entry in find_entries(ingest)[0]}.isdisjoint(names):
        where = f"{ingest.path}, where none of the images of {prepared} is"
        raise DataError(f"{settings}: names another set: ingest.path is {where}. {mend}")
    some = np.unique(np.linspace(0, len(names) - 1, min(len(names), COMPARED_IMAGES), dtype=np.int64))
    _, channels, *working = images.images.shape
    again = read_originals(known_originals(prepared, ingest), [names[at] for at in some], (*working,), channels)
    if not np.array_equal(again, images.images[some]):
        raise DataError(f"{settings}: its section ingest would not make the images of {prepared} as they are. {mend}")
