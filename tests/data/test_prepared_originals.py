"""A prepared split once more at a larger size, in the same order, and only by the settings that it was made by."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import ImageSet, load_originals
from augment.core.errors import ArgumentError, DataError, ParamsError
from augment.data import arguments
from augment.data.prepare import prepare
from augment.params import load

SETTINGS = "ingest: {{source: folder, path: {path}, size: [16, 12], fit: {fit}, near_duplicates: off}}"


def photos(folder: Path, first: int) -> None:
    """24 photos of two classes, 64x48 and 48x48: smooth, each unlike all others."""
    for number in range(24):
        path = folder / ("dent" if number % 2 else "ok") / f"{first + number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(first + number).integers(0, 256, (5, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((48, 64 if number % 3 else 48), Image.Resampling.BICUBIC).save(path)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos in photos/, prepared to 16x12 in prepared/ as params.yaml says; other photos in others/."""
    folder = tmp_path_factory.mktemp("home")
    photos(folder / "photos", 0)
    photos(folder / "others", 100)
    settings(folder, "params.yaml")
    ingest = load(folder / "params.yaml").ingest
    prepare(ingest.model_copy(update={"path": str(folder / "photos")}), 0, folder / "prepared")
    return folder


def settings(folder: Path, name: str, path: str = "photos", fit: str = "crop") -> Path:
    (folder / name).write_text(SETTINGS.format(path=path, fit=fit))
    return folder / name


def again(home: Path, **changes: object) -> ImageSet:
    return load_originals(**({"prepared": home / "prepared", "params": home / "params.yaml"} | changes))  # type: ignore


@pytest.mark.parametrize("split", ["train", "val", "test", "pool"])
def test_a_split_has_its_labels_and_order_and_more_pixels(home: Path, split: str) -> None:
    small, large = ImageSet.load(home / "prepared" / split), again(home, split=split, size=48)
    assert large.images.shape == (len(small), 3, 64, 48), "the shorter side, and the aspect of the prepared images"
    for name in ("labels", "groups", "sources"):
        assert np.array_equal(getattr(large, name), getattr(small, name))
    reduced = large.images.reshape(-1, 3, 16, 4, 12, 4).mean(axis=(3, 5))
    assert not len(small) or np.abs(reduced - small.images).mean() < 4


def test_an_original_of_that_size_comes_pixel_for_pixel(home: Path) -> None:
    large = again(home, size=(64, 48))
    of_that_size = 0
    for image, source in zip(large.images, large.sources.tolist(), strict=True):
        stored = np.asarray(Image.open(home / "photos" / source))
        if stored.shape[:2] == (64, 48):
            of_that_size += 1
            assert np.array_equal(image.transpose(1, 2, 0), stored)
    assert of_that_size


def test_the_path_begins_where_the_settings_stand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "others")
    assert len(load_originals("../prepared", params="../params.yaml", size=16)) == len(again(home, size=16))


def test_settings_of_another_set_are_refused(home: Path) -> None:
    with pytest.raises(DataError, match=r"others.yaml: names another set.*others, where none of the images of"):
        again(home, params=settings(home, "others.yaml", path="others"))
    with pytest.raises(DataError, match=r"gone.yaml: names another set.*Give the params.yaml that"):
        again(home, params=settings(home, "gone.yaml", path="nowhere"))
    with pytest.raises(DataError, match=r"fit.yaml: its section ingest would not make the images"):
        again(home, params=settings(home, "fit.yaml", fit="pad"))
    (home / "digits.yaml").write_text("ingest: {source: digits}")
    with pytest.raises(DataError, match=r"digits is built in and has no originals: give SyntheticDataset size="):
        again(home, params=home / "digits.yaml")
    with pytest.raises(ParamsError, match=r"none.yaml"):
        again(home, params=home / "none.yaml")


def test_an_original_that_is_gone_or_changed_is_named(home: Path) -> None:
    first = home / "photos" / str(ImageSet.load(home / "prepared/train").sources[0])
    content = first.read_bytes()
    try:
        Image.new("RGB", (48, 64)).save(first)
        with pytest.raises(DataError, match=rf"{first.name}: an original is no longer the file"):
            again(home)
        first.unlink()
        with pytest.raises(DataError, match=rf"{first.name}: an original that ingest read is gone"):
            again(home)
    finally:
        first.write_bytes(content)


def test_an_original_that_the_settings_do_not_let_pass_is_named(home: Path) -> None:
    content = (home / "params.yaml").read_text().replace("path:", "max_pixels: 100, path:")
    (home / "few.yaml").write_text(content)
    with pytest.raises(DataError, match=r"(?s)\.png: cannot be read at 16 x 12: .*100.*Name a smaller size, or put it"):
        again(home, params=home / "few.yaml")


def test_what_would_fill_the_memory_is_refused_before_anything_is_read(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "MAX_GIB", 0.0001)
    with pytest.raises(
        ArgumentError, match=r"load_originals: 12 images of \(3, 400, 300\) take 0.0 GiB, .*smaller size"
    ):
        again(home, size=300, params=settings(home, "others.yaml", path="others"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 8}, r"size=8 is below 16 x 12, at which GANs work: name at least 12"),
        ({"size": (16, 8)}, r"name at least \(16, 12\)"),
        ({"size": (64, 64)}, r"another aspect .* ingest.fit: crop .* size=64"),
        ({"size": 100_000}, "size must be from 1 to 8192"),
        ({"split": "dev"}, "split must be one of train, val, test, pool"),
    ],
)
def test_sizes_and_splits_that_do_not_fit(home: Path, changes: dict, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        again(home, **changes)
