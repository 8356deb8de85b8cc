"""Every arm against its definition, and all of them in one small comparison."""

import numpy as np
import pytest
import torch
from torch import nn

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.arms import scratch
from augment.evaluation.arms.draws import Samples, arm_data, delivered_images
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.arms.seen import Look
from augment.evaluation.experiment.experiment import add_delivered_arm, run_experiment
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.scores import predictions
from augment.gan.generators import GeneratorSet
from augment.measure import augmentations
from augment.measure.classifiers import FitSettings, probabilities
from augment.params.arms import (
    ARMS,
    BACKBONE_ARMS,
    BASE_AUGMENTATIONS,
    REAL_ARMS,
    SOURCES,
    UNMATCHED_ARM,
    UNTRANSLATED_ARM,
    arm_kinds,
)
from augment.synthesis.filter import FilterSettings
from tests.evaluation.verdict.judged import judged, table_of
from tests.toy import Fixed

ELSEWHERE = (*BACKBONE_ARMS, UNMATCHED_ARM, UNTRANSLATED_ARM)  # the last runs where a class has translated samples
BY_NETWORK = [arm for arm in ARMS if arm not in ELSEWHERE]  # from scratch
PLAIN_IMAGES = ["none", "oversample", "as_delivered"]
COUNTS = {"a": 8, "b": 4, "c": 2}
USES = {
    "smote": "smote", "smote_half": "smote", "mixup_within": "mixes", "mixup_within_half": "mixes", "cmo": "pasted",
    "gan_fill": "raw", "gan_half": "raw", "gan_half_filtered": "filtered", "gan_half_unmatched": "filtered",
    "gan_only": "raw", "copies_half": "copies",
    "shuffled": "shuffled", "noise": "noise", "as_delivered": "filtered", "distilled_gan": "filtered",
    "untranslated_half": "untranslated",
}  # fmt: skip


def image_set(each=1, seed=0):
    labels = np.repeat(np.array(list(COUNTS), dtype=np.str_), [each * count for count in COUNTS.values()])
    images = np.random.default_rng(seed).integers(0, 60, (len(labels), 1, 8, 8), dtype=np.uint8)
    for position, label in enumerate(COUNTS):
        images[labels == label, :, 2 * position + 1] = 90
    names = np.arange(len(labels)).astype(np.str_)
    return ImageSet(images, labels, names, names)


TRAIN = image_set()
SAMPLES = Samples(
    {source: {label: np.full((5, 1, 8, 8), 101 + level, np.uint8) for label in COUNTS}
     for level, source in enumerate(SOURCES)},  # each has a grey level of its own
    delivered=delivered_images(
        "gan_half_filtered", TRAIN, {label: np.full((5, 1, 8, 8), 102, np.uint8) for label in COUNTS}
    )[0],
)  # fmt: skip


def shares(arm, samples=SAMPLES):
    """Per class: its chance, and the made images' part of it."""
    data = arm_data(arm, TRAIN, samples)
    assert data.sampling_weights.sum() == pytest.approx(1.0)
    of_class = np.array([data.sampling_weights[data.targets == target].sum() for target in range(3)])
    made = data.images.min(axis=(1, 2, 3)) > 100
    if made.any():
        levels = set(data.images[made & (data.sampling_weights > 0)].flatten().tolist())
        assert levels == {101 + SOURCES.index(USES[arm])}, f"{arm} draws other images than its own"
    part = np.array([data.sampling_weights[made & (data.targets == target)].sum() for target in range(3)]) / of_class
    return of_class, part


PLAIN_DRAWS = (
    "oversample", "class_weights", "classical", "randaugment", "mixup_cutmix", "trivialaugment", "label_smoothing",
    "probe", "finetune", "normal_distance", "distilled", "distilled_gan",
)  # fmt: skip
UNIFORM = ("none", "logit_adjusted")
THIRDS = [1 / 3, 1 / 3, 1 / 3]
PLAIN, FILL, HALF = [0, 0, 0], [0, 0.5, 0.75], [0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("arm", "classes", "made"),
    [
        *((arm, [8 / 14, 4 / 14, 2 / 14], PLAIN) for arm in UNIFORM),
        *((arm, THIRDS, PLAIN) for arm in PLAIN_DRAWS),
        *((arm, THIRDS, FILL) for arm in ("smote", "mixup_within", "gan_fill")),
        *((arm, THIRDS, HALF) for arm in USES if arm.endswith("half") or arm.startswith("gan_half_")),
        *((arm, THIRDS, HALF) for arm in ("shuffled", "noise", "as_delivered", "cmo")),
        ("gan_pretrain", THIRDS, PLAIN),
        ("gan_only", THIRDS, [1, 1, 1]),
    ],
)
def test_sampling_weights(arm, classes, made):
    of_class, part = shares(arm)
    np.testing.assert_allclose(of_class, classes)
    np.testing.assert_allclose(part, made)


def test_the_sampling_weights_above_cover_every_arm():
    assert {arm for mark in test_sampling_weights.pytestmark for arm, _, _ in mark.args[1]} == set(ARMS)


@pytest.mark.parametrize("arm", ARMS)
def test_without_made_images_real_ones_are_drawn(arm):
    of_class, part = shares(arm, Samples())
    assert not part.any()
    np.testing.assert_allclose(of_class, [8 / 14, 4 / 14, 2 / 14] if arm in UNIFORM else THIRDS)


def a_run(arm, **changed):
    values = {"train": TRAIN, "samples": SAMPLES, "fit": FitSettings(3, 1e-3), "batch_size": 32, "flips": "none"}
    return ScratchFit(arm=arm, seed=0, **{**values, **changed})


def scores_of(arm):
    return probabilities(fit_scratch(a_run(arm)), image_set(2, seed=1).images)


@pytest.fixture
def fitted(monkeypatch):
    """Run an arm and see what it gives to the classifier."""

    def given_to_the_classifier(arm, **changed):
        seen = {}

        def fit(batch, shape, classes, settings, augment, seed, first_half=None, blend=None, loss_of=None):
            protocol = (shape, classes, settings)
            seen.update(
                batch=batch, augment=augment, seed=seed, first=first_half, blend=blend, plan=protocol, loss=loss_of
            )
            return nn.Identity()

        monkeypatch.setattr(scratch, "fit_classifier", fit)
        fit_scratch(a_run(arm, **changed))
        return seen

    return given_to_the_classifier


def drawn(batch, blend=None):
    """Images and targets of many draws, blended where a blend is given."""
    rng = torch.Generator().manual_seed(0)
    batches = [batch(rng) for _ in range(40)]
    images, targets = zip(*(blend(*one, rng) if blend else one for one in batches), strict=True)
    return torch.cat(images).float(), torch.cat(targets)


def test_all_arms_share_network_steps_and_seed(fitted):
    found = [fitted(arm) for arm in BY_NETWORK]
    assert {given["seed"] for given in found} == {found[0]["seed"]}
    assert {given["plan"] for given in found} == {((1, 8, 8), 3, FitSettings(3, 1e-3))}


def test_which_arms_augment(fitted):
    plain = [arm for arm in BY_NETWORK if fitted(arm)["augment"] is None]
    assert plain == PLAIN_IMAGES
    names = {arm: type(fitted(arm)["augment"]).__name__ for arm in BY_NETWORK if arm not in plain}
    assert [arm for arm, name in names.items() if name != "Sequential"] == [
        "randaugment",
        "trivialaugment",
        "label_smoothing",
    ]


@pytest.mark.parametrize("arm", [arm for arm in BY_NETWORK if arm not in PLAIN_IMAGES])
def test_arms_build_on_the_base_and_the_bases_on_nothing(fitted, arm, monkeypatch):
    for name in ("classical_augmentation", "randaugment", "trivialaugment"):
        monkeypatch.setattr(augmentations, name, lambda *_, name=name: name.removesuffix("_augmentation"))

    def way(given):
        return "mixup_cutmix" if given["blend"] and given["augment"] == "classical" else given["augment"]

    found = [way(fitted(arm, base=base)) for base in BASE_AUGMENTATIONS]
    fixed = {"label_smoothing": "randaugment"}.get(arm, arm)
    assert found == ([fixed] * 4 if fixed in BASE_AUGMENTATIONS else list(BASE_AUGMENTATIONS))


def test_only_what_says_so_changes_the_loss(fitted):
    changed = [arm for arm in BY_NETWORK if fitted(arm)["loss"] is not torch.nn.functional.cross_entropy]
    assert changed == ["logit_adjusted", "label_smoothing"]


def test_both_halves_of_pretraining_are_blended(fitted):
    given = fitted("gan_pretrain", base="mixup_cutmix")
    for half in ("first", "batch"):
        rows = drawn(given[half], given["blend"])[1]
        assert ((rows > 0).sum(dim=1) == 2).float().mean() > 0.3


def test_blended_rows_keep_the_weights_of_classes(fitted):
    given = fitted("class_weights", base="mixup_cutmix")
    _, rows = drawn(given["batch"], given["blend"])
    assert ((rows > 0).sum(dim=1) == 2).float().mean() > 0.2
    np.testing.assert_allclose(rows.mean(dim=0), THIRDS, atol=0.05)


def test_pretraining_sees_synthetic_then_real(fitted):
    given = fitted("gan_pretrain")
    first, targets = drawn(given["first"])
    assert set(first.flatten().tolist()) == {101.0}
    np.testing.assert_allclose(np.bincount(targets) / len(targets), THIRDS, atol=0.05)
    second, targets = drawn(given["batch"])
    assert second.max() < 100
    np.testing.assert_allclose(np.bincount(targets) / len(targets), THIRDS, atol=0.05)
    assert [arm for arm in BY_NETWORK if fitted(arm)["first"]] == ["gan_pretrain"]


def test_class_weights_draw_evenly_and_weigh_the_loss(fitted):
    _, rows = drawn(fitted("class_weights")["batch"])
    targets = rows.argmax(dim=1)
    np.testing.assert_allclose(np.bincount(targets) / len(targets), [8 / 14, 4 / 14, 2 / 14], atol=0.04)
    weights = torch.tensor([14 / (3 * count) for count in COUNTS.values()])
    torch.testing.assert_close(rows.sum(dim=1), weights[targets])


def test_mixup_cutmix_blends_the_classical_draw(fitted):
    given = fitted("mixup_cutmix")
    _, rows = drawn(given["batch"], given["blend"])
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(len(rows)))
    assert ((rows > 0).sum(dim=1) == 2).float().mean() > 0.3
    np.testing.assert_allclose(rows.mean(dim=0), THIRDS, atol=0.05)


@pytest.mark.parametrize("arm", BY_NETWORK)
def test_every_arm_trains_and_repeats_itself(arm):
    first, again = scores_of(arm), scores_of(arm)
    assert first.shape == (28, 3)
    assert np.isfinite(first).all()
    assert (first == again).all()


def test_arms_differ():
    scores = {arm: scores_of(arm) for arm in BY_NETWORK}
    same = {
        (one, other) for one in scores for other in scores if one < other and np.array_equal(scores[one], scores[other])
    }
    assert not same


def test_a_small_comparison_with_all_arms():
    fit = FitSettings(4, 2e-3)
    settings = ExperimentSettings(
        arms=BY_NETWORK, wanted=4, oversample=2, filter=FilterSettings(2, 0.9, fit, 16, "none"),
        fit=fit, batch_size=16, flips="none", look=Look("lite0", "none", 0),
    )  # fmt: skip
    splits = Splits(image_set(), image_set(1, seed=2), image_set(2, seed=3))
    replicates = paired_seeds(splits, [0, 1]).replicates
    others = image_set(6, seed=7)
    generators = GeneratorSet({label: Fixed(label, others.of_class(label).images) for label in COUNTS})
    compared = run_experiment(replicates, [generators, generators], settings, Engine("serial"))
    assert list(predictions(compared.scores.test)) == [arm for arm in BY_NETWORK if arm != "as_delivered"]
    compared = add_delivered_arm(compared, replicates, "gan_half_filtered", settings, Engine("serial"))
    assert list(predictions(compared.scores.test)) == BY_NETWORK
    assert all(np.shape(found) == (2, 28) for found in predictions(compared.scores.test).values())
    sides = ((splits.test, predictions(compared.scores.test)), (splits.val, predictions(compared.scores.val)))
    test, val = (
        table_of(
            side.targets(side.classes),
            side.groups,
            {a: np.stack(own) == side.targets(side.classes) for a, own in found.items()},
        )
        for side, found in sides
    )
    _, verdict = judged(test, val, arm_kinds(BY_NETWORK))
    assert [row["arm"] for row in verdict.arms] == BY_NETWORK
    assert len(verdict.reasons) >= len({*REAL_ARMS} - {*BACKBONE_ARMS}) + 1, (
        "a line for each rival, the control and val"
    )
