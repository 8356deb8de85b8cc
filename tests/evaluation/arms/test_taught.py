"""A network that a probe teaches: the pool, its soft labels, and that nothing else is learned."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from augment.core.engine import Engine
from augment.evaluation.arms import taught
from augment.evaluation.arms.backbone_arms import backbone_fit
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit
from augment.evaluation.arms.seen import Look, see_images
from augment.evaluation.arms.taught import TaughtFit, blended, fit_taught, pool_batches, pool_images, soft_labels
from augment.measure.classifiers import FitSettings, probabilities
from augment.measure.logistic import LogisticModel
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import bars, toy_set

LOOK = Look("lite0", "none", 0)
TRAIN = toy_set({"a": 12, "b": 4, "c": 6})
TEST = toy_set({"a": 20, "b": 20, "c": 20}, seed=9)
MADE = {"a": bars(0, 3, seed=5), "b": bars(1, 500, seed=6)}


def teacher(classes: list[int], width: int) -> LogisticModel:
    """Its logits are the features themselves."""
    zeros, ones = np.zeros(width, np.float32), np.ones(width, np.float32)
    return LogisticModel(np.array(classes), zeros, ones, np.eye(width, dtype=np.float32)[: len(classes)], zeros)


@pytest.fixture
def job(monkeypatch, small_backbone):  # noqa: F811
    monkeypatch.setattr(taught, "VIEWS", 120)
    monkeypatch.setattr(taught, "BLENDS", 40)
    seen = see_images([TRAIN], [TEST.images], LOOK, Engine("serial"))
    asked = np.zeros(0, np.int64)
    probe = backbone_fit("probe", None, TRAIN, Samples(), asked, seen, LOOK, 0.01, seed=3)
    student = ScratchFit("distilled_gan", 3, TRAIN, Samples({"filtered": MADE}), FitSettings(80, 5e-3), 32, "none")
    return TaughtFit(student, probe)


def weights_of(network):
    return torch.cat([part.detach().flatten() for part in network.parameters()]).numpy()


def test_labels_are_the_softmax_of_logits_over_the_temperature():
    logits = np.random.default_rng(0).normal(0, 3, (20, 4)).astype(np.float32)
    expected = torch.softmax(torch.from_numpy(logits) / taught.TEMPERATURE, dim=1).numpy()
    np.testing.assert_allclose(soft_labels(teacher([0, 1, 2, 3], 4), logits, 4), expected, rtol=1e-5)


def test_a_teacher_that_is_sure_gives_hard_labels():
    sure = 5000 * np.eye(3, dtype=np.float32)
    assert np.array_equal(soft_labels(teacher([0, 1, 2], 3), sure, 3), np.eye(3, dtype=np.float32))


def test_a_class_that_the_teacher_was_not_shown_is_never_said():
    found = soft_labels(teacher([0, 2], 2), np.zeros((1, 2), np.float32), 3)
    assert np.array_equal(found, [[0.5, 0, 0.5]])


def test_the_pool_has_real_images_of_all_classes_alike_blends_and_the_first_made_ones(monkeypatch):
    monkeypatch.setattr(taught, "augmented_once", lambda images, flips, seed: images.copy())
    pool = pool_images(TRAIN, MADE, "none", 0)
    label_of = {image.tobytes(): label for image, label in zip(TRAIN.images, TRAIN.labels, strict=True)}
    labels = [label_of[image.tobytes()] for image in pool[: taught.VIEWS]]
    for label in TRAIN.classes:
        assert labels.count(label) / len(labels) == pytest.approx(1 / 3, abs=0.05)
    blends, made = pool[taught.VIEWS :][: taught.BLENDS], pool[taught.VIEWS + taught.BLENDS :]
    assert np.mean([image.tobytes() not in label_of for image in blends]) > 0.8
    assert np.array_equal(made, np.concatenate([MADE["a"], MADE["b"][:400]]))


def test_the_pool_is_augmented_and_its_seeds():
    pool = pool_images(TRAIN, {}, "none", 1)
    assert np.array_equal(pool, pool_images(TRAIN, {}, "none", 1))
    assert not np.array_equal(pool, pool_images(TRAIN, {}, "none", 2))
    known = {image.tobytes() for image in TRAIN.images}
    assert np.mean([image.tobytes() in known for image in pool[: taught.VIEWS]]) < 0.5


def test_blends_lie_between_images_that_are_blended_together():
    flat = np.repeat(np.arange(0, 220, 20, dtype=np.uint8), 64).reshape(11, 1, 8, 8)  # eight and three
    found = blended(flat, 0)
    for part, of in ((found[:8], flat[:8]), (found[8:], flat[8:])):
        assert part.min() >= of.min()
        assert part.max() <= of.max()
    assert not np.array_equal(found, flat)
    alike = np.full((16, 1, 8, 8), 7, np.uint8)
    assert np.array_equal(blended(alike, 0), alike)


def test_images_keep_their_labels_when_drawn():
    images = np.arange(50, dtype=np.uint8).reshape(50, 1, 1, 1)
    labels = np.stack([np.arange(50), 1 - np.arange(50)], axis=1).astype(np.float32)
    shown, said = pool_batches(images, labels, 64)(torch.Generator().manual_seed(0))
    assert len(shown) == 64
    assert torch.equal(said[:, 0], shown.flatten().float())
    assert len(shown.unique()) > 25


def test_the_network_learns_what_the_teacher_says(job, monkeypatch):
    """Also where that is wrong: no true label reaches it."""
    targets = TEST.targets(TEST.classes)
    network = fit_taught(job)
    assert (probabilities(network, TEST.images).argmax(axis=1) == targets).mean() > 0.9
    model = taught.fit_teacher(job.teacher)
    turned = replace(model, classes=np.array([1, 2, 0]))
    monkeypatch.setattr(taught, "fit_teacher", lambda probe: turned)
    assert (probabilities(fit_taught(job), TEST.images).argmax(axis=1) == (targets + 1) % 3).mean() > 0.9


def test_labels_of_made_images_do_not_matter_and_the_images_do(job):
    def taught_with(made):
        student = replace(job.student, fit=FitSettings(5, 5e-3), samples=Samples({"filtered": made}))
        return weights_of(fit_taught(replace(job, student=student)))

    first, second = MADE.values()
    found = taught_with({"a": first, "b": second})
    assert np.array_equal(found, taught_with({"c": first, "a": second}))
    assert not np.array_equal(found, taught_with({"a": first, "b": 255 - second}))
    assert not np.array_equal(found, taught_with({}))


def test_a_seed_gives_one_network(job):
    def with_seed(seed):
        return weights_of(fit_taught(replace(job, student=replace(job.student, seed=seed, fit=FitSettings(5, 5e-3)))))

    assert np.array_equal(with_seed(3), with_seed(3))
    assert not np.array_equal(with_seed(3), with_seed(4))
