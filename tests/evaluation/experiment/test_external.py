"""Images from elsewhere: read like the set's own, kept apart from training, and told beside the internal figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.evaluation.columns import columns
from augment.evaluation.experiment.external import check_apart, read_external
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.training_sets import paired_seeds, rotated_val
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.tables import external_rows
from augment.params import Ingest
from tests.toy import toy_set

LIKE = toy_set({"crack": 4, "fine": 4}, side=8)
LIKE_THESE = (LIKE.classes, (1, 8, 8))


def write(root: Path, counts: Mapping[str, int], side: int = 8, color: bool = False) -> None:
    rng = np.random.default_rng(0)
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for number in range(count):
            shape = (side, side, 3) if color else (side, side)
            Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(root / label / f"{number}.png")


def test_a_folder_with_a_readme_is_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    assert read_external(tmp_path, Ingest(), *LIKE_THESE) is None


def test_a_folder_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^evaluate\.external: there is no folder .*gone"):
        read_external(tmp_path / "gone", Ingest(), *LIKE_THESE)


@pytest.mark.parametrize(("side", "color"), [(8, False), (11, False), (8, True)])
def test_images_come_in_the_size_and_colour_of_the_set(tmp_path: Path, side: int, color: bool) -> None:
    write(tmp_path, {"crack": 3, "fine": 2}, side, color)
    found = read_external(tmp_path, Ingest(), *LIKE_THESE)
    assert found is not None
    assert found.images.shape == (5, 1, 8, 8)
    assert found.counts() == {"crack": 3, "fine": 2}
    assert len(set(found.groups.tolist())) == 5
    rgb = ImageSet(np.repeat(LIKE.images, 3, axis=1), LIKE.labels, LIKE.groups, LIKE.sources)
    again = read_external(tmp_path, Ingest(), rgb.classes, (3, 8, 8))
    assert again is not None
    assert again.images.shape == (5, 3, 8, 8)


def test_images_of_another_aspect_are_fitted_as_those_of_the_set(tmp_path: Path) -> None:
    (tmp_path / "crack").mkdir()
    Image.fromarray(np.repeat([0, 100, 200], 8).astype(np.uint8)[None].repeat(8, axis=0)).save(tmp_path / "crack/0.png")
    cropped, padded = (read_external(tmp_path, Ingest(fit=fit, background=9), *LIKE_THESE) for fit in ("crop", "pad"))
    assert cropped is not None
    assert padded is not None
    assert (cropped.images[0, 0, :, 1:-1] == 100).all(), "the middle third"
    assert (padded.images[0, 0, [0, 1, -1]] == 9).all()


def test_groups_are_those_that_ingest_would_find(tmp_path: Path) -> None:
    write(tmp_path, {"crack": 12})
    pattern = r"/(\d)"
    found = read_external(tmp_path, Ingest(source="folder", group_pattern=pattern), *LIKE_THESE)
    assert found is not None
    assert len(set(found.groups.tolist())) == 10, "1, 10 and 11 are one group"


def test_an_unknown_class_stops_with_the_likely_one(tmp_path: Path) -> None:
    write(tmp_path, {"crack": 1, "finer": 1})
    with pytest.raises(DataError, match=r"class 'finer' is not among .*: did you mean 'fine'\?"):
        read_external(tmp_path, Ingest(), *LIKE_THESE)


def test_loose_images_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints/x.png").touch()
    assert read_external(tmp_path, Ingest(), *LIKE_THESE) is None, "hidden, as it is everywhere"
    Image.new("L", (8, 8)).save(tmp_path / "loose.png")
    with pytest.raises(DataError, match="put the images into one sub-folder per class"):
        read_external(tmp_path, Ingest(), *LIKE_THESE)


def test_a_pattern_that_fits_the_sets_own_names_alone_leaves_every_image_to_itself(tmp_path: Path) -> None:
    write(tmp_path, {"crack": 3})
    found = read_external(tmp_path, Ingest(source="folder", group_pattern=r"(part\d+)"), *LIKE_THESE)
    assert found is not None
    assert len(set(found.groups.tolist())) == 3


def test_letters_composed_otherwise_are_the_same_class(tmp_path: Path) -> None:
    write(tmp_path, {"de\u0301faut": 2})
    found = read_external(tmp_path, Ingest(), ["d\u00e9faut"], (1, 8, 8))
    assert found is not None
    assert found.classes == ["d\u00e9faut"]


def test_a_training_image_is_not_from_elsewhere() -> None:
    splits = Splits(LIKE, toy_set({"fine": 2}, 1), toy_set({"crack": 2, "fine": 2}, 2))
    seen = [splits.train, splits.val]
    check_apart(splits.test, seen)
    with pytest.raises(DataError, match=r"crack/0\.png equals the training image crack/0\.png"):
        check_apart(LIKE.take([0]), seen)
    with pytest.raises(DataError, match="training image"):
        check_apart(splits.val, seen)


def test_the_same_repeats_are_tested_there() -> None:
    splits = Splits(LIKE, toy_set({"fine": 2}, 1), toy_set({"crack": 2, "fine": 2}, 2))
    for protocol in (paired_seeds(splits, [0, 1]), rotated_val(splits, [0, 1, 2])):
        there = protocol.tested_on(splits.val)
        assert there.seeds == protocol.seeds
        for one, other in zip(there.replicates, protocol.replicates, strict=True):
            assert one.splits.test is splits.val
            assert one.splits.train is other.splits.train
        assert len(there.unique_splits) == len(protocol.unique_splits)


def test_every_arm_has_its_interval_beside_the_internal_one() -> None:
    values = {"none": np.array([0.5, 0.6, 0.55]), "gan_half": np.array([0.7, 0.8, 0.72])}
    drawn = {arm: np.zeros((3, 0)) for arm in values}
    table = MetricTable("balanced accuracy", values, drawn, 0.0, 8, 8, 0, 0.0)
    internal = [{"arm": arm, "mean": 0.9, "low": 0.8, "high": 0.95} for arm in values]
    kinds: Any = {"none": "real", "gan_half": "gan"}
    found = external_rows(table, LIKE, internal, kinds)
    assert [tuple(row) for row in found] == [columns("external")] * 2
    none, gan = found
    assert (none["gain"], none["gain_low"], none["gain_high"]) == (0, 0, 0)
    assert gan["mean"] == pytest.approx(np.mean(values["gan_half"]))
    assert gan["gain"] == pytest.approx(np.mean(values["gan_half"] - values["none"]))
    expected = table.estimate("gan_half", "none").interval()
    assert (gan["gain_low"], gan["gain_high"]) == pytest.approx(expected)
    assert (gan["internal_mean"], gan["images"], gan["groups"]) == (0.9, 8, 8)


def test_deep_images_take_the_scale_of_the_set(tmp_path: Path) -> None:
    """Alone they would use 12 bits; beside a set that uses 14 they are as dark as there."""
    values = [np.random.default_rng(n).integers(0, 4001, (8, 8)).astype(np.uint16) for n in range(5)]
    (tmp_path / "crack").mkdir()
    for number, one in enumerate(values):
        one[0, 0] = 4000
        Image.fromarray(one).save(tmp_path / "crack" / f"{number}.png")
    for scale, white in (({65535: 16383}, 16383), ({}, 4095), ({32767: 16383}, 16383)):
        found = read_external(tmp_path, Ingest(), *LIKE_THESE, lambda scale=scale: scale)
        assert found is not None
        assert found.images.max() == round(4000 * 255 / white)
    with pytest.raises(DataError, match=r"crack/0\.png has values up to 4000, and in the set .* 1023 is white"):
        read_external(tmp_path, Ingest(), *LIKE_THESE, lambda: {65535: 1023})
