"""Training from arrays: the pipeline's GANs, and words for what does not fit."""

import inspect
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import augment
from augment.core.engine import Engine
from augment.core.errors import DataError, ParamsError, TrainingError
from augment.data.imageset import ImageSet
from augment.gan.api import train_generators
from augment.gan.backend import Backend
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.per_class import train_classes
from augment.gan.settings import class_training
from augment.params import Compute, Ingest, Train
from tests.gan.conftest import images

QUICK = {"width": 4, "latent": 4, "shared_steps": 6, "steps": 6, "batch_size": 4}
LABELS = ["b"] * 6 + ["a"] * 4


def equal(first: GeneratorSet, second: GeneratorSet) -> bool:
    return first.classes == second.classes and all(
        torch.equal(first[label].sample(3), second[label].sample(3)) for label in first
    )


@pytest.mark.parametrize("side", [8, 16])
def test_it_trains_what_the_pipeline_trains(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In half precision too, which begins at 16 px."""
    monkeypatch.setattr("augment.gan.settings.multiplies_bf16", lambda _: True)
    generators = train_generators(images(10, side=side), LABELS, seed=3, device="cpu", **QUICK)
    names = np.array(LABELS)
    data = ImageSet(images(10, side=side), names, names, names)
    training = class_training(Train(**QUICK), {"a": 10, "b": 10}, flips="none", height=side, width=side, device="cpu")
    assert {settings.precision for settings in training.classes.values()} == {"bf16" if side == 16 else "fp32"}
    (trained,) = train_classes(data, training, [3], Backend(Engine("serial", 1), "cpu", None, 30.0))
    assert list(generators) == ["a", "b"]
    for label, gan in trained.classes.items():
        mine = generators[label].network.state_dict()
        assert all(torch.equal(mine[name], value) for name, value in gan.result.generator.items())
    assert generators.shared is not None
    assert trained.shared is not None
    mine = generators.shared.network.state_dict()
    assert all(torch.equal(mine[name], value) for name, value in trained.shared.generator.items())


def test_the_defaults_are_those_of_params_yaml() -> None:
    arguments = inspect.signature(train_generators).parameters
    for name, field in (Train.model_fields | {"device": Compute.model_fields["device"]}).items():
        if name in arguments and name != "overrides":
            assert arguments[name].default == field.default, name
    assert arguments["flips"].default == Ingest().flips


def test_names_numbers_tensors_and_arrays_say_the_same() -> None:
    numbers = [1] * 6 + [0] * 4
    by_name = train_generators(images(10), LABELS, **QUICK)
    ways = [
        train_generators(torch.from_numpy(images(10)), torch.tensor(numbers), classes=["a", "b"], **QUICK),
        train_generators(images(10), np.array(numbers), classes=["a", "b"], **QUICK),
        train_generators(images(10), np.array(LABELS), **QUICK),
    ]
    assert all(equal(by_name, other) for other in ways)


def test_numbers_keep_their_order_beyond_ten(tmp_path: Path) -> None:
    generators = train_generators(images(24), [index // 2 for index in range(24)], transfer="none", **QUICK)
    assert generators.class_to_idx == {str(index): index for index in range(12)}
    generators.save(tmp_path)
    assert load_generators(tmp_path).class_to_idx == generators.class_to_idx


def test_an_order_of_classes_is_kept_through_save_and_load(tmp_path: Path) -> None:
    generators = train_generators(images(10), LABELS, classes=["b", "a"], **QUICK)
    assert generators.class_to_idx == {"b": 0, "a": 1}
    generators.save(tmp_path / "models")
    assert equal(augment.load_generators(tmp_path / "models"), generators)
    assert load_generators(tmp_path / "models")["a"].training == generators["a"].training
    assert generators["a"].training["images"] == 4


def test_a_store_makes_the_second_call_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train_generators(images(10), LABELS, store=tmp_path, **QUICK)
    monkeypatch.setattr("augment.gan.checkpoint_store.fit", lambda *_, **__: pytest.fail("trained again"))
    assert equal(first, train_generators(images(10), LABELS, store=tmp_path, **QUICK))


def test_a_class_that_fails_is_named_and_nothing_but_failures_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "augment.gan.training.trainer.find_fault", lambda *found: "collapsed" if len(found[-1]) == 4 else None
    )
    generators = train_generators(images(10), LABELS, transfer="none", **QUICK)
    assert list(generators) == ["b"]
    assert generators.failed == {"a": "collapsed at step 5"}
    with pytest.raises(TrainingError, match="every class's GAN failed"):
        train_generators(images(4), LABELS[-4:], transfer="none", **QUICK)


def weights(made: GeneratorSet) -> list[torch.Tensor]:
    return list(made["a"].network.state_dict().values())


@pytest.mark.parametrize(
    "context",
    [torch.no_grad, torch.inference_mode, torch.enable_grad, partial(torch.autocast, "cpu", torch.bfloat16)],
)
def test_the_callers_torch_changes_nothing_and_stays_as_it_was(context: Any) -> None:
    expected = weights(train_generators(images(10), LABELS, **QUICK))
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    try:
        with context():
            found = weights(train_generators(images(10), LABELS, **QUICK))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(map(torch.equal, found, expected))
    after = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(torch.rand(3), after)


def test_a_default_device_of_the_callers_changes_nothing() -> None:
    """On the device `meta` nothing has values, so whatever were made there would be missed."""
    expected = train_generators(images(10), LABELS, **QUICK)
    torch.set_default_device("meta")
    try:
        found = train_generators(images(10), LABELS, device="cpu", **QUICK)
        samples, nothing = found["a"].sample(3), found["a"].sample(0)
        assert torch.get_default_device().type == "meta"
    finally:
        torch.set_default_device(None)
    assert torch.equal(samples, expected["a"].sample(3))
    assert nothing.device.type == "cpu"
    assert all(map(torch.equal, weights(found), weights(expected)))


def test_the_callers_generators_of_gpus_are_not_seeded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """`torch.manual_seed` would seed them."""
    monkeypatch.setattr("torch.manual_seed", lambda *_: pytest.fail("seeds every device"))
    train_generators(images(10), LABELS, **QUICK)


def test_views_and_numbers_of_numpy_do_as_well() -> None:
    expected = train_generators(images(10)[:, :, ::-1].copy(), LABELS, **QUICK)
    numbers: Any = {name: np.int64(value) for name, value in QUICK.items()}
    view = images(10)[:, :, ::-1]
    assert equal(train_generators(view, LABELS, **numbers), expected)
    half: Any = np.float32(0.5)
    assert equal(train_generators(view, LABELS, gamma=half, **QUICK), expected)


def test_threads_wait_for_each_other() -> None:
    expected = weights(train_generators(images(10), LABELS, **QUICK))
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: train_generators(images(10), LABELS, **QUICK), range(3)))
    assert all(torch.equal(one, other) for own in made for one, other in zip(weights(own), expected, strict=True))


def test_threads_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    train_generators(images(10), LABELS, **QUICK)
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == 2


@pytest.mark.parametrize(
    ("pixels", "labels", "classes", "words"),
    [
        (images(3) / 255, ["a"] * 3, None, "must be uint8"),
        (images(3)[:, 0], ["a"] * 3, None, "must be uint8"),
        (images(3), ["a"] * 2, None, "differ in length"),
        (images(3), [], None, "no labels"),
        (images(3), ["a", "a", "b"], None, "'b' has 1 images, at least 2"),
        (images(3), [0, 0, 2], None, "'1' has 0 images"),
        (images(3), [0, 0, 2], ["x", "y"], "from 0 to 2, and there are 2 classes"),
        (images(3), [0, 0, -1], None, "from -1 to 0"),
        (images(3), ["a", "a", "c"], ["a", "b"], r"\['c'\] are not among classes"),
        (images(3), ["a", "a", "b"], ["a", "b", "b"], "names a class twice"),
        (images(3), [0, 0, 1], [0, 1], "must be names"),
        (images(4), [0, 0, 10**9, 10**9], None, "there are 4 images: give 0 to K - 1"),
        (images(4), ["a", "a", "", ""], None, "cannot be called ''"),
        (images(4), ["a", "a", "b" * 2000, "b" * 2000], None, "cannot be called"),
        (images(4), ["a", "a", "\ud800", "\ud800"], None, "cannot be called"),
        (images(4), ["A", "A", "a-559aea", "a-559aea"], None, "would share the folder"),
        (images(3), ["a", "a", 1], None, "all alike; found 'a'"),
        (images(3), [0.5, 0.5, 1.0], None, "found 0.5"),
        (images(2), np.eye(2), None, r"found array\(\[1., 0.\]\)"),
        (images(2), torch.eye(2), None, r"found tensor\(\[1., 0.\]\)"),
        (np.zeros((2, 1, 1, 9), np.uint8), ["a", "a"], None, "1 x 9 pixels; 2 to 256"),
    ],
)
def test_what_does_not_fit_is_said(pixels: np.ndarray, labels: list, classes: list | None, words: str) -> None:
    with pytest.raises(DataError, match=words):
        train_generators(pixels, labels, classes=classes)


def test_settings_are_checked_as_params_yaml_is() -> None:
    with pytest.raises(ParamsError, match=r"train_generators: train\.steps: .*'many'"):
        train_generators(images(4), ["a"] * 4, steps="many")
    with pytest.raises(ParamsError, match=r"train\.loss"):
        train_generators(images(4), ["a"] * 4, loss="wgan")
    for jobs in (0, -1):
        with pytest.raises(ParamsError, match=r"compute\.jobs"):
            train_generators(images(4), ["a"] * 4, jobs=jobs)
    with pytest.raises(ParamsError, match=r"ingest\.flips"):
        train_generators(images(4), ["a"] * 4, flips="sideways")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"overrides": {"z": {"steps": 9}}}, r"train\.overrides: no class is called 'z'; the classes are 'a'"),
        ({"network": "linear"}, r"train\.network: linear is one layer.*41x41"),
        ({"loss": "wasserstein_gp", "gamma": 0}, r"train\.gamma: 0 switches off the penalty"),
    ],
)
def test_messages_speak_of_the_call_and_not_of_a_file(settings: dict, words: str) -> None:
    with pytest.raises(ParamsError, match=f"^train_generators: {words}"):
        train_generators(images(4, side=41), ["a"] * 4, **settings)


def test_more_processes_without_joblib_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(augment.AugmentError, match=r"pip install 'gan-augment\[pipeline\]', or use jobs=1"):
        train_generators(images(4), ["a"] * 4, jobs=2)
