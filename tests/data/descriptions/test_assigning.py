"""Every image gets its own description or its class's; what nothing describes stops the run, in one message."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data.descriptions.kept import load_descriptions
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.params import Ingest


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes of six images."""
    rng = np.random.default_rng(0)
    for label in ("boots", "hats"):
        (tmp_path / "raw" / label).mkdir(parents=True)
        for number in range(6):
            pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "raw" / label / f"{number}.png")
    return tmp_path


def prepared(photos: Path, said: str) -> Path:
    (photos / "said.yaml").write_text(said)
    ingest = Ingest(source="folder", path=str(photos / "raw"), descriptions=str(photos / "said.yaml"))
    prepare(ingest, 0, photos / "prepared")
    return photos / "prepared"


def test_an_image_has_its_own_description_else_that_of_its_class(photos: Path) -> None:
    out = prepared(photos, "boots: high shaft\nhats: {brim: wide brim}\nhats/3.png: no brim\n")
    for name in ("train", "val", "test"):
        images = ImageSet.load(out / name)
        texts = load_descriptions(out / name, len(images))
        assert texts is not None
        for source, label, text in zip(images.sources, images.labels, texts, strict=True):
            own = "no brim" if source == "hats/3.png" else "wide brim"
            assert text == ("high shaft" if label == "boots" else own)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("boots: high\nhat: wide\n", r"no_description: 6 images of 'hats' without a description, such as hats/0\.png; "
                                     r"did you mean 'hat'\?"),
        ("boots: high\nhats/0.png: wide\n", "5 images of 'hats' without a description"),
        ("zebra: striped\n", "12 images of 'boots', 'hats' without"),
        ("boots: [1]\n", "bad_descriptions: .*'boots' has a list"),
    ],
)  # fmt: skip
def test_what_nothing_describes_is_one_message(photos: Path, said: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepared(photos, said)
    assert not (photos / "prepared").exists()


def test_a_class_without_images_is_noted_and_never_a_class_of_the_set(photos: Path) -> None:
    (photos / "said.yaml").write_text("boots: high\nhats: wide\nscarves: long\n")
    ingest = Ingest(source="folder", path=str(photos / "raw"), descriptions=str(photos / "said.yaml"))
    findings = prepare(ingest, 0, photos / "prepared")
    assert [note for note in findings.notes if "'scarves'" in note and "never delivered" in note]
    assert ImageSet.load(photos / "prepared/train").classes == ["boots", "hats"]


def test_without_descriptions_nothing_changes(photos: Path) -> None:
    out = photos / "prepared"
    prepare(Ingest(source="folder", path=str(photos / "raw"), descriptions=str(photos / "none")), 0, out)
    assert load_descriptions(out / "train", 8) is None
    assert sorted(path.name for path in (out / "train").iterdir()) == ["checksums.json", "images.npy", "index.csv"]


def test_a_changed_file_is_refused_and_one_of_an_earlier_run_is_not_read(photos: Path) -> None:
    out = prepared(photos, "boots: high\nhats: wide\n")
    count = len(ImageSet.load(out / "train"))
    rows = read_csv(out / "train/descriptions.csv")
    assert [row["index"] for row in rows] == [str(at) for at in range(count)]
    with pytest.raises(DataError, match=f"{count} descriptions of 3 images"):
        load_descriptions(out / "train", 3)
    (out / "train/descriptions.csv").write_text("index,description\n0,low\n")
    with pytest.raises(DataError, match=r"descriptions\.csv: damaged, or changed"):
        load_descriptions(out / "train", count)
    ImageSet.load(out / "train").save(out / "train")
    assert load_descriptions(out / "train", count) is None
