"""data/augmented at every `assemble.size`: which files, how large, what is in them, how often they are drawn."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment import load_augmented
from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import delivered_images
from augment.params import Params
from augment.synthesis.edits import edited
from tests.pipeline.photos import SYNTHETIC, WORKING, delivered, ingest, keep_samples, pixels, settings, take_photos

FOLDER = Path("data/augmented")
VARIED: tuple[int | None, ...] = (3, None, 0, 3, None)  # which image of its class each sample of `dent` is of
JUDGED = (60, 45)  # the aspect of the working size, the median shorter side of the originals
SIZES = [("working", WORKING), ("auto", JUDGED), ((32, 24), (32, 24)), (100, (100, 100)), ("native", None)]
at_every_size = pytest.mark.parametrize(("chosen", "size"), SIZES)


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Photographs by path."""
    monkeypatch.chdir(tmp_path)
    return take_photos()


@pytest.fixture
def train(photos: dict[str, Any]) -> ImageSet:
    assert photos
    images = ingest(settings())
    keep_samples(images, {"dent": VARIED})
    return images


def kind(row: dict[str, str]) -> str:
    """`synthetic`, `treated` or `real`."""
    return Path(row["path"]).name.split("-")[0] if row["synthetic"] == "1" else "real"


def of_kind(rows: list[dict[str, str]], which: str) -> list[dict[str, str]]:
    return [row for row in rows if kind(row) == which]


@at_every_size
def test_sizes_numbers_and_weights(train: ImageSet, chosen: Any, size: tuple[int, int] | None) -> None:
    """Classes are equally often drawn, made images half of the time; at the working size only the small class has any.

    At a larger one edits stand for their class, and images of the other class are treated alike.
    """
    rows = delivered(settings(chosen))
    of_train = [row for row in rows if row["split"] == "train"]
    treated = 0 if chosen == "working" else train.counts()["ok"]
    samples = 5 if chosen == "working" else 3
    assert Counter(map(kind, of_train)) == Counter(real=len(train), synthetic=samples, treated=treated)
    assert {row["label"] for row in of_kind(rows, "synthetic")} == {"dent"}
    assert {row["label"] for row in of_kind(rows, "treated")} <= {"ok"}
    if size is not None:
        assert {pixels(FOLDER / row["path"]).shape for row in rows} == {(*size, 3)}
    weights = Counter[tuple[str, bool]]()
    for row in of_train:
        weights[row["label"], kind(row) == "real"] += float(row["weight"])  # type: ignore[assignment]
    half = len(of_train) / 4
    shares = {("dent", True): half, ("dent", False): half, ("ok", True): half, ("ok", False): half}
    if chosen == "working":
        shares = {("dent", True): half, ("dent", False): half, ("ok", True): 2 * half}
    assert dict(weights) == pytest.approx(shares, rel=1e-5)
    assert {row["weight"] for row in rows if row["split"] != "train"} == {"1.0"}


@at_every_size
@pytest.mark.usefixtures("train")
def test_training_code_reads_what_is_delivered(chosen: Any, size: tuple[int, int] | None) -> None:
    rows = delivered(settings(chosen))
    for split in ("train", "val", "test"):
        images = load_augmented(FOLDER, split, verify=True)
        of_split = [row for row in rows if row["split"] == split]
        assert [images.classes[target] for target in images.targets] == [row["label"] for row in of_split]
        assert images.synthetic.tolist() == [row["synthetic"] == "1" for row in of_split]
        assert images.sources == [row["source"] for row in of_split]
        shapes = {tuple(image.shape) for image, _ in images}
        assert shapes <= ({(3, *size)} if size else {(3, 40, 30), (3, 60, 45), (3, 50, 50)})
        for (image, _), row in zip(images, of_split, strict=True):
            assert np.array_equal(image.permute(1, 2, 0), pixels(FOLDER / row["path"]))
    assert {tuple(image.shape) for image, _ in load_augmented(FOLDER, size=(20, 10))} == {(3, 20, 10)}


def test_the_working_size_has_images_as_gans_see_them(train: ImageSet) -> None:
    rows = delivered(settings("working"))
    real = [row for row in of_kind(rows, "real") if row["split"] == "train"]
    found = np.stack([pixels(FOLDER / row["path"]) for row in real])
    assert np.array_equal(found.transpose(0, 3, 1, 2), train.images)
    for row in of_kind(rows, "synthetic"):
        assert (FOLDER / row["path"]).read_bytes() == (SYNTHETIC / row["source"]).read_bytes()


@pytest.mark.usefixtures("train")
def test_native_real_images_are_the_files_of_the_user() -> None:
    rows = of_kind(delivered(settings("native")), "real")
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    for row in rows:
        assert (FOLDER / row["path"]).read_bytes() == (Path("data/raw") / row["source"]).read_bytes()


def test_native_samples_are_edits_of_their_originals_each_as_large_as_it(
    train: ImageSet, photos: dict[str, Any]
) -> None:
    rows, own = of_kind(delivered(settings("native")), "synthetic"), train.of_class("dent")
    assert {row["source"] for row in rows} == {"dent/000000.png", "dent/000002.png", "dent/000003.png"}
    for row in rows:
        number = VARIED[int(row["source"][5:11])]
        assert number is not None
        original = photos[str(own.sources[number])].transpose(2, 0, 1)[None]
        after = pixels(SYNTHETIC / row["source"]).transpose(2, 0, 1)[None]
        expected = edited(original, own.images[[number]], after)[0].transpose(1, 2, 0)
        found = pixels(FOLDER / row["path"])
        assert found.shape == (*original.shape[2:], 3)
        assert np.abs(found.astype(int) - expected).max() <= 1
        assert found.mean() < 0.8 * original.mean(), "darker, as the sample is"


def test_treated_images_are_the_other_class_changed_as_samples_are(train: ImageSet, photos: dict[str, Any]) -> None:
    rows = of_kind(delivered(settings("native")), "treated")
    assert [row["source"] for row in rows] == train.of_class("ok").sources.tolist()
    for row in rows:
        found, original = pixels(FOLDER / row["path"]), photos[row["source"]]
        assert found.shape == original.shape
        assert found.mean() < 0.8 * original.mean()


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_cropped_and_padded_pictures_change_what_they_show(photos: dict[str, Any], fit: str) -> None:
    """Square originals in a frame of 16x12: real ones stay whole, what is edited has the frame that samples have."""
    params = settings("native", fit=fit)
    keep_samples(ingest(params), {"dent": VARIED})
    rows = delivered(params)
    assert {pixels(FOLDER / row["path"]).shape for row in rows if kind(row) != "real"} == {(*JUDGED, 3)}
    for row in of_kind(rows, "real"):
        assert np.array_equal(pixels(FOLDER / row["path"]), photos[row["source"]])


def test_a_class_without_edits_keeps_its_samples_enlarged(train: ImageSet) -> None:
    keep_samples(train, {"dent": (None, None)})
    rows = of_kind(delivered(settings("native")), "synthetic")
    assert [row["source"] for row in rows] == ["dent/000000.png", "dent/000001.png"]
    assert {pixels(FOLDER / row["path"]).shape for row in rows} == {(*JUDGED, 3)}


@pytest.mark.usefixtures("photos")
def test_beside_networks_from_scratch_nothing_has_to_match() -> None:
    keep_samples(ingest(settings()), {"dent": VARIED}, base="classical")
    rows = delivered(settings("auto"))
    assert Counter(map(kind, rows)).keys() == {"real", "synthetic"}
    assert {pixels(FOLDER / row["path"]).shape for row in rows} == {(*JUDGED, 3)}


def many_classes(**use: str) -> tuple[ImageSet, Params]:
    """Four classes, of which `fine` is neither a minority class nor the largest."""
    take_photos({"dent": 10, "hole": 12, "fine": 20, "ok": 24})
    usual = settings()
    return ingest(usual), usual.model_copy(update={"assemble": usual.assemble.model_copy(update=use)})


@pytest.mark.parametrize("use", ["chosen", "gan_fill"])
def test_each_way_of_use_leaves_what_its_arm_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    """`gan_fill` matches nothing: it raises every class to the largest, `fine` too, with samples."""
    monkeypatch.chdir(tmp_path)
    train, params = many_classes(use=use)
    keep_samples(train, {"dent": (0, 1), "hole": (0, 1, 2), "fine": (0, 1), "ok": (0,)})
    rows = delivered(params)
    found = Counter((row["label"], kind(row)) for row in rows if row["synthetic"] == "1")
    samples = {("dent", "synthetic"): 2, ("hole", "synthetic"): 3}
    counts = train.counts()
    expected = {
        "gan_fill": {("fine", "synthetic"): 2},
        "chosen": {(one, "treated"): counts[one] for one in ("fine", "ok")},
    }
    assert found == Counter(samples | expected[use])


def test_a_minority_class_of_which_no_sample_was_kept_is_treated_as_the_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the arm that was judged does (`with_matched_images`)."""
    monkeypatch.chdir(tmp_path)
    train, params = many_classes()
    keep_samples(train, {"hole": (0, 1, 2)})
    made = [row for row in delivered(params) if row["synthetic"] == "1"]
    treated = {label: count for label, count in train.counts().items() if label != "hole"}
    assert Counter(row["label"] for row in of_kind(made, "treated")) == Counter(treated)
    kept = {"hole": train.of_class("hole").images[:3], "dent": train.images[:0]}
    judged = delivered_images("gan_half_filtered", train, kept, matched=True)[0]
    drawn = Counter(train.classes[target] for target in judged.targets[len(train) :].tolist())
    assert drawn == Counter(row["label"] for row in made)
