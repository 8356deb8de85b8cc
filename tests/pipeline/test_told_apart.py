"""The stages `experiment` and `evaluate` with a backbone that is shown originals: what is told of its made images."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from augment.gan.generators import GeneratorSet
from augment.measure.backbone.backbone import load_backbone
from augment.params import Params, check
from pipeline import experiment as stage
from pipeline.evaluate import evaluate
from tests.measure.backbone.networks import SIZE, convolutions, save
from tests.pipeline.evaluated import CHOSEN, rows_of
from tests.pipeline.photos import RAW, WORKING, ingest, take_photos
from tests.toy import Fixed


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Params]:
    """A probe on a network of one's own, made images added to it, and generators that give darker photographs."""
    monkeypatch.chdir(tmp_path)
    save(convolutions(), tmp_path / "own.pt2")
    load_backbone.cache_clear()
    evaluated = {"backbone": {"file": "own.pt2", "size": SIZE}, "classifier": "probe"}
    arms = {"arms": ["none", "probe", "gan_half_filtered", "copies_half"]}
    chosen = CHOSEN | {"evaluate": CHOSEN["evaluate"] | evaluated | arms}
    chosen |= {"generate": CHOSEN["generate"] | {"per_class": 8, "borrowed": 0, "accept": 0.999}}
    params = check(chosen | {"ingest": {"source": "folder", "path": str(RAW), "size": WORKING}})
    for folder in ("data/base", "data/external"):
        Path(folder).mkdir(parents=True)
    take_photos()
    train = ingest(params)
    images = {label: train.of_class(label).images for label in train.classes}
    made = GeneratorSet({label: Fixed(label, of_class[:16] // 2) for label, of_class in images.items()})
    monkeypatch.setattr(stage, "kept_generators", lambda _: made)
    monkeypatch.setattr(stage, "further_generators", lambda protocol, *_: [made] * (len(protocol.replicates) - 1))
    yield params
    load_backbone.cache_clear()


def test_samples_and_treated_images_are_told_from_originals(params: Params) -> None:
    stage.experiment(params)
    evaluate(params)
    rows = {(row["kind"], row["label"]): row for row in rows_of("told_apart")}
    assert [*rows] == [("samples", "dent"), ("treated", "ok"), ("samples", ""), ("treated", "")]
    assert all(0 <= float(row["auc"]) <= 1 for row in rows.values())
    assert float(rows["samples", ""]["auc"]) > 0.8, "dark and enlarged"
