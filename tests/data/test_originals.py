"""Originals are read again by name and hash, at any size, and named where they are gone or changed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.data.originals import (
    Originals,
    as_read_at,
    copied_file,
    is_copied,
    known_originals,
    original_files,
    original_image,
    read_originals,
)
from augment.data.prepare import prepare
from augment.params import Ingest

SIZES = ((40, 30), (60, 45), (50, 50))  # height, width


def stored(position: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Smooth and unlike all others, (H, W, 3)."""
    rng = np.random.default_rng(position)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 4, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((size[1], size[0]), Image.Resampling.BICUBIC))


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A set of two classes in photos/, ingested to 16x12 into prepared/."""
    for position in range(24):
        path = tmp_path / "photos" / ("dent" if position % 2 else "ok") / f"{position:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stored(position, SIZES[position % 3])).save(path)
    prepare(ingest_of(tmp_path), 0, tmp_path / "prepared")
    return tmp_path / "prepared"


def ingest_of(folder: Path) -> Ingest:
    return Ingest.model_validate({"source": "folder", "path": str(folder / "photos"), "size": (16, 12)})


def known(prepared: Path) -> Originals:
    return known_originals(prepared, ingest_of(prepared.parent))


def as_stored(originals: Originals, names: list[str]) -> list[NDArray[np.uint8]]:
    return [original_image(originals, entry, None, 3) for entry in original_files(originals, names)]


def test_originals_at_the_working_size_are_what_ingest_wrote(prepared: Path) -> None:
    train = ImageSet.load(prepared / "train")
    assert np.array_equal(read_originals(known(prepared), train.sources.tolist(), (16, 12), 3), train.images)


def test_originals_as_they_are_stored_keep_every_pixel_and_the_order_that_is_asked_for(prepared: Path) -> None:
    names = ["dent/05.png", "ok/00.png", "dent/01.png"]
    images = as_stored(known(prepared), names)
    for name, image in zip(names, images, strict=True):
        position = int(name[-6:-4])
        assert np.array_equal(image.transpose(1, 2, 0), stored(position, SIZES[position % 3]))


def test_another_size_than_a_gan_could_take(tmp_path: Path) -> None:
    for position in range(12):
        path = tmp_path / "photos" / ("dent" if position % 2 else "ok") / f"{position:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stored(position, (300, 400))).save(path)
    prepare(ingest_of(tmp_path), 0, tmp_path / "prepared")
    (image,) = as_stored(known(tmp_path / "prepared"), ["ok/00.png"])
    assert image.shape == (3, 300, 400)
    assert np.array_equal(image.transpose(1, 2, 0), stored(0, (300, 400)))


def test_an_original_that_is_gone_or_another_file_is_named_with_what_to_do(prepared: Path) -> None:
    photos = prepared.parent / "photos"
    (photos / "ok/00.png").unlink()
    with pytest.raises(DataError, match=r"ok/00.png: an original that ingest read is gone\n.*`dvc repro`"):
        read_originals(known(prepared), ["dent/01.png", "ok/00.png"], (30, 20), 3)
    Image.fromarray(stored(99, (40, 30))).save(photos / "dent/01.png")
    with pytest.raises(DataError, match=r"dent/01.png: an original is no longer the file that ingest read"):
        read_originals(known(prepared), ["dent/01.png"], (30, 20), 3)
    (photos / "dent/03.png").write_bytes(b"no image any more")
    with pytest.raises(DataError, match=r"dent/03.png: an original is no longer"):
        as_stored(known(prepared), ["dent/03.png"])


def test_a_file_that_every_reader_sees_alike_is_copied_byte_for_byte(prepared: Path) -> None:
    originals = known(prepared)
    (entry,) = original_files(originals, ["dent/01.png"])
    assert is_copied(originals, "dent/01.png")
    assert copied_file(originals, entry) == ((prepared.parent / "photos/dent/01.png").read_bytes(), ".png")
    Image.fromarray(stored(99, (40, 30))).save(prepared.parent / "photos/dent/01.png")
    with pytest.raises(DataError, match="no longer the file"):
        copied_file(originals, original_files(originals, ["dent/01.png"])[0])


def test_a_photo_that_lies_on_its_side_is_not_copied_and_comes_upright(tmp_path: Path) -> None:
    for position in range(12):
        path = tmp_path / "photos" / ("dent" if position % 2 else "ok") / f"{position:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image, exif = Image.fromarray(stored(position, (40, 30))), Image.Exif()
        if position == 0:
            exif[0x0112] = 6  # to be turned clockwise
        image.save(path, exif=exif)
    prepare(ingest_of(tmp_path), 0, tmp_path / "prepared")
    originals = known(tmp_path / "prepared")
    assert [is_copied(originals, name) for name in ("ok/00.png", "ok/02.png")] == [False, True]
    (upright,) = as_stored(originals, ["ok/00.png"])
    assert np.array_equal(upright.transpose(1, 2, 0), np.rot90(stored(0, (40, 30)), -1))


def test_grey_originals_fill_the_channels_of_a_set(tmp_path: Path) -> None:
    for position in range(12):
        path = tmp_path / "photos" / ("dent" if position % 2 else "ok") / f"{position:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(stored(position, (40, 30)))
        (image.convert("L") if position == 0 else image).save(path)
    prepare(ingest_of(tmp_path), 0, tmp_path / "prepared")
    (image,) = as_stored(known(tmp_path / "prepared"), ["ok/00.png"])
    grey = np.asarray(Image.fromarray(stored(0, (40, 30))).convert("L"))
    assert all(np.array_equal(channel, grey) for channel in image)


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_an_original_as_stored_becomes_what_is_read_at_any_size(tmp_path: Path, fit: str) -> None:
    for position in range(12):
        path = tmp_path / "photos" / ("dent" if position % 2 else "ok") / f"{position:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(stored(position, SIZES[position % 3]))
        (image.convert("L") if position == 1 else image).save(path)
    ingest = ingest_of(tmp_path).model_copy(update={"fit": fit, "background": 9})
    prepare(ingest, 0, tmp_path / "prepared")
    names = [f"{'dent' if position % 2 else 'ok'}/{position:02}.png" for position in range(4)]
    originals = known_originals(tmp_path / "prepared", ingest).of(names)
    assert {*originals.hashes} == {*originals.codes} == {*names}
    for size in ((24, 18), (90, 70), (60, 45)):
        read = read_originals(originals, names, size, 3)
        for entry, expected in zip(original_files(originals, names), read, strict=True):
            assert np.array_equal(as_read_at(original_image(originals, entry, None, 3), size, ingest), expected)
