"""The lines before the expensive part: what is counted, for every family that may win on val."""

from dataclasses import replace

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms.finetune import BATCH_SIZE, STEPS
from augment.evaluation.arms.probe import FOLDS, STRENGTHS, VIEWS_OF_FOLDS
from augment.evaluation.arms.seen import Look, views_of
from augment.evaluation.cost import counting
from augment.evaluation.cost.counting import ExperimentCost, experiment_cost, measure_cost, rows_seen
from augment.evaluation.cost.timing import BackboneSeconds, Timings
from augment.evaluation.cost.wording import advice_text, cost_line, minutes_text
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.gan.backend import Backend
from augment.gan.latent_transfer import inversion_passes
from augment.gan.settings import class_training
from augment.measure.classifiers import FitSettings
from augment.params import Train
from augment.params.arms import ARMS, DEFAULT_ARMS, UNMATCHED_ARM
from augment.synthesis.filter import FilterSettings
from tests.toy import toy_set

SERIAL = Engine("serial")
COUNTS = {"a": 6, "b": 3}
TRAIN, VAL, TEST = toy_set(COUNTS), toy_set({"a": 2, "b": 2}, seed=1), toy_set({"a": 10, "b": 4}, seed=2)
SPLITS = Splits(
    *(replace(s, sources=np.char.add(n, s.sources)) for n, s in zip("tvs", (TRAIN, VAL, TEST), strict=True))
)
FREE = Timings({"classical": 0.0}, 0.0, 0.0, 0.0, BackboneSeconds(0.0, 0.0, 0.0))
NETWORKS = ("none", "randaugment", "gan_half", "gan_half_filtered", "copies_half")
BACKBONE = ("none", "classical", "probe", "finetune", "gan_half_filtered", "copies_half")


def settings(arms=NETWORKS, steps=400):
    filtering = FilterSettings(3, 0.9, FitSettings(150, 1e-3), 16, "none")
    look = Look("lite0", "none", 0)
    return ExperimentSettings(arms, 4, 2, filtering, FitSettings(steps, 1e-3), 16, "none", look)


def cost_of(
    timings: Timings,
    arms=NETWORKS,
    bases=("classical",),
    repeats=3,
    engine=SERIAL,
    train=None,
    stacked=False,
    **changes,
):
    training = class_training(train or Train(width=4, latent=4), COUNTS, flips="none", height=8, width=8, device="cpu")
    backend = Backend(engine, "cpu", None, 30.0, stacked)
    comparing = replace(settings(arms), **changes)
    return experiment_cost(paired_seeds(SPLITS, range(repeats)), comparing, bases, training, timings, backend)


def test_networks_and_filters_are_counted_with_their_steps() -> None:
    seconds = {None: 0.1, "classical": 0.25, "randaugment": 0.5}
    found = cost_of(replace(FREE, steps=seconds, candidate=0.03))
    assert (found.classifiers, found.filters, found.candidates) == (15, 9, 3 * 2 * 4 * 2)
    steps = 3 * 400 * (0.1 + 0.5 + 3 * 0.25)  # made images are added to `classical` here
    assert found.minutes == {"scratch": pytest.approx((steps + 9 * 150 * 0.25 + 48 * 0.03) / 60)}


def test_arms_that_follow_the_base_are_counted_as_each_family_that_may_win() -> None:
    """`none` and the two arms with made images follow it, `classical` is a network whatever wins."""
    steps = cost_of(replace(FREE, steps={"classical": 1.0}), BACKBONE, ("classical", "probe", "finetune"))
    filters = 9 * 150
    assert steps.minutes == {
        "scratch": pytest.approx((3 * 400 * 4 + filters) / 60),
        "probe": pytest.approx((3 * 400 * 1 + filters) / 60),
        "finetune": pytest.approx((3 * 400 * 1 + filters) / 60),
    }
    tuned = cost_of(
        replace(FREE, backbone=BackboneSeconds(0.0, 0.0, 1.0)), BACKBONE, ("classical", "probe", "finetune")
    )
    each = STEPS + (len(VAL) + len(TEST)) / BATCH_SIZE / 3
    of = {family: round(minutes * 60 / (3 * each)) for family, minutes in tuned.minutes.items()}
    assert of == {"scratch": 1, "probe": 1, "finetune": 4}


def test_a_family_that_may_not_win_is_not_told() -> None:
    assert cost_of(FREE, BACKBONE, ("probe",)).minutes.keys() == {"probe"}
    assert cost_of(FREE, NETWORKS, ()).minutes.keys() == {"scratch"}


def test_every_real_image_is_looked_at_once_and_its_views() -> None:
    views = sum(count * views_of(count) for count in COUNTS.values())
    rows = len(TRAIN) + len(VAL) + len(TEST) + views
    assert rows_seen([SPLITS]) == rows_seen([SPLITS, SPLITS]) == rows
    swapped = Splits(SPLITS.val, SPLITS.train, SPLITS.test)  # a repeat that holds out other images
    assert rows_seen([SPLITS, swapped]) == rows + len(VAL) * views_of(2)
    found = cost_of(replace(FREE, backbone=BackboneSeconds(1.0, 0.0, 0.0)), ("none", "probe"), ("probe",))
    assert found.minutes["probe"] * 60 == pytest.approx(rows), "three repeats look no more often"


def test_made_images_are_looked_at_by_every_arm_and_repeat() -> None:
    """Only the minority class draws them: four are wanted of it."""
    looked = replace(FREE, backbone=BackboneSeconds(1.0, 0.0, 0.0))
    without, with_made = (
        cost_of(looked, arms, ("probe",)).minutes["probe"] * 60
        for arms in (("none", "probe"), ("none", "probe", "gan_half_filtered", "copies_half"))
    )
    assert with_made - without == pytest.approx(2 * 3 * 4)


def test_a_probe_of_real_images_is_fitted_once_for_repeats_that_share_them() -> None:
    rows = replace(FREE, backbone=BackboneSeconds(0.0, 1.0, 0.0))
    chosen = len(STRENGTHS) * len(TRAIN) * VIEWS_OF_FOLDS * (FOLDS - 1)
    views = sum(count * views_of(count) for count in COUNTS.values())
    assert cost_of(rows, ("none", "probe"), ("probe",)).minutes["probe"] * 60 == pytest.approx(
        chosen + views + len(TRAIN)
    )
    with_gan = cost_of(rows, ("none", "probe", "gan_half_filtered"), ("probe",)).minutes["probe"] * 60
    assert with_gan == pytest.approx(chosen + views + len(TRAIN) + 3 * (views + 4))


def test_the_search_for_what_can_be_borrowed_is_counted_in() -> None:
    searched = replace(FREE, search_pass=0.25)
    plain, lending = (cost_of(searched, transfer_share=share).minutes["scratch"] for share in (0.0, 0.75))
    assert lending - plain == pytest.approx(3 * inversion_passes(TRAIN.counts()) * 0.25 / 60)
    alone = cost_of(searched, transfer_share=0.75, train=Train(width=4, latent=4, transfer="none"))
    assert alone.minutes["scratch"] == plain, "none is a donor"


def test_processes_share_the_work() -> None:
    work = replace(FREE, steps={"classical": 0.1}, candidate=0.1)
    one, four = (cost_of(work, engine=Engine("local", jobs)).minutes["scratch"] for jobs in (1, 4))
    assert one == pytest.approx(4 * four)


def test_gans_are_counted_with_their_steps() -> None:
    work = replace(FREE, gan_step=0.5)
    train = Train(width=4, latent=4, shared_steps=40, steps=10, overrides={"a": {"steps": 20}})
    found = cost_of(work, repeats=4, train=train)  # the first repeat has the delivered ones
    assert (found.gans, found.gan_minutes) == (9, pytest.approx(0.5 * 3 * (40 + 20 + 10) / 60))
    two = cost_of(work, repeats=5, engine=Engine("local", 2), train=train)
    assert two.gan_minutes == pytest.approx(0.5 * 4 * (40 + 20 + 10) / 2 / 60)
    alone = cost_of(work, repeats=4, train=train.model_copy(update={"transfer": "none"}))
    assert (alone.gans, alone.gan_minutes) == (6, pytest.approx(0.5 * 3 * (20 + 10) / 60))
    stacked = cost_of(work, repeats=5, engine=Engine("local", 2), train=train, stacked=True)
    assert stacked.gan_minutes == pytest.approx(0.5 * (40 + 20) / 60), "each group takes as long as its longest"


def test_arms_that_augment_alike_are_timed_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[object] = []
    monkeypatch.setattr(counting, "time_parts", lambda *arguments: timed.extend(arguments[3]) or FREE)
    training = class_training(Train(width=4, latent=4), COUNTS, flips="none", height=8, width=8, device="cpu")
    protocol, backend = paired_seeds(SPLITS, range(2)), Backend(SERIAL, "cpu", None, 30.0)
    measure_cost(protocol, settings(NETWORKS), ["classical", "randaugment"], training, backend)
    assert timed == [None, "randaugment", "classical"]


def test_every_arm_is_timed_and_counted() -> None:
    """Equal classes leave four arms nothing to fill."""
    arms = tuple(arm for arm in ARMS if arm not in ("probe", "finetune", "normal_distance"))
    equal = Splits(*(toy_set({"a": 4, "b": 4}, seed=seed) for seed in range(3)))
    training = class_training(Train(width=4, latent=4), {"a": 4, "b": 4}, flips="none", height=8, width=8, device="cpu")
    protocol, backend = paired_seeds(equal, range(2)), Backend(SERIAL, "cpu", None, 30.0)
    without = [arm for arm in arms if not arm.startswith("distilled") and arm != UNMATCHED_ARM]
    found = measure_cost(protocol, settings(without, steps=1000), ["classical"], training, backend)
    assert (found.classifiers, found.filters) == (2 * (len(without) - 4), 6)
    assert 0 < found.minutes["scratch"] < 60


def test_the_line() -> None:
    ends = {"scratch": 150.0, "probe": 2.6, "finetune": 30.0}
    line = cost_line(ExperimentCost(35, 15, 6000, ends, 44, 9.9), Engine("local", 2))
    assert line == (
        "44 GANs, as far as .work does not hold them: about 10 min; 35 classifiers, with class filters that judge 6000 "
        "samples: about 3 min if a frozen backbone wins on val, about 2.5 h if a network from scratch does; "
        "on 2 processes, from a few timed steps of each"
    )
    alone = cost_line(ExperimentCost(35, 15, 6000, {"scratch": 0.4}, 0, 0.0), SERIAL)
    assert alone.startswith("35 classifiers")
    assert alone.endswith("samples: less than a minute; on 1 process, from a few timed steps of each")
    assert minutes_text({"scratch": 12.2, "probe": 11.8}) == "about 12 min", "ends that read the same are one"


def test_the_advice() -> None:
    assert advice_text([10, 21], 5, (5, 1.5), 0.02, True) == (
        "to show about 3 points: about 15 to 32 independent test images in a class, or `evaluate.protocol: repeated` "
        "(about 2.0 points), or a coarser question (fewer classes)"
    )
    assert "20 independent test images in a class with `evaluate.seeds: 10`" in advice_text(
        [10, 10], 5, (10, 2), None, False
    )
    assert advice_text([10, 10], 5, None, None, False) == "that needs more images than can be labelled"


def test_the_default_arms_are_all_counted() -> None:
    """`as_delivered` too, which looks at what the selection leaves."""
    found = cost_of(FREE, DEFAULT_ARMS, ("classical", "probe", "finetune"), repeats=2)
    assert found.classifiers == 2 * (len(DEFAULT_ARMS) - 1), "nothing to match at the size of the GANs"
    looked = replace(FREE, backbone=BackboneSeconds(1.0, 0.0, 0.0))
    delivered, alone = (
        cost_of(looked, arms, ("finetune",)).minutes["finetune"] * 60
        for arms in (("none", "finetune", "as_delivered"), ("none", "finetune"))
    )
    assert delivered - alone == pytest.approx(3 * 4)
