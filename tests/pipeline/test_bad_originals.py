"""Originals as people have them: gone, changed, huge, deep, transparent, turned, long, anywhere, and twice."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment import load_augmented
from augment.core.errors import DataError
from augment.core.files import read_csv, write_csv
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from pipeline.judged import load_judged
from tests.pipeline.photos import (
    PREPARED,
    RAW,
    WORKING,
    delivered,
    ingest,
    keep_samples,
    photo,
    pixels,
    settings,
    take_photos,
)

FOLDER = Path("data/augmented")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Photographs by path, in data/raw."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("augment.evaluation.experiment.settings.is_available", lambda _: True)
    return take_photos()


def put(path: str, image: Any, **options: Any) -> None:
    """One more original, or another in its place."""
    (RAW / path).parent.mkdir(parents=True, exist_ok=True)
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(RAW / path, **options)


def sides() -> list[ImageSet]:
    return [ImageSet.load(PREPARED / side) for side in ("train", "val", "test")]


def prepared(delivers: Any = "native", **more: Any) -> list[dict[str, str]]:
    """Rows of what is delivered once ingest, and samples of two images of the small class, are there."""
    params = settings(delivers, **more)
    keep_samples(ingest(params), {"dent": (0, 1)})
    return delivered(params)


def by_source(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """The delivered file of each real image."""
    return {row["source"]: row["path"] for row in rows if row["synthetic"] == "0"}


def as_ingest_reads(size: tuple[int, int]) -> dict[str, Any]:
    """Every image (H, W, 3) that ingest writes at a size, by its name."""
    prepare(settings(size=size).ingest, 0, Path("again"))
    parts = [ImageSet.load(Path("again") / side) for side in ("train", "val", "test")]
    return {
        str(name): image.transpose(1, 2, 0)
        for part in parts
        for name, image in zip(part.sources, part.images, strict=True)
    }


@pytest.mark.parametrize("size", ["auto", "native"])
@pytest.mark.parametrize("lost", ["gone", "another", "damaged"])
def test_originals_that_are_not_what_ingest_read_are_named_by_both_stages(size: str, lost: str) -> None:
    params = settings(size)
    train = ingest(params)
    keep_samples(train, {"dent": (0, 1)})
    path = RAW / str(train.sources[-1])
    if lost == "gone":
        path.unlink()
    elif lost == "another":
        Image.fromarray(photo(999, (40, 30))).save(path)
    else:
        path.write_bytes(path.read_bytes()[:60])
    word = "is gone" if lost == "gone" else "is no longer the file that ingest read"
    told = rf"data/raw: {train.sources[-1]}: an original.* {word}\n.*`dvc repro`"
    with pytest.raises(DataError, match=told):
        load_judged(params, sides(), None)
    with pytest.raises(DataError, match=told):
        delivered(params)
    assert len(delivered(settings("working"))) > 0, "which needs no original"


def test_one_far_larger_than_the_rest_changes_no_other() -> None:
    before = prepared("auto")
    put("dent/00.png", photo(0, (1200, 900)))
    for size in ("auto", "native"):
        rows = prepared(size)
        shapes = {name: pixels(FOLDER / path).shape for name, path in by_source(rows).items()}
        assert len(rows) == len(before)
        assert shapes["dent/00.png"] == ((1200, 900, 3) if size == "native" else (60, 45, 3))
        assert max(shape[0] for name, shape in shapes.items() if name != "dent/00.png") == 60
    made = {pixels(FOLDER / row["path"]).shape for row in rows if row["synthetic"] == "1"}
    assert made <= {(1200, 900, 3), (40, 30, 3), (60, 45, 3), (50, 50, 3)}


def test_deep_and_transparent_originals_become_pictures_of_8_bits_as_ingest_reads_them() -> None:
    size = (40, 30)
    deep = photo(801, size)[:, :, 0].astype(np.uint16) * 257
    clear = np.dstack([photo(802, size), np.repeat(np.arange(0, 240, 6, dtype=np.uint8)[:, None], 30, axis=1)])
    opaque = np.dstack([photo(803, size), np.full(size, 255, np.uint8)])
    put("ok/00.png", deep)
    put("ok/03.png", clear)
    put("ok/06.png", opaque)
    put("ok/09.tif", Image.fromarray(photo(806, size)).convert("CMYK"))
    put("ok/12.png", Image.fromarray(photo(804, size)).quantize(16))
    put("ok/15.png", photo(805, size)[:, :, 0])
    files = by_source(prepared("native", color="rgb"))
    expected = as_ingest_reads(size)
    for name in ("ok/00.png", "ok/03.png", "ok/06.png", "ok/09.tif", "ok/12.png", "ok/15.png"):
        assert files[name].endswith(".png")
        with Image.open(FOLDER / files[name]) as image:
            assert (image.mode, image.size, dict(image.getexif())) == ("RGB", (30, 40), {}), name
            assert np.array_equal(np.asarray(image), expected[name]), name
    assert {image.dtype.itemsize for image, _ in load_augmented(FOLDER)} == {1}


def test_what_backbones_see_is_what_ingest_reads_at_that_size() -> None:
    put("ok/00.png", photo(811, (40, 30))[:, :, 0].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    put("ok/03.png", photo(812, (30, 40)), exif=exif)
    ingest(settings())
    judged = load_judged(settings(), sides(), None)
    assert judged is not None
    expected = as_ingest_reads(judged.size)
    for side in sides():
        for name, image in zip(side.sources, judged.of(side.images), strict=True):
            assert np.array_equal(image.transpose(1, 2, 0), expected[str(name)]), name


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_turned_photographs_are_delivered_upright_and_others_as_they_are(turn: int) -> None:
    upright, exif = photo(500, (40, 30)), Image.Exif()
    exif[0x0112] = turn
    lying = np.rot90(upright, {3: 2, 6: 1, 8: -1}[turn])
    put("dent/00.png", lying, exif=exif)
    put("dent/90.jpg", photo(501, (40, 30)), quality=90)
    put("ok/90.jpg", np.ascontiguousarray(np.rot90(photo(502, (40, 30)))), quality=90, exif=exif)
    files = by_source(prepared("native"))
    assert np.array_equal(pixels(FOLDER / files["dent/00.png"]), upright)
    assert (FOLDER / files["dent/90.jpg"]).read_bytes() == (RAW / "dent/90.jpg").read_bytes()
    assert files["dent/90.jpg"].endswith(".jpg")
    assert files["ok/90.jpg"].endswith(".png")
    with Image.open(FOLDER / files["ok/90.jpg"]) as image:
        assert (dict(image.getexif()), image.size) == ({}, (30, 40) if turn != 3 else (40, 30))


def test_one_of_an_aspect_of_1_to_20_among_others() -> None:
    long = photo(600, (15, 300))
    put("dent/00.png", long)
    files = by_source(prepared("native"))
    assert np.array_equal(pixels(FOLDER / files["dent/00.png"]), long)
    files = by_source(prepared("auto"))
    assert {pixels(FOLDER / path).shape for path in files.values()} == {(60, 45, 3)}


def test_all_of_an_aspect_of_1_to_20() -> None:
    for path in RAW.rglob("*.png"):
        Image.fromarray(photo(int(path.stem) + 100 * (path.parent.name == "ok"), (20, 400))).save(path)
    for delivers, size in (("auto", (20, 427)), ("native", (20, 400))):
        rows = prepared(delivers, size="auto")
        assert ImageSet.load(PREPARED / "train").images.shape[2:] == (3, 64)
        assert {pixels(FOLDER / row["path"]).shape for row in rows} == {(*size, 3)}


def test_a_list_whose_images_lie_anywhere(tmp_path: Path) -> None:
    away, rows = tmp_path / "elsewhere/deep", []
    away.mkdir(parents=True)
    for number, path in enumerate(sorted(RAW.rglob("*.png"))):
        label = path.parent.name
        moved = path.rename((away if number % 2 else tmp_path) / f"{label} {path.name}")
        cell = moved.resolve() if number % 3 else os.path.relpath(moved, RAW)
        rows.append({"path": str(cell), "label": label})
    write_csv(RAW / "images.csv", rows, ("path", "label"))
    found = prepared("native", source="list", path=str(RAW / "images.csv"))
    files = by_source(found)
    assert set(files) == {row["path"] for row in rows if row["path"] in files}
    assert len(files) == len([row for row in read_csv(PREPARED / "manifest.csv") if row["split"]])
    for source, path in files.items():
        assert (FOLDER / path).read_bytes() == (RAW / source).read_bytes()
    (RAW / next(iter(files))).unlink()
    with pytest.raises(DataError, match="an original that ingest read is gone"):
        delivered(settings("native", source="list", path=str(RAW / "images.csv")))


def test_of_two_originals_that_are_one_small_picture_one_is_left() -> None:
    one = photo(700, (160, 120))
    other = one.copy()
    other[80, 60] ^= 1
    put("dent/80.png", one)
    put("dent/81.png", other)
    files = by_source(prepared("native"))
    (kept,) = {"dent/80.png", "dent/81.png"} & set(files)
    assert kept == "dent/80.png"
    assert (FOLDER / files[kept]).read_bytes() == (RAW / kept).read_bytes()
    judged = load_judged(settings(), sides(), None)
    assert judged is not None
    assert len(judged.images.array) == sum(map(len, sides())) == len(judged.rows)
    assert sides()[0].images.shape[2:] == WORKING
