"""What the arm `as_delivered` trains on is what assemble writes: image for image, weight for weight."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError
from augment.core.files import read_csv, write_csv, write_json
from augment.core.grids import picture, png, write_picture
from augment.data.checksums import file_sha256, write_checksums
from augment.evaluation.arms.draws import delivered_images
from augment.params import Params
from pipeline.assemble import assemble
from tests.toy import bars, toy_set

TRAIN = toy_set({"a": 8, "b b": 4, "c": 2})
KEPT = {"b b": bars(1, 3, seed=5), "c": bars(2, 5, seed=5)}


def test_weights_are_one_on_average_and_draw_as_the_arm_does() -> None:
    drawn, weights = delivered_images("gan_half_filtered", TRAIN, KEPT)
    assert weights.mean() == pytest.approx(1, abs=1e-5)
    assert drawn.sampling_weights.sum() == pytest.approx(1)
    synthetic = np.arange(len(drawn.images)) >= len(TRAIN)
    for target, share in ((0, 0.0), (1, 0.5), (2, 0.5)):
        mine = drawn.targets == target
        assert drawn.sampling_weights[mine].sum() == pytest.approx(1 / 3, abs=1e-5)
        assert drawn.sampling_weights[mine & synthetic].sum() == pytest.approx(share / 3, abs=1e-5)


def test_a_real_policy_leaves_no_synthetic_image() -> None:
    for arm in ("none", "classical", "smote_half"):
        found, _ = delivered_images(arm, TRAIN, KEPT)
        assert len(found.images) == len(TRAIN)
    assert delivered_images("none", TRAIN, KEPT)[1] == pytest.approx(1)


@pytest.mark.parametrize("arm", ["gan_half_filtered", "classical"])
def test_the_folder_holds_exactly_this(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: str) -> None:
    monkeypatch.chdir(tmp_path)
    empty = TRAIN.take([])
    for side, images in (("train", TRAIN), ("val", empty), ("test", empty)):
        images.save(tmp_path / "data/prepared" / side)
    rows = []
    for label, images in KEPT.items():
        for index, image in enumerate(images):
            file = f"{label.replace(' ', '-')}/{index:06d}.png"
            digest = write_picture(tmp_path / "data/synthetic" / file, image)
            rows.append({"label": label, "file": file, "sha256": digest, "source_image": ""})
        rows.append({"label": label, "file": ""})
    write_csv(tmp_path / "data/synthetic/manifest.csv", rows, ("label", "file", "sha256", "source_image"))
    write_checksums(tmp_path / "data/synthetic", ["manifest.csv"])
    write_json(tmp_path / "reports/metrics.json", {"policy": arm})
    write_json(tmp_path / "data/experiment/experiment.json", {"base": "classical", "arms": ["classical"]})
    write_json(tmp_path / "data/prepared/depth.json", {"white": {}})
    write_json(tmp_path / "data/prepared/sizes.json", {"working": (8, 8), "native": (8, 8)})
    assemble(Params())
    written = [row for row in read_csv(tmp_path / "data/augmented/manifest.csv") if row["split"] == "train"]
    found, weights = delivered_images(arm, TRAIN, KEPT)
    assert [float(row["weight"]) for row in written] == weights.tolist()
    assert [row["label"] for row in written] == [TRAIN.classes[target] for target in found.targets]
    for row, image in zip(written, found.images, strict=True):
        with Image.open(tmp_path / "data/augmented" / row["path"]) as read:
            assert np.array_equal(np.asarray(read), image[0])
        assert file_sha256(tmp_path / "data/augmented" / row["path"]) == row["sha256"]
    damaged = tmp_path / "data/synthetic" / rows[0]["file"]
    damaged.write_bytes(png(picture(255 - KEPT[rows[0]["label"]][0])))
    with pytest.raises(DataError, match=rf"{rows[0]['file']}: damaged"):
        assemble(Params())


def test_the_training_images_come_first() -> None:
    found, _ = delivered_images("gan_half_filtered", TRAIN, KEPT)
    assert np.array_equal(found.images[: len(TRAIN)], TRAIN.images)
    assert found.targets[len(TRAIN) :].tolist() == [1] * 3 + [2] * 5
