"""What a whole run will take and can show, before there is anything to train on."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from augment.cli import main
from augment.commands import ahead
from augment.core.errors import ParamsError
from augment.core.progress import duration
from augment.data.entries import Entry
from augment.data.imageset import ImageSet
from augment.evaluation.cost import forecast as forecasting
from augment.evaluation.cost.forecast import forecast, prepared
from augment.evaluation.cost.gains import GROWTHS, NOTED_GAIN, repeated_gain, what_would_show
from augment.evaluation.cost.timing import BackboneSeconds, Timings
from augment.evaluation.cost.wording import smallest_gain_text
from augment.evaluation.experiment.preflight import GainModel, expected_gain, gain_model
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.settings import ExperimentSettings, arms_for, experiment_settings
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.gan import settings
from augment.params import Params, check
from pipeline.announcement import before_training
from tests.data.corpus import write_set
from tests.toy import toy_set

QUICK = {
    "train": {
        "width": 4,
        "latent": 4,
        "steps": 10,
        "shared_steps": 20,
        "batch_size": 2,
        "overrides": {"a": {"steps": 5}},
    },
    "generate": {"folds": 2, "filter_steps": 3, "per_class": 30, "oversample": 2},
    "evaluate": {"seeds": 3, "steps": 7, "batch_size": 4, "arms": ["none", "gan_half_filtered", "copies_half"]},
    "compute": {"engine": "serial"},
}
FREE = Timings({"classical": 0.0}, 0.0, 0.0, 0.0, BackboneSeconds(0.0, 0.0, 0.0))


def entries(test: int = 30, side: int = 8, labels: str = "ab", hard: bool = False) -> list[Entry]:
    """Split as `ingest` would; hard: many images show another class."""
    found = []
    for number, (name, count) in enumerate({"train": 20, "val": 10, "test": test}.items()):
        images = toy_set(dict.fromkeys(labels, count), seed=number, side=side)
        for position, (image, label) in enumerate(zip(images.images, images.labels.tolist(), strict=True)):
            shown = (images.images[3 * position % len(images)] if hard and position % 2 else image).copy()
            shown[0, 0, :2] = number, position % 256  # no two are equal
            path = f"{name}/{label}/{position}.png"
            found.append(Entry(path, label, pixels=shown.transpose(1, 2, 0), group=path, split=name))
    return found


def comparison(images: list[Entry], params: Params) -> tuple[Protocol, ExperimentSettings, Splits, ImageSet]:
    shape = (1, *images[0].pixels.shape[:2])  # type: ignore[union-attr]
    splits, pool = prepared(shape, images)
    protocol = prepared_protocol(splits, pool, params, pinned=False)
    train = protocol.first_splits.train
    return protocol, experiment_settings(params, arms_for(params.evaluate, *shape[1:]), train), splits, pool


def model_of(images: list[Entry], params: Params) -> GainModel:
    protocol, chosen, *_ = comparison(images, params)
    return gain_model(protocol, chosen, params)


def timed(monkeypatch: pytest.MonkeyPatch, timings: Timings) -> None:
    monkeypatch.setattr(forecasting, "time_parts", lambda *_: timings)


def test_gans_are_told_apart_by_what_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, replace(FREE, gan_step=60.0))
    gans, *_ = forecast((1, 8, 8), entries(), check(QUICK))
    assert gans == f"GANs: 3 to deliver, 6 more for the proof: {duration(3 * (20 + 5 + 10))}" + (
        ", from a few timed steps. Smaller images take less (ingest.size: half the side is about a quarter of the time)"
    )
    alone = check({**QUICK, "train": {**QUICK["train"], "transfer": "none"}})
    assert forecast((1, 8, 8), entries(), alone)[0].startswith("GANs: 2 to deliver, 4 more for the proof: about 45 min")


def test_repeated_folds_need_gans_for_every_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, FREE)
    repeated = check({**QUICK, "evaluate": {**QUICK["evaluate"], "protocol": "repeated"}})
    assert forecast((1, 8, 8), entries(), repeated)[0].startswith("GANs: 3 to deliver, 75 more for the proof: less")


def test_the_evaluation_is_told_with_the_samples_to_deliver(monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, replace(FREE, candidate=60.0))
    _, evaluated, *_ = forecast((1, 8, 8), entries(), check(QUICK))
    assert evaluated == f"evaluation: 9 classifiers: {duration((1 + 3) * 2 * 60)}"


def test_both_ends_are_told_where_val_chooses_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augment.evaluation.experiment.settings.is_available", lambda _: True)
    timed(monkeypatch, replace(FREE, steps={"classical": 1.0}, backbone=BackboneSeconds(0.0, 0.0, 0.001)))
    _, evaluated, *_ = forecast((1, 16, 16), entries(side=16), check({**QUICK, "evaluate": {"seeds": 3}}))
    assert re.search(
        r"about .* if a (frozen|fine-tuned) backbone wins on val, about .* if a network from scr", evaluated
    )


def test_steps_are_really_timed() -> None:
    gans, evaluated, shown, *_ = forecast((1, 8, 8), entries(), check(QUICK))
    assert gans.startswith("GANs: 3 to deliver, 6 more for the proof: less than a minute")
    assert evaluated == "evaluation: 9 classifiers: less than a minute"
    assert shown.startswith("with 30 independent test images in a class and 3 paired seeds this set ")
    other, *_ = forecast((1, 8, 8), entries(labels="xyz"), check(QUICK))  # overrides of another set count for nothing
    assert other.startswith("GANs: 4 to deliver, 8 more")


def test_a_gpu_trains_the_gans_of_a_group_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resolve_device", lambda _: "cuda")
    monkeypatch.setattr(settings, "multiplies_bf16", lambda _: True)
    timed(monkeypatch, replace(FREE, gan_step=60.0))
    gans, *_ = forecast((1, 8, 8), entries(), check(QUICK))
    assert f"proof: {duration(20 + 10 + 20 + 10)} or more, from" in gans


def test_settings_that_do_not_fit_are_found_here() -> None:
    with pytest.raises(ParamsError, match=r"train\.network: linear is one layer"):
        forecast((1, 48, 48), entries(side=48), check({**QUICK, "train": {"network": "linear"}}))


@pytest.mark.parametrize("protocol", ["holdout", "repeated"])
def test_the_gain_is_the_one_that_the_experiment_announces(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, FREE)
    params = check({**QUICK, "evaluate": {**QUICK["evaluate"], "protocol": protocol}})
    images = entries(hard=True)
    own, chosen, *_ = comparison(images, params)
    announced, groups = expected_gain(own, chosen, params)
    assert announced is not None
    said = before_training(own, announced, groups.tolist(), ["cost"], False)
    assert forecast((1, 8, 8), images, params)[2] == said[said.index("cost") - 1]


def test_four_times_the_test_groups_show_a_smaller_gain() -> None:
    params = check(QUICK)
    few, many = (model_of(entries(test, hard=True), params) for test in (30, 120))
    assert few.smallest() is not None
    assert many.smallest() < few.smallest()  # type: ignore[operator]
    assert few.smallest(4) == pytest.approx(many.smallest())


def test_advice_stands_where_the_gain_is_large_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, FREE)
    params = check({**QUICK, "evaluate": {**QUICK["evaluate"], "seeds": 20}})
    few, many = entries(30, hard=True), entries(2000)
    assert model_of(few, params).smallest() > NOTED_GAIN  # type: ignore[operator]
    assert model_of(many, params).smallest() <= NOTED_GAIN  # type: ignore[operator]
    advised = forecast((1, 8, 8), few, params)
    assert len(advised) == 4
    assert advised[3].startswith("to show about 3 points: about ")
    assert "coarser" not in advised[3], "two classes are as coarse as a question can be"
    assert len(forecast((1, 8, 8), many, params)) == 3
    assert "or a coarser question" in forecast((1, 8, 8), entries(30, labels="abc", hard=True), params)[-1]


def test_so_many_test_images_would_do_and_fewer_would_not() -> None:
    model = model_of(entries(hard=True), check({**QUICK, "evaluate": {**QUICK["evaluate"], "seeds": 20}}))
    found = what_would_show(model)
    assert found is not None
    seeds, growth = found
    assert seeds == 20
    assert model.smallest(growth) <= NOTED_GAIN < model.smallest(GROWTHS[GROWTHS.index(growth) - 1])  # type: ignore[operator]


def test_seeds_are_added_where_images_alone_do_not_do() -> None:
    model = model_of(entries(hard=True), check({**QUICK, "evaluate": {**QUICK["evaluate"], "seeds": 2}}))
    with_images_alone = model.smallest(GROWTHS[-1])
    assert with_images_alone is None or with_images_alone > NOTED_GAIN
    found = what_would_show(model)
    assert found is not None
    assert found[0] in (10, 20)
    assert what_would_show(replace(model, recalls=None)) is None


def test_what_repeated_would_show_is_what_it_then_announces() -> None:
    """Guessed without cutting the folds, whose sizes differ by an image or two."""
    params = check(QUICK)
    images = entries(15, hard=True)
    _, _, splits, pool = comparison(images, params)
    guessed = repeated_gain(model_of(images, params), splits, pool, params)
    repeated = model_of(images, check({**QUICK, "evaluate": {**QUICK["evaluate"], "protocol": "repeated"}}))
    assert guessed == pytest.approx(replace(repeated, recalls=model_of(images, params).recalls).smallest(), rel=0.1)


def test_disjoint_sets_of_the_pool_are_guessed_too_and_too_few_images_are_none() -> None:
    params = check(QUICK)
    model = model_of(entries(hard=True), params)
    _, _, splits, pool = comparison(entries(hard=True), params)
    large = toy_set({"a": 270, "b": 270}, seed=9)
    assert repeated_gain(model, splits, large, params) == replace(model, ratio=0.0, seeds=10).smallest()
    assert repeated_gain(model, replace(splits, test=toy_set({"a": 300, "b": 300})), pool, params) is None


@pytest.mark.parametrize("side", [8, 33])
def test_check_and_init_tell_it_at_every_size(
    side: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "train: {width: 4, latent: 4, steps: 2, shared_steps: 2, batch_size: 2}\n"
        "evaluate: {batch_size: 4, steps: 2, seeds: 2, classifier: scratch, arms: [none, gan_half_filtered, "
        "copies_half]}\ncompute: {engine: serial}\n"
    )
    write_set(tmp_path / "set", height=side, width=side)
    told = []
    for command in ("check", "init", "check"):
        assert main([command, "set"]) == 0
        lines = capsys.readouterr().out.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("GANs: "))
        told.append(lines[start : start + 3])
        assert told[-1][0].startswith("GANs: 3 to deliver, 3 more for the proof: less than a minute")
        assert told[-1][1].startswith("evaluation: ")
        assert "in a class and 2 paired seeds this set" in told[-1][2]
    assert told[0][2] == told[1][2] == told[2][2], "the same set, whether params.yaml names it or not"
    assert main(["check", "set", "--json"]) == 0
    assert "GANs" not in capsys.readouterr().out


def test_init_looks_at_large_photos_as_a_run_will(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("evaluate: {seeds: 2, classifier: scratch}\n")
    write_set(tmp_path / "set", height=300, width=400)
    shapes = []
    monkeypatch.setattr(ahead, "forecast", lambda shape, images, params: shapes.append(shape) or [])
    assert main(["init", "set"]) == 0
    assert main(["check"]) in (0, 1)
    assert shapes[0] == (3, 48, 64)
    assert "Next: `dvc repro`" in capsys.readouterr().out


def test_what_no_gain_can_show_is_said() -> None:
    assert "is not expected to show any gain" in smallest_gain_text(None, [3, 4], "5 paired seeds")
