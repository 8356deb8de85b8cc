"""The stage `experiment` fails on a leak: in the prepared folder, and in what any repeat's generators make."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.core.errors import DataError
from augment.core.files import read_csv, write_json
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.per_class import generators_from, train_classes
from augment.gan.settings import class_training
from augment.params import Params, Train, check
from pipeline import experiment as stage
from tests.evaluation.samples.test_leakage import LABELS, drawn, drawn_set, join, replay
from tests.pipeline.evaluated import compare
from tests.toy import Fixed

SIDE = 16
SETTINGS = {
    "generate": {"per_class": 30, "oversample": 2, "folds": 2, "filter_steps": 2},
    "evaluate": {
        "arms": ["none", "classical", "gan_half_filtered", "copies_half", "as_delivered"],  # a backbone would take long
        "seeds": 2, "steps": 2, "batch_size": 8, "resamples": 200,
    },
    "compute": {"engine": "serial"},
}  # fmt: skip
MADE = 60


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, ImageSet]:
    """A prepared project, and its sides."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/external").mkdir(parents=True)
    (tmp_path / "data/base").mkdir()
    found = {side: drawn_set(20, number, SIDE) for number, side in enumerate(("train", "val", "test"))}
    for side, images in found.items():
        images.save(tmp_path / "data/prepared" / side)
    write_json(tmp_path / "data/prepared/sizes.json", {"working": (SIDE, SIDE), "native": (SIDE, SIDE)})
    return found


def evaluate(monkeypatch: pytest.MonkeyPatch, *repeats: dict[str, np.ndarray]) -> None:
    """Run the stage with generators that make these images; the first are the delivered ones."""
    sets = [GeneratorSet({label: Fixed(label, images[label]) for label in LABELS}) for images in repeats]
    monkeypatch.setattr(stage, "kept_generators", lambda _: sets[0])
    monkeypatch.setattr(stage, "further_generators", lambda *_: sets[1:])
    params: Params = check(SETTINGS)
    compare(params)


def honest(seed: int) -> dict[str, np.ndarray]:
    return {label: drawn(MADE, seed, label, SIDE) for label in LABELS}


def test_honest_generators_and_those_that_replay_train_pass(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(monkeypatch, honest(8), replay(sides["train"], noise=0, count=MADE))
    rows = read_csv(Path("reports/evaluation/audit.csv"))
    assert [row["control"] for row in rows] == ["train", "val", "train", "val"]
    assert [row["seed"] for row in rows] == ["0", "0", "1", "1"], "numbered as in runs.csv"
    assert {row["test"] for row in rows} == {"40"}
    assert Path("reports/metrics.json").exists()


@pytest.mark.parametrize("leaky", [0, 1], ids=["delivered", "second repeat"])
@pytest.mark.parametrize("noise", [0, 4])
def test_generators_that_replay_test_fail_the_run(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch, leaky: int, noise: int
) -> None:
    repeats = [honest(8), honest(9)]
    repeats[leaky] = replay(sides["test"], noise=noise, count=MADE)
    message = r"^leak: synthetic image \d+ of class 'a' equals" if noise == 0 else "^leak: the synthetic images of seed"
    with pytest.raises(DataError, match=message):
        evaluate(monkeypatch, *repeats)
    assert not Path("reports/metrics.json").exists()


def test_generators_trained_on_test_beside_train_fail_the_run(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = join(sides["train"], sides["test"])
    with pytest.raises(DataError, match="nearer to test images than to images of val"):
        evaluate(monkeypatch, replay(known, noise=4, count=MADE), honest(9))


@pytest.mark.parametrize("shared", [False, True], ids=["a class's", "the shared"])
def test_a_gan_trained_on_test_fails_the_run(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """However little its samples tell of it: the canary is a real GAN, here of four steps."""

    def trained(side: str) -> GeneratorSet:
        images = sides[side]
        tiny = Train(transfer="none", width=4, steps=4)
        settings = class_training(tiny, images.counts(), flips="none", height=SIDE, width=SIDE, device="cpu")
        (trained,) = train_classes(images, settings, [0], Backend(Engine(), "cpu", None, 30.0))
        return generators_from(images, settings, trained, "cpu")

    own, canary = trained("train"), trained("test")
    mixed = GeneratorSet(
        {label: (canary if label == "a" and not shared else own)[label] for label in LABELS},
        shared=ClassGenerator("shared", own["a"].network, {"images_sha256": sides["test"].fingerprint()})
        if shared
        else None,
    )
    monkeypatch.setattr(stage, "further_generators", lambda *_: [own])
    monkeypatch.setattr(stage, "kept_generators", lambda _: mixed)
    with monkeypatch.context() as early:
        early.setattr(stage, "measure_cost", lambda *_: pytest.fail("it went on"))
        with pytest.raises(DataError, match=f"^leak: models: the generators of '{'_shared' if shared else 'a'}' were"):
            compare(check(SETTINGS))
    assert not Path("reports/metrics.json").exists()
    monkeypatch.setattr(stage, "kept_generators", lambda _: own)
    compare(check(SETTINGS))
    assert Path("reports/metrics.json").exists()


def test_folds_which_use_no_delivered_gan_look_at_it_all_the_same(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    def claiming(side: str) -> GeneratorSet:
        made = Fixed("a", sides["train"].of_class("a").images)
        made.training["images_sha256"] = sides[side].of_class("a").fingerprint()
        return GeneratorSet({"a": made})

    sides["test"].take([]).save("data/prepared/pool")
    folds = check(SETTINGS | {"evaluate": SETTINGS["evaluate"] | {"protocol": "repeated"}})
    monkeypatch.setattr(stage, "measure_cost", lambda *_: pytest.fail("it went on"))
    monkeypatch.setattr(stage, "kept_generators", lambda _: claiming("test"))
    with pytest.raises(DataError, match=r"^leak: models: the generators of 'a' were"):
        compare(folds)
    monkeypatch.setattr(stage, "kept_generators", lambda _: claiming("train"))
    with pytest.raises(pytest.fail.Exception, match="it went on"):
        compare(folds)


def test_a_group_on_two_sides_fails_before_anything_is_trained(
    sides: dict[str, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides["test"].groups[0] = sides["train"].groups[3]
    sides["test"].save("data/prepared/test")
    monkeypatch.setattr(stage, "measure_cost", lambda *_: pytest.fail("it went on"))
    with pytest.raises(DataError, match=r"^leak: the group .* lies in train .* and in test"):
        evaluate(monkeypatch, honest(8), honest(9))
