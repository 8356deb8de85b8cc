"""What is made of originals: each is decoded at most once, the files are the same by any number of processes, and
defects are carried onto others."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError, StoreError
from augment.core.files import read_csv, write_csv
from augment.core.grids import write_picture
from augment.data.checksums import write_checksums
from augment.data.decoding import pool
from augment.data.decoding.take import Taken, Wanted
from augment.data.imageset import ImageSet
from augment.data.originals import known_originals, read_originals
from augment.synthesis.native import changed
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants
from pipeline.delivery import carried, files
from pipeline.judged import load_judged
from tests.pipeline.photos import (
    PREPARED,
    RAW,
    SYNTHETIC,
    delivered,
    ingest,
    keep_samples,
    photo,
    pixels,
    settings,
    take_photos,
)
from tests.synthesis.transplant.test_learning import small_set

FOLDER = Path("data/augmented")
VARIED = (3, None, 0, 3, None)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each original was."""
    counts, take_all = Counter[str](), pool.take_all

    def counted(asked: Sequence[tuple[str, str]], wanted: Wanted) -> Iterator[tuple[int, Taken]]:
        counts.update(name for _, name in asked)
        return take_all(asked, wanted)

    monkeypatch.setattr(pool, "take_all", counted)
    return counts


def contents() -> dict[str, bytes]:
    """Every file of data/augmented."""
    return {str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}


@pytest.mark.parametrize("fit", ["stretch", "crop"])
@pytest.mark.parametrize("size", ["auto", "native"])
def test_no_original_is_decoded_twice_and_none_that_is_only_copied(decoded: Counter[str], size: str, fit: str) -> None:
    """One photograph lies on its side, so that no copy of it will do: with `crop` it is wanted in two frames."""
    take_photos()
    lying = Image.Exif()
    lying[0x0112] = 6
    Image.fromarray(np.rot90(photo(900, (40, 30))).copy()).save(RAW / "ok/01.png", exif=lying)
    train = ingest(settings(fit=fit))
    keep_samples(train, {"dent": VARIED})
    decoded.clear()
    rows = delivered(settings(size, fit=fit))
    sources = [row["source"] for row in rows if row["synthetic"] == "0"]
    edited = {*train.of_class("ok").sources.tolist(), *train.of_class("dent").sources[[3, 0]].tolist()}
    assert set(decoded.values()) == {1}
    assert set(decoded) == ({*sources} if size == "auto" else edited | {"ok/01.png"})


def test_deep_originals_whose_scale_the_set_has_settled_are_decoded_once_by_both_stages(
    decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.evaluation.experiment.settings.is_available", lambda _: True)
    take_photos()
    for path in RAW.rglob("*.png"):
        Image.fromarray(pixels(path)[:, :, 0].astype(np.uint16) * 16).save(path)
    train = ingest(settings())
    assert train.images.max() > 200, "12 of 16 bits are used"
    keep_samples(train, {"dent": VARIED})
    for stage in ("assemble", "experiment"):
        decoded.clear()
        if stage == "assemble":
            delivered(settings("auto"))
        else:
            assert load_judged(settings(), [ImageSet.load(PREPARED / side) for side in ("train", "val")], None)
        assert set(decoded.values()) == {1}


def test_two_frames_of_one_original(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own file shows all of it upright, what is treated as samples are shows what they do."""
    take_photos()
    lying = Image.Exif()
    lying[0x0112] = 6
    for number in range(24):
        image = photo(900 + number, (50, 50))
        Image.fromarray(np.rot90(image).copy()).save(RAW / f"ok/{number:02}.png", exif=lying)
    params = settings("native", fit="crop")
    train = ingest(params)
    keep_samples(train, {"dent": (0,)})
    seen: dict[str, Any] = {}
    plain = files.edits_of

    def kept(*given: Any) -> Any:
        made = plain(*given)
        seen.setdefault("edits", made)  # of train, which comes first
        return made

    monkeypatch.setattr(files, "edits_of", kept)
    rows = delivered(params)
    for row in rows:
        if row["label"] == "ok" and row["synthetic"] == "0":
            assert np.array_equal(pixels(FOLDER / row["path"]), photo(900 + int(row["source"][3:5]), (50, 50)))
    own = np.flatnonzero(train.labels == "ok")
    frames = read_originals(known_originals(PREPARED, params.ingest), train.sources[own].tolist(), (67, 50), 3)
    treated = [row for row in rows if "/treated-" in row["path"]]
    assert len(treated) == len(own)
    for at, frame, row in zip(own, frames, treated, strict=True):
        (edit,) = seen["edits"][at]
        expected = changed(frame[None], [edit.change])[0].transpose(1, 2, 0)
        assert np.array_equal(pixels(FOLDER / row["path"]), expected)


@pytest.mark.parametrize("size", ["auto", "native"])
def test_several_processes_write_the_bytes_of_one(size: str) -> None:
    take_photos()
    keep_samples(ingest(settings()), {"dent": VARIED})
    delivered(settings(size))
    alone = contents()
    delivered(settings(size, jobs=2))
    assert contents() == alone
    assert len([name for name in alone if name.endswith(".png")]) > 36
    (FOLDER / "test").rename("aside")
    (FOLDER / "test").touch()
    with pytest.raises(StoreError, match=r"data/augmented/test/.*A file and a folder have the same name there"):
        delivered(settings(size, jobs=2))
    (FOLDER / "test").unlink()
    delivered(settings(size, jobs=2))
    assert contents() == alone
    path = next(iter(RAW.glob("ok/*.png")))
    Image.fromarray(photo(999, (40, 30))).save(path)
    with pytest.raises(DataError, match=f"ok/{path.name}: an original is no longer the file that ingest read"):
        delivered(settings(size, jobs=2))


def test_carried_defects_are_those_of_the_originals_each_decoded_once(
    decoded: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As large as they are delivered, and in the order of their rows."""
    small, factor = small_set(good=90, pit=9), 3
    for image, label, name in zip(small.images, small.labels, small.sources, strict=True):
        path = RAW / str(label) / f"{int(name):03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).resize((32 * factor, 32 * factor), Image.Resampling.BICUBIC).save(path)
    params = settings("auto", size=(32, 32), near_duplicates="off")
    params = params.model_copy(update={"generate": params.generate.model_copy(update={"sources": "translated"})})
    train = ingest(params)
    monkeypatch.setattr(carried, "kept_generators", lambda _: SimpleNamespace(translators={}))
    originals = known_originals(PREPARED, params.ingest)
    images = read_originals(originals, train.sources.tolist(), (96, 96), 1)
    large = ImageSet(images, train.labels, train.groups, train.sources)
    one = transplants(train, large, TransplantSettings("translated"), params.seed)[0]["pit"]
    draws, samples = one.draws(20, seed=4, start=7), one.sample(20, seed=4, start=7).numpy()
    rows = []
    for index, image in enumerate(samples):
        file = f"pit/{index:06d}.png"
        row = {"seed": 4, "index": 7 + index, "source": "translated", "source_image": draws.source[index]}
        rows.append(row | {"file": file, "label": "pit", "sha256": write_picture(SYNTHETIC / file, image)})
    keep_samples(train, {})
    own = np.flatnonzero(train.labels == "pit")
    rows = [row | {"source_image": own[row["source_image"]]} for row in rows]
    write_csv(SYNTHETIC / "manifest.csv", rows, [*rows[0]])
    write_checksums(SYNTHETIC, ["manifest.csv"])
    decoded.clear()
    made = [row for row in delivered(params) if row["source"].startswith("pit/0000") and row["synthetic"] == "1"]
    assert set(decoded.values()) == {1}
    expected = one.translated(draws).onto(large.images[draws.lender])
    assert [row["source"] for row in made] == [row["file"] for row in rows]
    for row, image in zip(made, expected, strict=True):
        assert np.array_equal(pixels(FOLDER / row["path"]), image[0])
    assert len(read_csv(FOLDER / "manifest.csv")) > len(made)
