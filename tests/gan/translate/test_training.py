"""A translator learns known defects, keeps its guards, and hangs on its seed alone."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from augment.core.errors import TrainingError
from augment.gan.training.augmentation import DiffAugment
from augment.gan.translate import guards, training
from augment.gan.translate.guards import diversity, fault, unlearnt, usual_difference
from augment.gan.translate.lessons import batch_of
from augment.gan.translate.network import TranslatorNetwork
from augment.gan.translate.training import class_translator, regression_loss, shared_start
from tests.gan.translate.lessons import SETTINGS, SIDE, lessons

BAR, SQUARE = lessons("bar"), lessons("square")
STILL = DiffAugment(0.0, "none", color=False)


@pytest.fixture(scope="module")
def start() -> TranslatorNetwork:
    return shared_start([BAR, SQUARE], replace(SETTINGS, steps=150), seed=0)


def test_samples_to_learn_from_are_what_is_carried() -> None:
    batch = batch_of(BAR, BAR.codes(0), torch.arange(3))
    assert torch.equal(batch.z, BAR.codes(0)[BAR.which[:3]])
    assert torch.allclose(batch.good, torch.from_numpy(BAR.good[BAR.lender[:3]]).float() / 127.5 - 1)
    assert batch.change.min() == pytest.approx(2 * float(BAR.changes[BAR.which[:3]].min()), abs=1e-5)


def test_all_classes_are_learnt_in_one_network(start: TranslatorNetwork) -> None:
    assert start.codes.shape[0] == 8
    for one, codes in ((BAR, start.codes[:4]), (SQUARE, start.codes[4:])):
        assert torch.equal(codes, one.codes(0))
        batch = batch_of(one, codes, torch.arange(20))
        with torch.no_grad():
            change, mask = start(batch.good, batch.z, batch.place)
        off = (mask * change - batch.change).abs().mean()
        assert off < 0.5 * batch.change.abs().mean()
        assert mask[batch.mask > 0.99].mean() > 0.6
        assert mask[batch.mask < 0.01].mean() < 0.2


def test_a_class_learns_its_own_and_plays(start: TranslatorNetwork) -> None:
    result = class_translator(BAR, start, SETTINGS, seed=0)
    assert result.ended == ""
    assert result.diversity >= guards.MIN_DIVERSITY
    assert unlearnt(result.network, BAR) < 0.6
    assert (result.network.shape.defects, result.network.shape.places) == (4, 40)
    assert torch.equal(result.network.places, torch.from_numpy(BAR.place))
    again = class_translator(BAR, start, SETTINGS, seed=0).network.state_dict()
    assert all(torch.equal(value, again[name]) for name, value in result.network.state_dict().items())


def test_a_step_of_the_play_has_the_gradients_of_the_losses() -> None:
    """By autograd, through D as it stood before the step, where no penalty is due."""
    network = shared_start([BAR], replace(SETTINGS, steps=20), seed=1)
    ours, reference = (training._players(BAR, network, SETTINGS, 3) for _ in range(2))
    ours.step = reference.step = 1
    real = torch.rand(4, 1, SIDE, SIDE) * 2 - 1
    usual, before = usual_difference(BAR), [value.clone() for value in ours.generator.parameters()]
    training.play_step(ours, BAR, real, SETTINGS, STILL, usual)
    generator, rng, half = reference.generator, reference.rng, SETTINGS.batch_size // 2
    batch = training._drawn(BAR, generator.codes, half, rng)
    first, second = (
        training.translated(generator, batch.good, training.random_codes(generator.codes, half, rng), batch.place)
        for _ in range(2)
    )
    shown = training.draw_images(real, torch.full((4,), 0.25, dtype=torch.float64), 2 * half, rng)
    fake = torch.cat([first, second])
    scores, of_fake = reference.discriminator(shown), reference.discriminator(fake)
    alike = (training.MIN_DIFFERING - (first - second).abs().mean() / usual).clamp(min=0)
    loss = F.softplus(-(of_fake - scores)).mean() + regression_loss(generator, batch) + alike
    expected = torch.autograd.grad(loss, list(generator.parameters()), allow_unused=True)
    for was, value, grad in zip(before, ours.generator.parameters(), expected, strict=True):
        assert value.grad is not None
        assert not torch.equal(was, value) or not value.grad.any()
        assert torch.allclose(value.grad, grad, atol=1e-5)


def test_what_draws_nothing_or_always_the_same_is_a_fault(start: TranslatorNetwork) -> None:
    players = training._players(BAR, start, SETTINGS, 0)
    assert fault(players, BAR, 0.0) == ""
    assert "D won" in fault(players, BAR, 1e3)
    with torch.no_grad():
        players.average.project.weight.zero_()  # z says nothing
    assert diversity(players.average, BAR) == pytest.approx(0, abs=1e-6)
    assert "collapsed" in fault(players, BAR, 0.0) or "misses" in fault(players, BAR, 0.0)
    with torch.no_grad():
        players.average.to_mask.bias.fill_(-30)
    assert "misses its defects (by 1.00" in fault(players, BAR, 0.0)
    with torch.no_grad():
        players.average.to_mask.bias.fill_(torch.nan)
    assert "not finite" in fault(players, BAR, 0.0)


def test_a_class_that_is_not_learnt_has_a_reason() -> None:
    blank = TranslatorNetwork(training.shape_of([BAR]))
    with pytest.raises(TrainingError, match="bar: the translator learnt nothing: it misses"):
        class_translator(BAR, blank, replace(SETTINGS, steps=4), seed=0)


def test_what_a_guard_finds_in_the_play_brings_back_the_last_good_one(
    start: TranslatorNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter(["", "", "collapsed"])
    seen: list[dict[str, torch.Tensor]] = []

    def checked(players: training.TranslatorPlayers, *_: object) -> str:
        seen.append({name: value.clone() for name, value in players.average.state_dict().items()})
        return next(found)

    monkeypatch.setattr(training, "fault", checked)
    result = class_translator(BAR, start, SETTINGS, seed=0)
    assert result.ended == "step 12: collapsed"
    assert all(torch.equal(value, seen[1][name]) for name, value in result.network.state_dict().items())


def test_the_bound_of_masks_is_that_of_the_largest_defect_as_it_is_carried() -> None:
    assert BAR.max_area == pytest.approx(1.44 * 30 / SIDE**2)
