"""What a whole run will take, before there is anything to train on."""

from pathlib import Path

import numpy as np
import pytest

from augment.cli import main
from augment.core.engine import Engine
from augment.core.errors import ParamsError
from augment.core.progress import duration
from augment.data.imageset import ImageSet
from augment.evaluation import cost
from augment.evaluation.cost import candidate_count, classifier_count, forecast, gan_step_groups, total_classifier_steps
from augment.gan import cost as gan_cost
from augment.gan import settings
from augment.gan.settings import class_training
from augment.params import Params, check
from tests.data.corpus import write_set

COUNTS = {"a": 10, "b": 10}
QUICK = {
    "train": {
        "width": 4,
        "latent": 4,
        "steps": 10,
        "shared_steps": 20,
        "batch_size": 2,
        "overrides": {"a": {"steps": 5}},
    },
    "generate": {"folds": 2, "filter_steps": 3},
    "evaluate": {"seeds": 3, "steps": 7, "batch_size": 4, "arms": ["none", "gan_half_filtered", "copies_half"]},
}


def test_the_counts_of_a_run() -> None:
    params = check(QUICK)
    training = class_training(params.train, COUNTS, flips="none", height=8, width=8, device="cpu")
    assert gan_step_groups(training, params) == [[20], [5, 10], [20, 20], [5, 10, 5, 10]]
    alone = class_training(
        params.train.model_copy(update={"transfer": "none"}), COUNTS, flips="none", height=8, width=8, device="cpu"
    )
    assert gan_step_groups(alone, params) == [[], [5, 10], [], [5, 10, 5, 10]]
    assert classifier_count(params) == 9
    assert total_classifier_steps(params, 7) == 9 * 7 + (1 + 3) * 2 * 3
    assert classifier_count(Params()) == 50


def test_candidates_are_those_of_the_delivered_samples_and_of_every_repeat() -> None:
    params = check({**QUICK, "generate": {"per_class": 30, "oversample": 2}})
    names = np.array(["a", "b"])
    pair = ImageSet(np.zeros((2, 1, 8, 8), np.uint8), names, names, names)
    assert candidate_count(params, pair) == (1 + 3) * 2 * 60


def test_candidates_are_a_part_of_the_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "seconds_per_step", lambda run: 0.0)
    monkeypatch.setattr(cost, "seconds_per_candidate", lambda gan, shape, folds: 60.0 * folds)
    monkeypatch.setattr(Engine, "processes", 1)
    params = check({**QUICK, "generate": {"per_class": 30, "oversample": 2, "folds": 2}})
    _, compared = forecast((1, 8, 8), COUNTS, params)
    assert compared == f"and compares 9 classifiers: {duration((1 + 3) * 2 * 60 * 2)}"


def test_two_lines_for_any_set() -> None:
    gans, compared = forecast((3, 12, 9), COUNTS, check(QUICK))
    assert gans.startswith("a run trains 9 GANs, 105 steps: less than a minute on ")
    assert compared == "and compares 9 classifiers: less than a minute"
    other, _ = forecast((1, 12, 9), dict.fromkeys("xyz", 4), check(QUICK))  # overrides of another set count for nothing
    assert other.startswith("a run trains 12 GANs, 150 steps")


def test_a_gpu_trains_the_gans_of_a_group_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "resolve_device", lambda _: "cuda")
    monkeypatch.setattr(settings, "multiplies_bf16", lambda _: True)
    monkeypatch.setattr(gan_cost, "seconds_per_step", lambda _: 60.0)
    gans, _ = forecast((3, 12, 9), COUNTS, check(QUICK))
    assert gans.startswith(f"a run trains 9 GANs in stacks: {duration(20 + 10 + 20 + 10)} or more")


def test_settings_that_do_not_fit_are_found_here() -> None:
    with pytest.raises(ParamsError, match=r"train\.network: linear is one layer"):
        forecast((1, 48, 48), COUNTS, check({"train": {"network": "linear"}}))


def test_check_and_init_tell_it_of_large_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "train: {width: 4, latent: 4, steps: 2, shared_steps: 2, batch_size: 2}\n"
        "evaluate: {batch_size: 4, steps: 2, seeds: 2}\n"
    )
    write_set(tmp_path / "small", height=32, width=32)
    write_set(tmp_path / "large", height=33, width=33)
    for command in ("check", "init"):
        assert main([command, "small"]) == 0
        assert "a run trains" not in capsys.readouterr().out
        assert main([command, "large"]) == 0
        assert "a run trains 6 GANs, 12 steps: less than a minute" in capsys.readouterr().out
    assert main(["check", "large", "--json"]) == 0
    assert "a run trains" not in capsys.readouterr().out
