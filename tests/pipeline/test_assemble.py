"""data/augmented: its tables agree with each other, and recipe.json is what the verdict names."""

from pathlib import Path

import numpy as np
import pytest

from augment import load_augmented
from augment.core.errors import DataError
from augment.core.files import read_csv, read_json, write_csv, write_json
from augment.core.grids import write_picture
from augment.data.checksums import write_checksums
from augment.data.delivered import read_recipe
from augment.data.imageset import ImageSet
from augment.params import check
from augment.params.arms import Arm
from pipeline.assemble import assemble
from tests.pipeline.evaluated import COUNTS
from tests.toy import bars


@pytest.fixture
def judged(toy_project: Path) -> Path:
    """What the stages before `assemble` leave: three kept samples of each class, a verdict for them on a probe."""
    rows = []
    for number, label in enumerate(sorted(COUNTS)):
        for index, image in enumerate(bars(number, 3, seed=5)):
            file = f"{label}/{index:06d}.png"
            digest = write_picture(toy_project / "data/synthetic" / file, image)
            rows.append({"file": file, "label": label, "sha256": digest, "source_image": ""})
    write_csv(toy_project / "data/synthetic/manifest.csv", rows, ("file", "label", "sha256", "source_image"))
    write_checksums(toy_project / "data/synthetic", ["manifest.csv"])
    write_json(toy_project / "data/prepared/depth.json", {"white": {"65535": 4095}})
    verdict(toy_project, "gan_half_filtered", "probe")
    return toy_project


def verdict(project: Path, arm: Arm, base: Arm | None) -> None:
    write_json(project / "reports/metrics.json", {"policy": arm})
    write_json(project / "data/experiment/experiment.json", {"base": base, "arms": ["none", "probe"]})


def delivered(**assembled: object) -> dict[str, object]:
    """What recipe.json says once the stage has run."""
    assemble(check({"assemble": assembled, "ingest": {"flips": "horizontal", "background": 7}}))
    found: dict[str, object] = read_json(Path("data/augmented/recipe.json"))
    return found


def test_metadata_says_of_each_split_what_the_manifest_says(judged: Path) -> None:
    delivered()
    folder = judged / "data/augmented"
    rows = read_csv(folder / "manifest.csv")
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    for split in ("train", "val", "test"):
        of_split = [row for row in rows if row["split"] == split]
        assert read_csv(folder / split / "metadata.csv") == [
            {key: row[key] for key in ("label", "synthetic", "weight")} | {"file_name": row["path"].split("/", 1)[1]}
            for row in of_split
        ]
    assert {str(path.relative_to(folder)) for path in folder.rglob("*")if path.is_file()} == {
        "manifest.csv", "recipe.json", "train/metadata.csv", "val/metadata.csv", "test/metadata.csv",
        *(row["path"] for row in rows),
    }  # fmt: skip


@pytest.mark.usefixtures("judged")
def test_the_recipe_names_the_way_of_the_selected_arm() -> None:
    minority = [label for label in COUNTS if COUNTS[label] <= np.median(list(COUNTS.values()))]
    assert delivered() == {
        "classes": ["crack", "fine", "hole"], "arm": "gan_half_filtered", "family": "probe",
        "augmentation": "randaugment", "flips": "horizontal", "synthetic": 3 * len(minority), "channels": 1,
        "background": 7, "white": {"65535": 4095},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("use", "arm", "base", "expected"),
    [
        ("chosen", "gan_half_filtered", "mixup_cutmix", ("gan_half_filtered", "scratch", "mixup_cutmix", True)),
        ("chosen", "gan_half_filtered", None, ("gan_half_filtered", "scratch", None, True)),
        ("chosen", "none", "finetune", ("none", "finetune", None, False)),
        ("chosen", "finetune", "finetune", ("finetune", "finetune", "randaugment", False)),
        ("chosen", "cmo", "classical", ("cmo", "scratch", "classical", False)),
        ("real", "gan_half_filtered", "probe", ("probe", "probe", "randaugment", False)),
        ("real", "gan_half_filtered", None, ("oversample", "scratch", None, False)),
        ("gan_fill", "probe", "probe", ("gan_fill", "probe", "randaugment", True)),
    ],
)
def test_the_recipe_follows_verdict_and_setting(
    judged: Path, use: str, arm: Arm, base: Arm | None, expected: tuple[object, ...]
) -> None:
    verdict(judged, arm, base)
    found = delivered(use=use)
    assert (*(found[key] for key in ("arm", "family", "augmentation")), found["synthetic"] != 0) == expected


def test_real_images_alone_have_balanced_weights(judged: Path) -> None:
    delivered(use="real")
    train = load_augmented(judged / "data/augmented")
    assert not train.synthetic.any()
    totals = np.bincount(train.targets, train.weights.numpy())
    assert totals == pytest.approx(np.full(3, sum(COUNTS.values()) / 3), rel=1e-5)


def test_what_is_loaded_is_what_was_prepared(judged: Path) -> None:
    delivered()
    train, prepared = load_augmented(judged / "data/augmented", verify=True), ImageSet.load("data/prepared/train")
    assert train.recipe == read_recipe(judged / "data/augmented")
    real = train.real_only()
    assert np.array_equal(np.stack([image.numpy() for image, _ in real]), prepared.images)
    assert [real.classes[target] for target in real.targets] == prepared.labels.tolist()
    assert real.sources == prepared.sources.tolist()
    weights = [float(row["weight"]) for row in read_csv(judged / "data/augmented/train/metadata.csv")]
    assert train.weights.tolist() == pytest.approx(weights, rel=1e-5)


def test_an_experiment_that_is_gone_is_told(judged: Path) -> None:
    (judged / "data/experiment/experiment.json").unlink()
    with pytest.raises(DataError, match=r"experiment\.json: .*dvc repro"):
        delivered()
