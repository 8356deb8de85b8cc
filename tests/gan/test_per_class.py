"""One GAN per class: shared first, independent of the other classes, failures contained."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.core.engine import Engine
from augment.core.errors import ParamsError, TrainingError
from augment.data.imageset import ImageSet
from augment.gan import settings
from augment.gan.backend import Backend
from augment.gan.checkpoint_store import FinishedGan
from augment.gan.per_class import ClassTraining, shared_job, train_classes
from augment.gan.settings import class_training
from augment.gan.training.run import GanSettings
from augment.params import Train

HERE = Backend(Engine("serial", 1), "cpu", None, 30.0)


def equal(first: FinishedGan, second: FinishedGan) -> bool:
    one, other = first.whole().generator, second.whole().generator
    return bool(one) and all(torch.equal(one[name], other[name]) for name in one)


def test_processes_give_what_one_process_gives(two_classes: ImageSet, tiny: GanSettings, tmp_path: Path) -> None:
    training = ClassTraining(tiny, dict.fromkeys(two_classes.classes, tiny))
    (alone,) = train_classes(two_classes, training, [0], HERE)
    there = Backend(Engine("local", 2), "cpu", tmp_path, 30.0)
    (apart,) = train_classes(two_classes, training, [0], there)
    assert all(equal(alone.classes[label], apart.classes[label]) for label in two_classes.classes)


def test_without_transfer_a_class_does_not_depend_on_the_others(two_classes: ImageSet, tiny: GanSettings) -> None:
    training = ClassTraining(None, dict.fromkeys(two_classes.classes, tiny))
    (both,) = train_classes(two_classes, training, [0], HERE)
    (one,) = train_classes(two_classes.of_class("a"), ClassTraining(None, {"a": tiny}), [0], HERE)
    assert equal(both.classes["a"], one.classes["a"])


def test_with_transfer_a_class_starts_from_the_shared_gan(two_classes: ImageSet, tiny: GanSettings) -> None:
    classes = dict.fromkeys(two_classes.classes, tiny)
    (shared,) = train_classes(two_classes, ClassTraining(tiny, classes), [0], HERE)
    (scratch,) = train_classes(two_classes, ClassTraining(None, classes), [0], HERE)
    assert not equal(shared.classes["a"], scratch.classes["a"])
    assert shared.shared is not None
    assert scratch.shared is None


def test_the_shared_gan_draws_classes_equally(two_classes: ImageSet, tiny: GanSettings) -> None:
    sampling_weights = shared_job(two_classes, tiny, 0, "cpu", "shared").sampling_weights
    assert sampling_weights[:5].sum() == pytest.approx(0.5)
    assert sampling_weights.sum() == pytest.approx(1.0)


def test_a_class_that_fails_leaves_the_others_alone(two_classes: ImageSet, tiny: GanSettings) -> None:
    wild = dataclasses.replace(tiny, learning_rate=1e30)
    (result,) = train_classes(two_classes, ClassTraining(None, {"a": wild, "b b/;$(x)": tiny}), [0], HERE)
    assert result.classes["a"].result.reason
    assert not result.classes["b b/;$(x)"].result.reason


def test_a_shared_gan_that_fails_says_what_to_do(two_classes: ImageSet, tiny: GanSettings) -> None:
    wild = dataclasses.replace(tiny, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"train\.transfer: none"):
        train_classes(two_classes, ClassTraining(wild, {"a": tiny}), [0], HERE)


def test_a_shared_gan_that_failed_says_the_same_again(two_classes: ImageSet, tiny: GanSettings, tmp_path: Path) -> None:
    """From the work store, where it has no weights to start classes from or to time."""
    wild = dataclasses.replace(tiny, learning_rate=1e30)
    said = []
    for _ in range(2):
        with pytest.raises(TrainingError) as caught:
            train_classes(two_classes, ClassTraining(wild, {"a": tiny}), [0], Backend(Engine(), "cpu", tmp_path, 30.0))
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_settings_of_single_classes() -> None:
    train = Train(overrides={"a": {"steps": 9, "gamma": 2.0}}, steps=5, shared_steps=7, precision="fp32")
    training = class_training(train, {"a": 10, "b": 10}, flips="none", height=8, width=8, device="cpu")
    assert training.shared is not None
    assert training.shared.steps == 7
    assert (training.classes["a"].steps, training.classes["a"].gamma) == (9, 2.0)
    assert (training.classes["b"].steps, training.classes["b"].gamma) == (5, train.gamma)


def test_an_override_of_an_unknown_class_is_named() -> None:
    train = Train(overrides={"c": {"steps": 9}})
    with pytest.raises(ParamsError, match=r"'c'; the classes are 'a', 'b'"):
        class_training(train, {"a": 10, "b": 10}, flips="none", height=8, width=8, device="cpu")


@pytest.mark.parametrize(("side", "usual"), [(8, 300), (16, 400)])
def test_fewer_images_take_fewer_steps_after_a_shared_gan(side: int, usual: int) -> None:
    counts = {"a": 5, "b": 1, "c": 10, "d": 500}

    def steps(train: Train) -> list[int]:
        training = class_training(train, counts, flips="none", height=side, width=side, device="cpu")
        return [training.classes[label].steps for label in counts]

    assert steps(Train()) == [200, 40, usual, usual]
    assert steps(Train(transfer="none")) == [usual] * 4
    assert steps(Train(steps=350, overrides={"b": {"steps": 7}})) == [350, 7, 350, 350]


def test_small_images_are_trained_in_full_precision() -> None:
    training = class_training(Train(), {"a": 10}, flips="none", height=8, width=8, device="cpu")
    assert training.classes["a"].precision == "fp32"


@pytest.mark.parametrize(
    ("side", "hardware", "expected"), [(16, True, "bf16"), (15, True, "fp32"), (64, False, "fp32")]
)
def test_larger_images_train_in_bf16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, side: int, hardware: bool, expected: str
) -> None:
    monkeypatch.setattr(settings, "multiplies_bf16", lambda device: hardware)
    training = class_training(Train(), {"a": 10}, flips="none", height=side, width=40, device="cpu")
    assert training.classes["a"].precision == training.shared.precision == expected


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_convolutions_compute_in_the_precision_that_is_set(
    two_classes: ImageSet, tiny: GanSettings, precision: str, dtype: torch.dtype
) -> None:
    seen: set[torch.dtype] = set()

    def note(module: torch.nn.Module, given: Any, made: torch.Tensor) -> None:
        if isinstance(module, torch.nn.Conv2d):
            seen.add(made.dtype)

    with torch.nn.modules.module.register_module_forward_hook(note):
        train_classes(
            two_classes, ClassTraining(None, {"a": dataclasses.replace(tiny, precision=precision)}), [0], HERE
        )
    assert seen == {dtype}


def test_a_class_smaller_than_a_batch_trains(tiny: GanSettings) -> None:
    one = ImageSet(np.zeros((2, 3, 25, 25), np.uint8), np.array(["a"] * 2), np.array(["0", "1"]), np.array(["", ""]))
    (result,) = train_classes(one, ClassTraining(None, {"a": dataclasses.replace(tiny, batch_size=16)}), [0], HERE)
    assert not result.classes["a"].result.reason
