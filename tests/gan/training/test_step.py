"""The step against the papers' formulas computed by hand."""

import copy
from typing import get_args

import pytest
import torch

from augment.core.seeds import torch_rng
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Discriminator
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.losses import LossName, adversarial_loss
from augment.gan.training.players import Players, _power, new_players, settle_statistics, update_average
from augment.gan.training.step import adversarial_step, effective_gamma, gradients
from augment.params import Train

PLAN = Architecture("dcgan", 1, 8, 8, 4, 4)
PLAIN = DiffAugment(0.0, "none", False)


@pytest.fixture
def players() -> Players:
    return new_players(PLAN, seed=1, learning_rate=1e-3, device="cpu")


def batch(seed: int) -> torch.Tensor:
    return torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def formulas(name: LossName, real: torch.Tensor, fake: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both players' losses as the papers write them."""
    p, q = torch.sigmoid(real), torch.sigmoid(fake)
    both = {
        "relativistic": (-torch.log(torch.sigmoid(real - fake)), -torch.log(torch.sigmoid(fake - real))),
        "non_saturating": (-torch.log(p) - torch.log(1 - q), -torch.log(q)),
        "minimax": (-torch.log(p) - torch.log(1 - q), torch.log(p) + torch.log(1 - q)),
        "mse": ((1 - p) ** 2 + q**2, (1 - q) ** 2),
        "least_squares": ((real - 1) ** 2 / 2 + fake**2 / 2, (fake - 1) ** 2 / 2),
        "hinge": (torch.clamp(1 - real, min=0) + torch.clamp(1 + fake, min=0), -fake),
        "wasserstein_gp": (fake - real, -fake),
    }
    return both[name]


def penalty(reference: Discriminator, name: LossName, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """What gamma weighs, by double backward; the Wasserstein penalty lies between, by the players' rng."""
    if name == "wasserstein_gp":
        share = torch.rand((5, 1, 1, 1), generator=torch_rng(1, "noise"))
        between = (share * real + (1 - share) * fake).detach().requires_grad_()
        (slope,) = torch.autograd.grad(reference(between).sum(), between, create_graph=True)
        return (slope.pow(2).sum(dim=(1, 2, 3)).sqrt() - 1) ** 2
    total = torch.zeros(5)
    for images in (real, fake):
        own = images.detach().requires_grad_()
        (slope,) = torch.autograd.grad(reference(own).sum(), own, create_graph=True)
        total = total + slope.pow(2).sum(dim=(1, 2, 3)) / 2
    return total


@pytest.mark.parametrize("gamma", [0.0, 0.8])
@pytest.mark.parametrize("name", get_args(LossName))
def test_one_pass_gives_both_players_their_gradients(players: Players, name: LossName, gamma: float) -> None:
    """Against two passes, one for each player, both on D as it was before the step."""
    reference = copy.deepcopy(players)
    real, z = batch(0), torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
    adversarial_step(players, real, z, loss=adversarial_loss(name), augment=PLAIN, gamma=gamma)

    fake = reference.generator(z)
    d_loss, _ = formulas(name, reference.discriminator(real), reference.discriminator(fake.detach()))
    objective = d_loss.mean()
    if gamma > 0:
        objective = objective + gamma * penalty(reference.discriminator, name, real, fake).mean()
    d_gradients = torch.autograd.grad(objective, list(reference.discriminator.parameters()))
    _, g_loss = formulas(name, reference.discriminator(real).detach(), reference.discriminator(fake))
    g_gradients = torch.autograd.grad(g_loss.mean(), list(reference.generator.parameters()))
    for network, expected in ((players.discriminator, d_gradients), (players.generator, g_gradients)):
        for (part, mine), theirs in zip(network.named_parameters(), expected, strict=True):
            assert torch.allclose(mine.grad, theirs, rtol=1e-4, atol=1e-6), part


@pytest.mark.parametrize(("gamma", "passes"), [(0.0, 1), (0.8, 2)])
def test_d_sees_a_batch_once_and_once_more_for_its_penalty(players: Players, gamma: float, passes: int) -> None:
    seen: list[int] = []
    players.discriminator.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    drawn: list[int] = []
    players.generator.register_forward_pre_hook(lambda module, given: drawn.append(len(given[0])))
    loss = adversarial_loss("relativistic")
    adversarial_step(players, batch(0), torch.randn(5, 4), loss=loss, augment=PLAIN, gamma=gamma)
    assert seen == [10] * passes, "real and generated images together"
    assert drawn == [5]


def test_d_convolves_with_channels_last(players: Players) -> None:
    laid_out = []
    for module in players.discriminator.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_pre_hook(
                lambda own, given: laid_out.append(given[0].is_contiguous(memory_format=torch.channels_last))
            )
    players.discriminator(batch(0))
    assert laid_out
    assert all(laid_out)


def test_the_step_reports_the_losses_and_scores_before_it(players: Players) -> None:
    reference = copy.deepcopy(players)
    real, z = batch(0), torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
    seen = adversarial_step(players, real, z, loss=adversarial_loss("hinge"), augment=PLAIN, gamma=0.0)
    on_real, on_fake = reference.discriminator(real), reference.discriminator(reference.generator(z))
    d_loss, g_loss = formulas("hinge", on_real, on_fake)
    for mine, theirs in zip(seen, (d_loss, g_loss, on_real, on_fake), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)
        assert not mine.requires_grad


@pytest.mark.parametrize("name", ["relativistic", "mse", "minimax"])
def test_input_grads_survive_a_discriminator_that_has_won(players: Players, name: LossName) -> None:
    """D's own gradient is all but gone at such scores, G's is not: it must not become 0 or NaN."""
    with torch.no_grad():
        for weight in players.discriminator.to_logit.parameters():
            weight.mul_(400.0)
    images = torch.cat([batch(0), batch(1)])
    reference, exact = copy.deepcopy(players.discriminator).double(), images.double().requires_grad_()
    _, g_loss = formulas(name, *reference(exact).split(5))
    (expected,) = torch.autograd.grad(g_loss.mean(), exact)
    seen, g_input_grads = gradients(players, images, adversarial_loss(name), gamma=0.0)
    assert (seen.real_scores - seen.fake_scores).abs().max() > 20
    assert torch.allclose(g_input_grads.double()[5:], expected[5:], rtol=1e-3, atol=1e-6 * float(expected.abs().max()))
    assert all(torch.isfinite(weight.grad).all() for weight in players.discriminator.parameters())


def test_the_generator_learns_to_please_a_standing_discriminator(players: Players) -> None:
    for group in players.discriminator_optimizer.param_groups:
        group["lr"] = 0.0
    z, real = torch.randn(5, 4, generator=torch.Generator().manual_seed(2)), batch(0)
    loss = adversarial_loss("non_saturating")
    losses = [
        adversarial_step(players, real, z, loss=loss, augment=PLAIN, gamma=0.0).g_loss.mean().item() for _ in range(30)
    ]
    assert losses[-1] < losses[0]


def test_the_wasserstein_penalty_brings_the_slope_to_one(players: Players) -> None:
    """D learns the distance of two points: its slope between them becomes 1."""
    black, white = -torch.ones(5, 1, 8, 8), torch.ones(5, 1, 8, 8)
    loss = adversarial_loss("wasserstein_gp")
    for group in players.discriminator_optimizer.param_groups:
        group["lr"] = 5e-3
    for _ in range(300):
        players.discriminator_optimizer.zero_grad()
        seen, _ = gradients(players, torch.cat([white, black]), loss, gamma=10.0)
        players.discriminator_optimizer.step()
    distance = (white[0] - black[0]).norm().item()
    logit_margin = (seen.real_scores - seen.fake_scores).mean().item()
    assert logit_margin / distance == pytest.approx(1 + distance / 20, rel=0.15)


@pytest.mark.parametrize("std", [0.05, 0.1, 0.2])
def test_average_has_the_declared_width(players: Players, std: float) -> None:
    """Follow one weight that is 1 at a single step: the average's response is the profile over steps."""
    steps = 400
    power = _power(std)
    profile = torch.zeros(steps, dtype=torch.float64)
    for step in range(1, steps + 1):
        beta = (1 - 1 / step) ** (power + 1)
        profile *= beta
        profile[step - 1] += 1 - beta
    time = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    mean = (profile * time).sum()
    assert ((profile * (time - mean) ** 2).sum().sqrt()).item() == pytest.approx(std, rel=0.02)


def test_average_of_a_standing_generator_is_that_generator(players: Players) -> None:
    for _ in range(3):
        players.step += 1
        update_average(players, 0.1)
    for mine, theirs in zip(players.average.parameters(), players.generator.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_average_lies_between_old_and_new_weights(players: Players) -> None:
    players.step = 10
    with torch.no_grad():
        torch._foreach_add_(list(players.generator.parameters()), 1.0)
    before = [weight.clone() for weight in players.average.parameters()]
    update_average(players, 0.1)
    share = 1 - (1 - 1 / 10) ** (_power(0.1) + 1)
    for old, new in zip(before, players.average.parameters(), strict=True):
        assert torch.allclose(new, old + share, atol=1e-5)


def test_settled_statistics_are_those_of_the_activations(players: Players) -> None:
    settle_statistics(players.average, seed=5, batches=40)
    z = torch.randn(4000, 4, generator=torch.Generator().manual_seed(0))
    activations = players.average.project(z).view(4000, 4, 4, -1).permute(0, 3, 1, 2)
    assert torch.allclose(players.average.normalise.running_mean, activations.mean(dim=(0, 2, 3)), atol=0.02)
    assert not players.average.training


def test_gamma_grows_with_the_number_of_pixels() -> None:
    relativistic, wasserstein = adversarial_loss("relativistic"), adversarial_loss("wasserstein_gp")
    large = Architecture("dcgan", 1, 64, 64, 4, 4)
    assert effective_gamma(0.5, Architecture("dcgan", 1, 32, 32, 4, 4), relativistic) == pytest.approx(0.5)
    assert effective_gamma(0.5, large, relativistic) == pytest.approx(2.0)
    assert effective_gamma(Train().gamma, large, wasserstein) == pytest.approx(10.0), "Gulrajani et al. 2017"
